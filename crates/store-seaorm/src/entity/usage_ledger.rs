//! Every line of every operation that was counted. Requests read it; the engine adds to it.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_ledger")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub operation: String,
    pub line: i64,
    pub kind: String,
    pub digest: Vec<u8>,
    pub meter: String,
    pub live: bool,
    pub period: String,
    pub period_start: Micros,
    pub amount: i64,
    pub value: i64,
    pub member: Option<String>,
    pub used_after: i64,
    pub limit_value: Option<i64>,
    pub resets_at: Option<Micros>,
    pub description: Option<String>,
    pub subject: Option<String>,
    pub used_by: Option<String>,
    pub pool_id: Option<Uuid>,
    pub actor_kind: String,
    pub actor_id: String,
    pub event_at: Micros,
    pub recorded_at: Micros,
    pub mark: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}
