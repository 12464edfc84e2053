//! API keys of tenants.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub live: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub permissions: Json,
    pub rate_limit: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub allowed_ips: Json,
    pub fingerprint: Vec<u8>,
    pub hint: String,
    pub created_by: Option<Uuid>,
    pub created_at: Micros,
    pub expires_at: Option<Micros>,
    pub revoked_at: Option<Micros>,
    pub rotated_at: Option<Micros>,
    pub last_used_at: Option<Micros>,
    pub version: i64,
    pub kind: String,
    pub service_account_id: Option<Uuid>,
    pub previous_fingerprint: Option<Vec<u8>>,
    pub previous_hint: Option<String>,
    pub previous_until: Option<Micros>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}
