//! Founding tenants.

mod body;
mod create;
mod view;

pub(crate) use body::{Body, Names};
pub(crate) use view::View;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![create::row()]
}
