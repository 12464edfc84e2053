//! Names that tenants go by.

mod availability;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![availability::row()]
}

#[cfg(test)]
mod tests;
