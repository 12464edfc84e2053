//! What a tenant subscribed to.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub plan_code: String,
    pub plan_version: String,
    pub cycle: String,
    pub quantity: i64,
    pub currency: String,
    pub status: String,
    pub past_due_since: Option<Micros>,
    pub cancelled_at: Option<Micros>,
    pub period_start: Micros,
    pub period_end: Micros,
    pub anchor_at: Micros,
    pub prepaid_from: Option<Micros>,
    pub prepaid_minor: Option<i64>,
    pub scheduled: Option<String>,
    pub scheduled_plan_code: Option<String>,
    pub scheduled_plan_version: Option<String>,
    pub scheduled_cycle: Option<String>,
    pub scheduled_quantity: Option<i64>,
    pub created_at: Micros,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}
