//! Slugs that no tenant may have.

use std::collections::HashSet;

use crate::tenant::Slug;

/// Names that paths, hosts and mail already use, or that would let a tenant pose as the operator.
const BUILT_IN: &[&str] = &[
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "billing",
    "blog",
    "cdn",
    "console",
    "contact",
    "current",
    "dashboard",
    "demo",
    "dev",
    "dns",
    "docs",
    "download",
    "downloads",
    "email",
    "example",
    "files",
    "ftp",
    "gateway",
    "graphql",
    "health",
    "help",
    "home",
    "hostmaster",
    "imap",
    "info",
    "internal",
    "invite",
    "invoices",
    "legal",
    "livez",
    "localhost",
    "login",
    "logout",
    "mail",
    "mailer-daemon",
    "media",
    "metrics",
    "monitoring",
    "mta-sts",
    "news",
    "noreply",
    "no-reply",
    "null",
    "oauth",
    "official",
    "openapi",
    "operator",
    "operators",
    "owner",
    "password",
    "payment",
    "payments",
    "platform",
    "pop",
    "pop3",
    "postmaster",
    "pricing",
    "privacy",
    "public",
    "readyz",
    "register",
    "root",
    "sales",
    "sandbox",
    "scim",
    "secure",
    "security",
    "server",
    "service",
    "settings",
    "shop",
    "signin",
    "signup",
    "smtp",
    "sso",
    "staff",
    "staging",
    "static",
    "status",
    "store",
    "support",
    "system",
    "team",
    "tenant",
    "tenantry",
    "tenants",
    "terms",
    "test",
    "trust",
    "undefined",
    "upload",
    "uploads",
    "user",
    "users",
    "vpn",
    "webhook",
    "webhooks",
    "webmail",
    "webmaster",
    "well-known",
    "wpad",
    "www",
    "www1",
    "www2",
];

/// The reserved slugs: the built-in ones and those of the catalog.
#[derive(Clone, Debug)]
pub struct ReservedSlugs(HashSet<String>);

impl ReservedSlugs {
    /// The built-in list and `more`.
    pub fn new<S: AsRef<str>>(more: impl IntoIterator<Item = S>) -> Self {
        let mut reserved: HashSet<String> = BUILT_IN.iter().map(|&word| word.to_owned()).collect();
        reserved.extend(more.into_iter().map(|word| word.as_ref().trim().to_ascii_lowercase()));
        Self(reserved)
    }

    /// True for a reserved slug and for one that is told from it only by a digit that looks like a
    /// letter: `adm1n`, `supp0rt`.
    #[must_use]
    pub fn contains(&self, slug: &Slug) -> bool {
        let as_o = slug.as_str().replace('0', "o");
        self.0.contains(slug.as_str())
            || ["i", "l"]
                .into_iter()
                .any(|letter| self.0.contains(&as_o.replace('1', letter)))
    }
}

impl Default for ReservedSlugs {
    fn default() -> Self {
        Self::new(std::iter::empty::<&str>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> Slug {
        Slug::try_from(text).unwrap()
    }

    #[test]
    fn reserved_words_and_their_look_alikes_are_known() {
        let reserved = ReservedSlugs::new(["Sales-Team"]);

        for word in [
            "admin",
            "adm1n",
            "supp0rt",
            "bi11ing",
            "www",
            "current",
            "sales-team",
            "s1gnup",
        ] {
            assert!(reserved.contains(&slug(word)), "{word}");
        }
        for free in ["acme", "acme-admin", "b2b", "team1"] {
            assert!(!reserved.contains(&slug(free)), "{free}");
        }
    }
}
