//! How a tenant shows itself.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "branding")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    pub display_name: Option<String>,
    pub logo_url: Option<String>,
    pub primary_color: Option<String>,
    pub support_email: Option<String>,
    pub support_url: Option<String>,
    pub footer: Option<String>,
    pub updated_at: Micros,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::TenantId;
}
