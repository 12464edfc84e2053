//! The effective configuration, for people: every key with its value and where it came from, secrets hidden.

use std::fmt;

use url::Url;

use super::keys::{self, KEYS};
use super::sources::Origin;

/// Values as they took effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effective(Vec<(&'static str, String, String)>);

impl Effective {
    pub(super) fn set(&mut self, key: &'static str, text: &str, origin: &Origin) {
        let secret = keys::find(key).is_some_and(|key| key.secret);
        let given = *origin != Origin::Default;
        let shown = if secret && given { masked(text) } else { text.to_owned() };
        self.0.push((key, shown, origin.to_string()));
    }

    /// Key, value and origin, in the order of [`KEYS`].
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, &str, &str)> {
        KEYS.iter().filter_map(|key| {
            let row = self.0.iter().find(|(name, _, _)| *name == key.name);
            row.map(|(name, value, origin)| (*name, value.as_str(), origin.as_str()))
        })
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = KEYS.iter().map(|key| key.name.len()).max().unwrap_or_default();
        for (key, value, origin) in self.rows() {
            writeln!(f, "{key:width$}  {value}  ({origin})")?;
        }
        Ok(())
    }
}

/// A secret as it may be shown: of a URL all but user and query, of anything else nothing.
fn masked(text: &str) -> String {
    if text.starts_with("sqlite:") {
        return text.to_owned();
    }
    match Url::parse(text) {
        Ok(url) if url.has_host() => {
            let host = url.host_str().unwrap_or_default();
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            let user = if url.username().is_empty() && url.password().is_none() {
                ""
            } else {
                "…@"
            };
            format!("{}://{user}{host}{port}{}", url.scheme(), url.path())
        }
        _ => "set, hidden".to_owned(),
    }
}
