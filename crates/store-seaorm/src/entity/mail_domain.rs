//! Domains of addresses that tenants claim, proved or not.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_domain")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub domain: String,
    pub verification_token: String,
    pub verified_at: Option<Micros>,
    pub created_at: Micros,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}
