//! What was counted per quarter of an hour, user and key.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_rollup")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub meter: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub live: bool,
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: Micros,
    #[sea_orm(primary_key, auto_increment = false)]
    pub used_by: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id: String,
    pub amount: i64,
    pub operations: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Meter;
}
