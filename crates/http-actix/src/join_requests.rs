//! Requests to join a tenant, as the tenant sees them.

mod approve;
mod decline;
mod list;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![list::row(), approve::row(), decline::row()]
}
