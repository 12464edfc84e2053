//! People. One row is one human across all tenants.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::PersonOwned;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "app_user")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub password_hash: Option<String>,
    pub email_verified_at: Option<Micros>,
    pub status: String,
    pub disabled_at: Option<Micros>,
    pub platform_role: Option<String>,
    pub failed_logins: i64,
    pub locked_until: Option<Micros>,
    pub last_login_at: Option<Micros>,
    pub locale: String,
    pub created_at: Micros,
    pub version: i64,
    pub timezone: Option<String>,
    pub erase_at: Option<Micros>,
    pub merged_into: Option<Uuid>,
    pub search_text: String,
}

impl ActiveModelBehavior for ActiveModel {}

impl PersonOwned for Entity {
    const PERSON: Column = Column::Id;
    const KEY: Column = Column::Id;
}
