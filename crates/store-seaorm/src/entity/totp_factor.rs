//! Authenticator apps of people.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::PersonOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "totp_factor")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub secret: Vec<u8>,
    pub confirmed_at: Option<Micros>,
    pub last_step: i64,
    pub failures: i64,
    pub locked_until: Option<Micros>,
    pub created_at: Micros,
}

impl ActiveModelBehavior for ActiveModel {}

impl PersonOwned for Entity {
    const PERSON: Column = Column::UserId;
    const KEY: Column = Column::Id;
}
