//! What the audit trail says of people, apart from it. Rows of the platform carry the nil tenant.

use sea_orm::entity::prelude::*;

use crate::scope::{PersonOwned, TenantOwned};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_personal")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub audit_id: Uuid,
    pub user_id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub said: Json,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantOwned for Entity {
    const TENANT: Column = Column::TenantId;
    const KEY: Column = Column::Id;
}

/// The person reads and removes what is said of them anywhere.
impl PersonOwned for Entity {
    const PERSON: Column = Column::UserId;
    const KEY: Column = Column::Id;
}
