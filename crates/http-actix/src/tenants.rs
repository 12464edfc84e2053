//! The tenant itself.

mod by_domain;
mod change;
mod replace;
mod show;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![by_domain::row(), show::row(), change::row(), replace::row()]
}

#[cfg(test)]
mod tests;
