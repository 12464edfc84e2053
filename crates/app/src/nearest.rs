//! "Did you mean": the nearest known name to one that is unknown.

/// Names less alike than this are no help to anyone.
const ALIKE: f64 = 0.6;

/// The known name that looks most like `text`, when one does.
#[must_use]
pub fn nearest<'k>(text: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let text = text.to_lowercase();
    known
        .into_iter()
        .map(|name| (likeness(&text, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// `; did you mean "x"?`, or nothing when no known name is alike.
#[must_use]
pub fn hint<'k>(text: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(text, known).map_or_else(String::new, |name| format!("; did you mean \"{name}\"?"))
}

/// From 0 to 1. A name that is a part of the other counts as alike: `price` for `prices.monthly`.
fn likeness(text: &str, name: &str) -> f64 {
    let by_edits = strsim::normalized_damerau_levenshtein(text, name);
    let contained = text.len() >= 3 && (name.contains(text) || text.contains(name) && name.len() >= 3);
    if contained { by_edits.max(ALIKE) } else { by_edits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        let known = ["listen", "public_url", "database_url", "migrate_database_url"];

        assert_eq!(nearest("lsiten", known), Some("listen"));
        assert_eq!(nearest("databse_url", known), Some("database_url"));
        assert_eq!(nearest("Listen", known), Some("listen"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(hint("publicurl", known), "; did you mean \"public_url\"?");
        assert_eq!(hint("zzz", known), "");
    }
}
