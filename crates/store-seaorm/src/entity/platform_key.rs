//! Credentials of the installation's own programs.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::Platform;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "platform_key")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub permissions: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub allowed_ips: Json,
    pub fingerprint: Vec<u8>,
    pub hint: String,
    pub created_by: Option<Uuid>,
    pub created_at: Micros,
    pub expires_at: Option<Micros>,
    pub revoked_at: Option<Micros>,
    pub last_used_at: Option<Micros>,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}
