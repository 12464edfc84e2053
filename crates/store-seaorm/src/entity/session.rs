//! Sessions of people.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::PersonOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Option<Uuid>,
    pub membership_id: Option<Uuid>,
    pub created_at: Micros,
    pub expires_at: Micros,
    pub last_used_at: Micros,
    pub ended_at: Option<Micros>,
    pub stepped_up_at: Micros,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub methods: String,
    pub authenticated_at: Option<Micros>,
}

impl ActiveModelBehavior for ActiveModel {}

impl PersonOwned for Entity {
    const PERSON: Column = Column::UserId;
    const KEY: Column = Column::Id;
}
