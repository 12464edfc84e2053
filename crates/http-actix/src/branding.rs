//! How a tenant shows itself.

mod replace;
mod show;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![show::row(), replace::row()]
}

#[cfg(test)]
mod tests;
