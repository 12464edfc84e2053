//! Mail domains at which anybody can have an address: an address there says nothing about where its owner belongs.
//!
//! Two lists of public origin (`mail_providers/LICENSES.txt`) are part of the program, as text in the order of its bytes
//! (see [`crate::sorted_lines`]).

use crate::sorted_lines;

/// Providers that give mailboxes to anybody: web mail, carriers and access providers, relays that hide an address.
const FREE: &str = include_str!("mail_providers/free.txt");
/// Providers whose mailboxes are thrown away.
const DISPOSABLE: &str = include_str!("mail_providers/disposable.txt");

/// True for a domain where anybody can get a mailbox and keep it. Exactly the listed names, in lower case: beneath a
/// provider's name may be somebody else's.
#[must_use]
pub fn is_free(domain: &str) -> bool {
    sorted_lines::contains(FREE, domain)
}

/// True for a domain of mailboxes that are thrown away after use, in lower case. What lies beneath such a domain counts
/// too: these providers hand out names beneath theirs.
#[must_use]
pub fn is_disposable(domain: &str) -> bool {
    let mut name = domain;
    loop {
        if sorted_lines::contains(DISPOSABLE, name) {
            return true;
        }
        match name.split_once('.') {
            Some((_, above)) => name = above,
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_lists_are_as_the_look_up_needs_them() {
        for (list, least) in [(FREE, 5_000), (DISPOSABLE, 10_000)] {
            let lines: Vec<_> = list.lines().collect();
            assert!(lines.len() > least && list.ends_with('\n'));
            for pair in lines.windows(2) {
                assert!(pair[0].as_bytes() < pair[1].as_bytes(), "{pair:?}");
            }
            for line in lines {
                let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
                assert!(line.contains('.') && line.bytes().all(fine), "{line:?}");
            }
        }
    }

    #[test]
    fn every_listed_name_is_found() {
        assert!(FREE.lines().all(|name| is_free(name) && !is_disposable(name)));
        assert!(DISPOSABLE.lines().all(|name| is_disposable(name) && !is_free(name)));
    }

    #[test]
    fn what_people_use_is_known_also_in_japan() {
        for free in [
            "gmail.com",
            "outlook.com",
            "outlook.jp",
            "icloud.com",
            "yahoo.co.jp",
            "docomo.ne.jp",
            "ezweb.ne.jp",
            "au.com",
            "softbank.ne.jp",
            "i.softbank.jp",
            "nifty.com",
            "privaterelay.appleid.com",
            "proton.me",
        ] {
            assert!(is_free(free), "{free}");
        }
        for somebodys in [
            "",
            ".",
            "com",
            "co.jp",
            "ne.jp",
            "example.com",
            "acme.co.jp",
            "mail.com.acme.jp",
            "gmail.co",
            "xgmail.com",
            "gmail.com\ngmx.de",
            "\n",
            "zzzzz.zz",
            "-",
        ] {
            assert!(!is_free(somebodys) && !is_disposable(somebodys), "{somebodys:?}");
        }
        assert!(!is_free("acme.gmail.com"));
    }

    #[test]
    fn names_beneath_a_disposable_domain_are_disposable() {
        assert!(is_disposable("mailinator.com") && is_disposable("a.b.mailinator.com"));
        assert!(!is_disposable("not-mailinator.com") && !is_disposable("mailinator.com.example"));
    }

    proptest! {
        #[test]
        fn any_text_is_looked_up_as_a_search_line_by_line_would(text in "\\PC{0,24}") {
            prop_assert_eq!(is_free(&text), FREE.lines().any(|line| line == text));
        }
    }
}
