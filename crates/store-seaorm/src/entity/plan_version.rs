//! Every edition of every plan that was ever published.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::Platform;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan_version")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    pub document: String,
    pub created_at: Micros,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}
