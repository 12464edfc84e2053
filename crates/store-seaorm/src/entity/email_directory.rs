//! Which person an address leads to; the address itself is only a fingerprint here.

use sea_orm::entity::prelude::*;

use crate::scope::{PersonOwned, Platform};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "email_directory")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub fingerprint: Vec<u8>,
    pub user_id: Uuid,
    pub verified: bool,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}

/// Anyone looks up, only the person themself writes.
impl PersonOwned for Entity {
    const PERSON: Column = Column::UserId;
    const KEY: Column = Column::UserId;
}
