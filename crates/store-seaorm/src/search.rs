//! Looking for a text whatever its case, alike on both databases.
//!
//! SQLite folds ASCII only, so rows keep a folded copy of what is searched, made here.

use sea_orm::sea_query::LikeExpr;

const ESCAPE: char = '\\';

/// The folded copy of some fields.
pub(crate) fn folded(fields: &[&str]) -> String {
    // A line break cannot be part of a field, so no match spans two of them.
    fields.join("\n").to_lowercase()
}

/// The pattern that matches rows whose folded copy contains `text`; `%` and `_` mean themselves.
pub(crate) fn containing(text: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape(ESCAPE)
}
