//! The audit log.

mod list;

pub(crate) use list::EntryView;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![list::row()]
}

#[cfg(test)]
mod tests;
