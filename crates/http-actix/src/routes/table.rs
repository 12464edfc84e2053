//! Finding the row that a method and a path lead to.

use std::sync::Arc;

use actix_web::http::Method;

use super::Row;
use crate::trie::{Leaf, Trie};

/// All rows, findable by method and path.
#[derive(Debug, Default)]
pub struct RouteTable {
    rows: Vec<Arc<Row>>,
    trie: Trie,
}

/// What a method and path lead to.
pub(crate) enum Found<'t, 'p> {
    Row { row: &'t Arc<Row>, values: Vec<&'p str> },
    OtherMethods(Vec<&'t Method>),
    Nothing,
}

impl RouteTable {
    /// A table of these rows. The first of two rows with one method and path wins; a test forbids such pairs.
    #[must_use]
    pub fn new(rows: Vec<Row>) -> Self {
        let mut table = Self::default();
        for row in rows {
            if table.trie.add(&row.method, row.path, table.rows.len()) {
                table.rows.push(Arc::new(row));
            }
        }
        table
    }

    /// The rows, in the order they were written down.
    #[must_use]
    pub fn rows(&self) -> &[Arc<Row>] {
        &self.rows
    }

    pub(crate) fn find<'t, 'p>(&'t self, method: &Method, path: &'p str) -> Found<'t, 'p> {
        let Some(Leaf { rows, values }) = self.trie.find(path) else {
            return Found::Nothing;
        };
        // HEAD is GET without the body.
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        let row = rows
            .iter()
            .find(|(known, _)| known == wanted)
            .and_then(|(_, position)| self.rows.get(*position));
        match row {
            Some(row) => Found::Row { row, values },
            None => Found::OtherMethods(rows.iter().map(|(known, _)| known).collect()),
        }
    }
}
