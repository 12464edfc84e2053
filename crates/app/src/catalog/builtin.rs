//! The catalogs that come with the program.

/// Their names.
pub const BUILT_IN: &[&str] = &["default", "secure-ai-chat", "apex", "securenet", "pytake", "rentroll"];

/// The text of a built-in catalog.
#[must_use]
pub fn built_in(name: &str) -> Option<&'static str> {
    match name {
        "default" => Some(include_str!("../../catalogs/default.toml")),
        "secure-ai-chat" => Some(include_str!("../../catalogs/secure-ai-chat.toml")),
        "apex" => Some(include_str!("../../catalogs/apex.toml")),
        "securenet" => Some(include_str!("../../catalogs/securenet.toml")),
        "pytake" => Some(include_str!("../../catalogs/pytake.toml")),
        "rentroll" => Some(include_str!("../../catalogs/rentroll.toml")),
        _ => None,
    }
}
