//! Attempts to charge.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_attempt")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub invoice_id: Uuid,
    pub method_id: Uuid,
    pub new_brand: Option<String>,
    pub new_last4: Option<String>,
    pub token: String,
    pub currency: String,
    pub amount_minor: i64,
    pub status: String,
    pub charge_id: Option<String>,
    pub failure_code: Option<String>,
    pub settled_at: Option<Micros>,
    pub created_at: Micros,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}
