//! Passwords that stand in published breaches: some eighteen thousand, kept in the program, so that no service need be
//! asked. They are those of zxcvbn and zxcvbn-ts with eight characters and more, folded to lower case and sorted; their
//! licence is in `leaked.LICENSE.txt`.

use tenantry_kernel::sorted_lines;

use super::common::COMMON;

/// One a line, in the order of their bytes.
const LEAKED: &str = include_str!("leaked.txt");

/// True when the password, in whatever case, is one of them or among the most common.
pub(super) fn is_leaked(password: &str) -> bool {
    let folded = password.to_lowercase();
    COMMON.contains(&folded.as_str()) || sorted_lines::contains(LEAKED, &folded)
}

#[cfg(test)]
mod tests {
    use super::super::policy::MIN_CHARS;
    use super::*;

    #[test]
    fn every_entry_is_found_in_any_case_and_nothing_else_is() {
        for entry in LEAKED.lines() {
            assert!(is_leaked(entry) && is_leaked(&entry.to_uppercase()), "{entry}");
            assert!(!sorted_lines::contains(LEAKED, &format!("{entry}~~")), "{entry}");
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
}
