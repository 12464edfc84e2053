//! The mark under which the engine counts now: one row.

use sea_orm::entity::prelude::*;

use crate::scope::Platform;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_mark")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub n: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}
