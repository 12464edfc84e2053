//! Passkeys of people.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::PersonOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkey")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub credential: Vec<u8>,
    pub public_key: Vec<u8>,
    pub sign_count: i64,
    pub backup_eligible: bool,
    pub backed_up: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub transports: Json,
    pub created_at: Micros,
    pub last_used_at: Option<Micros>,
}

impl ActiveModelBehavior for ActiveModel {}

impl PersonOwned for Entity {
    const PERSON: Column = Column::UserId;
    const KEY: Column = Column::Id;
}
