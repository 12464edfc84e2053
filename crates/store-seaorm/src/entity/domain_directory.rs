//! Which tenant a verified host leads to.

use sea_orm::entity::prelude::*;

use crate::scope::{Platform, TenantOwned};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "domain_directory")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub host: String,
    pub tenant_id: Uuid,
    pub domain_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}

/// Anyone looks up, only the tenant itself writes.
impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::DomainId;
}
