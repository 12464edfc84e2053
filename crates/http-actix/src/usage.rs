//! Counting usage, and what was counted.

mod consume;
mod list;
mod logs;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![list::row(), consume::row(), logs::row()]
}

#[cfg(test)]
mod tests;
