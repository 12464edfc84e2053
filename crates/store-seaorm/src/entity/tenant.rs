//! Tenants. The tenant of a tenant is itself.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub status: String,
    pub suspended_at: Option<Micros>,
    pub suspended_reason: Option<String>,
    pub billing_email: String,
    pub phone: Option<String>,
    pub timezone: String,
    pub locale: String,
    pub company_size: Option<String>,
    pub use_case: Option<String>,
    pub region: Option<String>,
    pub search_text: String,
    pub created_at: Micros,
    pub updated_at: Micros,
    pub version: i64,
    pub suspended_for: Option<String>,
    /// The security policy; the default when empty.
    pub security: Option<Json>,
    pub security_version: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::Id;
    const KEY: Column = Column::Id;
}
