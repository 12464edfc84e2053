//! Keys that sign access tokens, sealed.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::Platform;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub kid: String,
    pub sealed: Vec<u8>,
    pub created_at: Micros,
    pub signs_from: Micros,
    pub algorithm: String,
    pub revoked_at: Option<Micros>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}
