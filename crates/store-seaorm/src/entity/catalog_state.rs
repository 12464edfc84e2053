//! The one row that tells which catalog this installation runs.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::Platform;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "catalog_state")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub name: String,
    pub hash: String,
    pub applied_at: Micros,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}
