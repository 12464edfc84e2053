//! The offer of ownership that waits for an answer.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::TenantOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ownership_transfer")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub from_membership: Uuid,
    pub to_membership: Uuid,
    pub keep_role: String,
    pub created_at: Micros,
    pub expires_at: Micros,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}
