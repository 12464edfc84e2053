//! Budgets that are not whole.

use sea_orm::entity::prelude::*;

use crate::micros::Micros;
use crate::scope::Platform;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spent_budget")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: Vec<u8>,
    pub whole_at: Micros,
}

impl ActiveModelBehavior for ActiveModel {}

impl Platform for Entity {}
