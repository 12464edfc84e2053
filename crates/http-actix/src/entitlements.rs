//! What a tenant's plan grants: features, values, limits. For guards of applications: answered from memory.

mod list;
mod show;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![list::row(), show::row()]
}
