//! Memberships, invitations included.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::{PersonOwned, TenantOwned};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub email: String,
    pub name: Option<String>,
    pub role: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub extra_permissions: Json,
    pub department: Option<String>,
    pub position: Option<String>,
    pub status: String,
    pub invitation_expires_at: Option<Micros>,
    pub deactivated_at: Option<Micros>,
    pub invited_by: Option<Uuid>,
    pub last_login_at: Option<Micros>,
    pub search_text: String,
    pub created_at: Micros,
    pub updated_at: Micros,
    pub version: i64,
    pub source: String,
    pub unlocked_at: Option<Micros>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}

/// The person reads their own, in every tenant; on PostgreSQL they can do no more than read.
impl PersonOwned for Entity {
    const PERSON: Column = Column::UserId;
    const KEY: Column = Column::Id;
}
