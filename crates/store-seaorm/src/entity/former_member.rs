//! Whom a tenant removed.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::{PersonOwned, TenantOwned};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "former_member")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub removed_at: Micros,
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
