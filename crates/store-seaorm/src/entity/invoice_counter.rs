//! The last number of each issuer's series of invoices.

use sea_orm::entity::prelude::*;

use crate::scope::Platform;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice_counter")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub last: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}
