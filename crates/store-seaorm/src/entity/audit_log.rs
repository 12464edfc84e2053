//! The audit trail. Rows of the platform carry the nil tenant.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::{PersonOwned, TenantOwned};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: Micros,
    pub action: String,
    pub actor_kind: String,
    pub actor_id: String,
    pub user_id: Option<Uuid>,
    pub resource_type: String,
    pub resource_id: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub changes: Json,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub personal: Option<Json>,
    pub on_behalf_of: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}

/// A person reads what they did themself, wherever that was; they write none of it.
impl PersonOwned for Entity {
    const PERSON: Column = Column::UserId;
    const KEY: Column = Column::Id;
}
