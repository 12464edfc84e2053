//! Lists that are part of the program: text whose lines are in the order of their bytes, looked up by halves. They cost no
//! memory beyond their text.

use std::cmp::Ordering;

/// True when a line of `lines` is `wanted`.
#[must_use]
pub fn contains(mut lines: &str, wanted: &str) -> bool {
    while !lines.is_empty() {
        let middle = lines.floor_char_boundary(lines.len() / 2);
        let (before, after) = lines.split_at(middle);
        // The line around the middle.
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = after.find('\n').map_or(lines.len(), |at| middle + at);
        let line = lines.get(start..end).unwrap_or_default();
        match wanted.cmp(line) {
            Ordering::Equal => return !line.is_empty(),
            Ordering::Less => lines = lines.get(..start).unwrap_or_default(),
            Ordering::Greater => lines = lines.get(end + 1..).unwrap_or_default(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn looking_by_halves_finds_what_looking_through_finds(
            words in proptest::collection::btree_set("[a-dü]{1,3}", 0..40),
            wanted in "[a-dü\n]{0,3}",
        ) {
            let lines: String = words.iter().flat_map(|word| [word.as_str(), "\n"]).collect();

            prop_assert_eq!(contains(&lines, &wanted), words.contains(&wanted));
        }
    }
}
