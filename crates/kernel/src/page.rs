//! Pages of a list: keyset cursors, stable under concurrent inserts.

use uuid::Uuid;

/// How many rows a page has unless told.
pub const DEFAULT_LIMIT: u16 = 50;
/// How many rows a page has at most.
pub const MAX_LIMIT: u16 = 200;

/// Where a page starts: after the row with this id, in the list's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub Uuid);

/// Which page is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    limit: u16,
    after: Option<Cursor>,
}

/// The limit is outside 1 to [`MAX_LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 200")]
pub struct InvalidLimit;

impl PageRequest {
    /// A page of `limit` rows after `after`.
    ///
    /// # Errors
    /// [`InvalidLimit`].
    pub const fn new(limit: u16, after: Option<Cursor>) -> Result<Self, InvalidLimit> {
        if limit == 0 || limit > MAX_LIMIT {
            Err(InvalidLimit)
        } else {
            Ok(Self { limit, after })
        }
    }

    /// The first page, as long as pages get.
    #[must_use]
    pub const fn first() -> Self {
        Self {
            limit: MAX_LIMIT,
            after: None,
        }
    }

    /// The page after this one, which ended with `cursor`.
    #[must_use]
    pub const fn following(self, cursor: Cursor) -> Self {
        Self {
            limit: self.limit,
            after: Some(cursor),
        }
    }

    /// Rows wanted.
    #[must_use]
    pub const fn limit(self) -> u16 {
        self.limit
    }

    /// Where to start; `None` for the first page.
    #[must_use]
    pub const fn after(self) -> Option<Cursor> {
        self.after
    }
}

/// One page, and where the next one starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// `None` on the last page.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page from up to `limit + 1` rows: the surplus row only tells that there is a next page.
    #[must_use]
    pub fn from_rows(mut rows: Vec<T>, request: PageRequest, id: impl Fn(&T) -> Uuid) -> Self {
        let limit = usize::from(request.limit());
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more {
            rows.last().map(|row| Cursor(id(row)))
        } else {
            None
        };
        Self { items: rows, next }
    }

    /// The same page of other things.
    #[must_use]
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surplus_row_becomes_the_cursor_of_the_row_before_it() {
        let request = PageRequest::new(2, None).unwrap();
        let rows: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();

        let page = Page::from_rows(rows.clone(), request, |id| *id);

        assert_eq!(page.items, rows[..2]);
        assert_eq!(page.next, Some(Cursor(rows[1])));
        assert_eq!(Page::from_rows(rows[..2].to_vec(), request, |id| *id).next, None);
    }

    #[test]
    fn limits_are_bounded() {
        assert_eq!(PageRequest::new(0, None), Err(InvalidLimit));
        assert_eq!(PageRequest::new(201, None), Err(InvalidLimit));
        assert!(PageRequest::new(200, None).is_ok());
    }
}
