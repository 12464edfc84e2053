//! Service accounts of tenants.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_account")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub permissions: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub secrets: Json,
    pub created_by: Option<Uuid>,
    pub created_at: Micros,
    pub deactivated_at: Option<Micros>,
    pub removed_at: Option<Micros>,
    #[sea_orm(column_type = "JsonBinary")]
    pub revoked_tokens: Json,
    pub tokens_void_until: Option<Micros>,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}
