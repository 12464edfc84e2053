//! What nodes must learn of, in the order it was written.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::Platform;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_event")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The writing transaction, filled in by PostgreSQL; 0 on SQLite, which has one writer at a time.
    pub txid: i64,
    pub tenant_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub audit_id: Option<Uuid>,
    pub action: String,
    pub resource_type: String,
    pub resource_id: String,
    pub created_at: Micros,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}
