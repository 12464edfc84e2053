//! Passwords that stand in published breaches: some eighteen thousand, kept in the program, so that no service need be
//! asked. They are those of zxcvbn and zxcvbn-ts with eight characters and more, folded to lower case and sorted; their
//! licence is in `leaked.LICENSE.txt`.

use super::common::COMMON;

/// One a line, in the order of their bytes.
const LEAKED: &str = include_str!("leaked.txt");

/// True when the password, in whatever case, is one of them or among the most common.
pub(super) fn is_leaked(password: &str) -> bool {
    let folded = password.to_lowercase();
    COMMON.contains(&folded.as_str()) || stands_in(LEAKED, &folded)
}

/// Looks for a line in sorted lines, by halves: the list costs no memory beyond its text.
fn stands_in(mut lines: &str, wanted: &str) -> bool {
    while !lines.is_empty() {
        // A line break is one byte in UTF-8 and begins no other character, so any place next to one may be cut at.
        let middle = floor_char_boundary(lines, lines.len() / 2);
        let (before, after) = lines.split_at(middle);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = after.find('\n').map_or(lines.len(), |at| middle + at);
        let line = lines.get(start..end).unwrap_or_default();
        match wanted.cmp(line) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => lines = lines.get(..start).unwrap_or_default(),
            std::cmp::Ordering::Greater => lines = lines.get(end + 1..).unwrap_or_default(),
        }
    }
    false
}

fn floor_char_boundary(text: &str, index: usize) -> usize {
    (0..=index).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::policy::MIN_CHARS;
    use super::*;

    #[test]
    fn every_entry_is_found_in_any_case_and_nothing_else_is() {
        for entry in LEAKED.lines() {
            assert!(is_leaked(entry) && is_leaked(&entry.to_uppercase()), "{entry}");
            assert!(!stands_in(LEAKED, &format!("{entry}~~")), "{entry}");
        }
        for other in [
            "",
            "\n",
            "quiet marble lantern",
            "zzzzzzzzzzzzzzzzzzzz",
            "!",
            "ünïcödéé",
        ] {
            assert!(!is_leaked(other), "{other}");
        }
        assert!(is_leaked(COMMON[0]));
    }

    #[test]
    fn the_list_is_sorted_folded_and_holds_what_length_would_let_through() {
        let entries: Vec<&str> = LEAKED.lines().collect();

        assert!(entries.len() > 15_000, "{}", entries.len());
        assert!(entries.windows(2).all(|pair| pair[0] < pair[1]));
        for entry in entries {
            assert!(entry.len() >= MIN_CHARS && entry == entry.to_lowercase(), "{entry}");
        }
    }

    proptest! {
        #[test]
        fn looking_by_halves_finds_what_looking_through_finds(
            words in proptest::collection::btree_set("[a-dü]{0,3}", 0..40),
            wanted in "[a-dü]{0,3}",
        ) {
            let lines = words.iter().fold(String::new(), |lines, word| format!("{lines}{word}\n"));

            prop_assert_eq!(stands_in(&lines, &wanted), words.contains(&wanted));
        }
    }
}
