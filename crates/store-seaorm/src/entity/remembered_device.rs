//! Devices that people chose to remember.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::PersonOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "remembered_device")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub fingerprint: Vec<u8>,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub created_at: Micros,
    pub last_used_at: Micros,
    pub expires_at: Micros,
    pub failures: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl PersonOwned for Entity {
    const PERSON: Column = Column::UserId;
    const KEY: Column = Column::Id;
}
