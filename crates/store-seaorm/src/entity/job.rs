//! Work to be done, of all tenants.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::Platform;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub tenant_id: Option<Uuid>,
    pub payload: Vec<u8>,
    pub attempts: i64,
    pub run_at: Micros,
    pub lease_token: i64,
    pub leased_until: Option<Micros>,
    pub last_error: Option<String>,
    pub buried_at: Option<Micros>,
    pub created_at: Micros,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}
