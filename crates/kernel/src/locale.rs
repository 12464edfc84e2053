//! Time zones and languages, checked by their syntax.

use std::fmt;

/// An IANA time zone name such as `Asia/Tokyo` or `UTC`.
///
/// The syntax and the area are checked; whether the place exists is known only to whoever carries the
/// time zone database.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timezone(String);

/// The text is no time zone name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an IANA time zone such as Asia/Tokyo or UTC")]
pub struct InvalidTimezone;

/// The areas of the IANA database that contain places.
const AREAS: &[&str] = &[
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Brazil",
    "Canada",
    "Chile",
    "Etc",
    "Europe",
    "Indian",
    "Mexico",
    "Pacific",
    "US",
];
/// Names without an area (IANA `backward` and the fixed ones).
const ALONE: &[&str] = &[
    "CET",
    "CST6CDT",
    "Cuba",
    "EET",
    "EST",
    "EST5EDT",
    "Egypt",
    "Eire",
    "GB",
    "GMT",
    "Greenwich",
    "HST",
    "Hongkong",
    "Iceland",
    "Iran",
    "Israel",
    "Jamaica",
    "Japan",
    "Kwajalein",
    "Libya",
    "MET",
    "MST",
    "MST7MDT",
    "NZ",
    "Navajo",
    "PRC",
    "PST8PDT",
    "Poland",
    "Portugal",
    "ROC",
    "ROK",
    "Singapore",
    "Turkey",
    "UCT",
    "UTC",
    "Universal",
    "W-SU",
    "WET",
    "Zulu",
];

impl Timezone {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Coordinated universal time: what a tenant has unless it says otherwise.
    #[must_use]
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }
}

impl TryFrom<&str> for Timezone {
    type Error = InvalidTimezone;

    fn try_from(text: &str) -> Result<Self, InvalidTimezone> {
        let place = |segment: &str| {
            segment.starts_with(|c: char| c.is_ascii_alphabetic())
                && segment
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-'))
        };
        let fine = match text.split_once('/') {
            None => ALONE.contains(&text),
            Some((area, rest)) => AREAS.contains(&area) && rest.split('/').count() <= 2 && rest.split('/').all(place),
        };
        if fine && text.len() <= 64 {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidTimezone)
        }
    }
}

impl TryFrom<String> for Timezone {
    type Error = InvalidTimezone;

    fn try_from(text: String) -> Result<Self, InvalidTimezone> {
        Self::try_from(text.as_str())
    }
}

impl fmt::Display for Timezone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Timezone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timezone({})", self.0)
    }
}

/// A language tag (BCP 47, by syntax), in its usual spelling: `ja`, `en-GB`, `zh-Hant-TW`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locale(String);

/// The text is no language tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a language tag such as en, ja or zh-Hant-TW")]
pub struct InvalidLocale;

impl Locale {
    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// English: what a tenant has unless it says otherwise.
    #[must_use]
    pub fn english() -> Self {
        Self("en".to_owned())
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self::english()
    }
}

impl TryFrom<&str> for Locale {
    type Error = InvalidLocale;

    /// Accepts `_` for `-`, as many systems write it.
    fn try_from(text: &str) -> Result<Self, InvalidLocale> {
        if text.len() > 35 {
            return Err(InvalidLocale);
        }
        let text = text.replace('_', "-");
        let mut subtags = text.split('-');
        let language = subtags.next().unwrap_or_default();
        let is_language = (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
        if !is_language {
            return Err(InvalidLocale);
        }
        let mut spelled = language.to_ascii_lowercase();
        for subtag in subtags {
            if !(1..=8).contains(&subtag.len()) || !subtag.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(InvalidLocale);
            }
            spelled.push('-');
            spelled.push_str(&usual_spelling(subtag));
        }
        // A single letter introduces an extension and cannot stand last (RFC 5646, section 2.1).
        if spelled.rsplit('-').next().is_some_and(|last| last.len() == 1) {
            return Err(InvalidLocale);
        }
        Ok(Self(spelled))
    }
}

impl TryFrom<String> for Locale {
    type Error = InvalidLocale;

    fn try_from(text: String) -> Result<Self, InvalidLocale> {
        Self::try_from(text.as_str())
    }
}

/// Regions in capitals, scripts capitalised, the rest lower-case (RFC 5646, section 2.1.1).
fn usual_spelling(subtag: &str) -> String {
    match subtag.len() {
        2 => subtag.to_ascii_uppercase(),
        4 if subtag.bytes().all(|b| b.is_ascii_alphabetic()) => {
            let (first, rest) = subtag.split_at(1);
            format!("{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase())
        }
        _ => subtag.to_ascii_lowercase(),
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locale({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zones_have_the_syntax_of_iana() {
        for good in [
            "UTC",
            "Asia/Tokyo",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+9",
            "America/Port-au-Prince",
            "EST5EDT",
        ] {
            assert!(Timezone::try_from(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "asia/tokyo",
            "Asia/",
            "Asia/Tokyo/",
            "/Tokyo",
            "+09:00",
            "Moon/Base",
            "Asia/To kyo",
            "../etc",
            "A/B/C/D",
            "Asia/../x",
        ] {
            assert_eq!(Timezone::try_from(bad), Err(InvalidTimezone), "{bad}");
        }
    }

    #[test]
    fn language_tags_take_their_usual_spelling() {
        for (text, spelled) in [
            ("JA", "ja"),
            ("en_gb", "en-GB"),
            ("ZH-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
        ] {
            assert_eq!(Locale::try_from(text).unwrap().as_str(), spelled, "{text}");
        }
        for bad in [
            "",
            "e",
            "english",
            "en-",
            "-en",
            "en--US",
            "en-US-",
            "日本",
            "en-u",
            "en;q=1",
            "en-aaaaaaaaa",
        ] {
            assert_eq!(Locale::try_from(bad), Err(InvalidLocale), "{bad}");
        }
    }
}
