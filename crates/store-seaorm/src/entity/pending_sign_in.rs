//! Sign-ins that wait for a second factor, or for another password.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::PersonOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pending_sign_in")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub fingerprint: Vec<u8>,
    pub missing: String,
    pub methods: String,
    pub outgrown: Option<String>,
    pub tenant_id: Option<Uuid>,
    pub membership_id: Option<Uuid>,
    pub session_id: Option<Uuid>,
    pub expires_at: Micros,
    pub used_at: Option<Micros>,
    pub failures: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl PersonOwned for Entity {
    const PERSON: Column = Column::UserId;
    const KEY: Column = Column::Id;
}
