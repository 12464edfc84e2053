//! Slugs: a tenant's name in subdomains and paths.

use std::fmt;

use tenantry_kernel::uuid::Uuid;

/// A tenant's name in URLs: one DNS label of 3 to 63 characters `a–z`, `0–9` and `-`, in lower case.
///
/// Only ASCII is admitted, so that no two slugs look alike in different scripts; `xn--` and its kin are
/// refused for the same reason, and what reads as a UUID because `{tenant}` in a path may be an id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

/// Why a text is no slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSlug {
    /// Too short or too long.
    #[error("must be 3 to 63 characters")]
    Length,
    /// A character that a DNS label has not; also every letter of another script.
    #[error("may contain only the letters a to z, digits and hyphens")]
    Characters,
    /// A hyphen at an end, or in the third and fourth place (RFC 5891, section 4.2.3.1).
    #[error("must not start or end with a hyphen, nor have two hyphens in the third and fourth place")]
    Hyphens,
    /// Reads as a tenant's id.
    #[error("must not look like an id")]
    LooksLikeId,
}

impl Slug {
    /// Fewest characters.
    pub const MIN_LEN: usize = 3;
    /// Most characters: those of a DNS label.
    pub const MAX_LEN: usize = 63;

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A slug made from a name: `Café Müller & Co.` becomes `cafe-muller-co`. A name in another script
    /// becomes `tenant-` and a fingerprint of it, always the same one.
    #[must_use]
    pub fn derive(name: &str) -> Self {
        let mut derived = String::new();
        for c in name.chars().flat_map(char::to_lowercase) {
            if c.is_ascii_alphanumeric() {
                derived.push(c);
            } else if let Some(plain) = without_accent(c) {
                derived.push_str(plain);
            } else if !derived.is_empty() && !derived.ends_with('-') && !is_silent(c) {
                derived.push('-');
            }
        }
        let letters = name.chars().filter(|c| c.is_alphanumeric()).count();
        let kept = derived.chars().filter(|c| *c != '-').count();
        // A name that lost most of its letters would be a riddle: `株式会社A` is not `a`.
        let candidate = if kept * 2 >= letters { derived.as_str() } else { "" };
        let candidate: String = candidate.chars().take(Self::MAX_LEN - 8).collect();
        let candidate = candidate.trim_matches('-');
        Self::try_from(candidate)
            .or_else(|_| Self::try_from(format!("tenant-{candidate}").as_str()).map_err(|_| ()))
            .ok()
            .filter(|_| !candidate.is_empty())
            .unwrap_or_else(|| Self(format!("tenant-{}", fingerprint(name))))
    }

    /// Other slugs that may still be free, the likeliest first; each is valid.
    pub fn suggestions(&self) -> impl Iterator<Item = Self> {
        let stem: String = self.0.chars().take(Self::MAX_LEN - 8).collect();
        let stem = stem.trim_end_matches('-').to_owned();
        ["-hq", "-team", "-app"]
            .into_iter()
            .map(str::to_owned)
            .chain((2..=99).map(|number| format!("-{number}")))
            .filter_map(move |ending| Self::try_from(format!("{stem}{ending}").as_str()).ok())
    }
}

impl TryFrom<&str> for Slug {
    type Error = InvalidSlug;

    /// Accepts capitals and surrounding space; they are folded away.
    fn try_from(text: &str) -> Result<Self, InvalidSlug> {
        let slug = text.trim().to_ascii_lowercase();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !slug.bytes().all(allowed) {
            return Err(InvalidSlug::Characters);
        }
        if !(Self::MIN_LEN..=Self::MAX_LEN).contains(&slug.len()) {
            return Err(InvalidSlug::Length);
        }
        if slug.starts_with('-') || slug.ends_with('-') || slug.get(2..4) == Some("--") {
            return Err(InvalidSlug::Hyphens);
        }
        if Uuid::parse_str(&slug).is_ok() {
            return Err(InvalidSlug::LooksLikeId);
        }
        Ok(Self(slug))
    }
}

impl TryFrom<String> for Slug {
    type Error = InvalidSlug;

    fn try_from(text: String) -> Result<Self, InvalidSlug> {
        Self::try_from(text.as_str())
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slug({})", self.0)
    }
}

/// Latin letters without their accents, as people spell them in addresses.
const fn without_accent(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì'..='ï' | 'ī' | 'į' | 'ı' => "i",
        'ł' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

/// Apostrophes and combining accents join what they stand between: `O'Neil` is `oneil`.
const fn is_silent(c: char) -> bool {
    matches!(c, '\'' | '’' | '\u{300}'..='\u{36F}')
}

/// FNV-1a over the name, in base 36: short, and the same on every machine.
fn fingerprint(name: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut text = String::new();
    for _ in 0..8 {
        let digit = u32::try_from(hash % 36).unwrap_or(0);
        text.push(char::from_digit(digit, 36).unwrap_or('0'));
        hash /= 36;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slug_is_one_ascii_dns_label() {
        assert_eq!(Slug::try_from(" Acme-42 ").unwrap().as_str(), "acme-42");
        for (bad, why) in [
            ("ab", InvalidSlug::Length),
            (&"a".repeat(64), InvalidSlug::Length),
            ("", InvalidSlug::Length),
            ("-acme", InvalidSlug::Hyphens),
            ("acme-", InvalidSlug::Hyphens),
            ("xn--acme", InvalidSlug::Hyphens),
            ("ac--me", InvalidSlug::Hyphens),
            ("a.b.c", InvalidSlug::Characters),
            ("a_b", InvalidSlug::Characters),
            ("a/../b", InvalidSlug::Characters),
            ("acme\0", InvalidSlug::Characters),
            ("01890a5d-ac96-774b-bcce-b302099a8057", InvalidSlug::LooksLikeId),
            ("01890a5dac96774bbcceb302099a8057", InvalidSlug::LooksLikeId),
        ] {
            assert_eq!(Slug::try_from(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn twins_in_other_scripts_are_refused() {
        // Cyrillic а, Greek ο, full-width letters, dotless ı, a Kelvin sign that lower-cases to k.
        for twin in ["аcme", "acmeο", "ａｃｍｅ", "acmı", "\u{212A}elvin", "ac\u{200D}me"] {
            assert_eq!(Slug::try_from(twin), Err(InvalidSlug::Characters), "{twin}");
        }
    }

    #[test]
    fn slugs_are_derived_from_names() {
        for (name, slug) in [
            ("Acme Ltd.", "acme-ltd"),
            ("  Café Müller & Co. ", "cafe-muller-co"),
            ("O'Neil’s", "oneils"),
            ("Straße 9", "strasse-9"),
            ("AB", "tenant-ab"),
            ("A--B", "a-b"),
            ("!!!a!!!", "tenant-a"),
        ] {
            assert_eq!(Slug::derive(name).as_str(), slug, "{name}");
        }
    }

    #[test]
    fn names_in_other_scripts_get_a_stable_slug_of_their_own() {
        let tokyo = Slug::derive("株式会社A");

        assert_eq!(tokyo, Slug::derive("株式会社A"));
        assert_ne!(tokyo, Slug::derive("株式会社B"));
        assert!(tokyo.as_str().starts_with("tenant-") && tokyo.as_str().len() == 15);
    }

    #[test]
    fn suggestions_stay_valid_for_the_longest_slug() {
        let longest = Slug::try_from("a".repeat(63)).unwrap();

        let suggestions: Vec<_> = longest.suggestions().take(5).collect();

        assert_eq!(suggestions.len(), 5);
        assert!(
            suggestions
                .iter()
                .all(|slug| slug.as_str().len() <= 63 && *slug != longest)
        );
    }

    proptest! {
        #[test]
        fn whatever_the_name_its_slug_is_valid(name in "\\PC{0,80}") {
            let slug = Slug::derive(&name);
            prop_assert_eq!(Slug::try_from(slug.as_str()), Ok(slug));
        }

        #[test]
        fn parsing_any_text_never_panics_and_is_idempotent(text in "\\PC{0,80}") {
            if let Ok(slug) = Slug::try_from(text.as_str()) {
                prop_assert_eq!(Slug::try_from(slug.as_str()), Ok(slug));
            }
        }
    }
}
