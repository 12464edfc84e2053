//! The audit log.

mod list;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![list::row()]
}

#[cfg(test)]
mod tests;
