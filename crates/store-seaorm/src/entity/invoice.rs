//! Invoices; their lines are rows of their own.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub subscription_id: Option<Uuid>,
    pub purpose: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub follows: Option<Json>,
    pub status: String,
    pub number: Option<i64>,
    pub issued_at: Option<Micros>,
    pub settled_at: Option<Micros>,
    pub currency: String,
    pub subtotal_minor: i64,
    pub credit_applied_minor: i64,
    pub amount_due_minor: i64,
    pub created_at: Micros,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}
