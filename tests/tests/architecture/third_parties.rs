//! What we build on: licences, bans, and one version of each library.

use std::collections::{BTreeMap, BTreeSet};

use crate::none;
use crate::workspace::libraries;

const PAGE: &str = "docs/architecture.md, \"Third parties\"; keep deny.toml alike";

/// Licences we accept, and why those that need a reason are fine.
const LICENCES: &[(&str, &str)] = &[
    ("0BSD", ""),
    ("Apache-2.0", ""),
    ("Apache-2.0 WITH LLVM-exception", ""),
    ("BSD-2-Clause", ""),
    ("BSD-3-Clause", ""),
    ("BSL-1.0", ""),
    ("CC0-1.0", ""),
    ("CDLA-Permissive-2.0", "Mozilla's list of root certificates: data"),
    ("ISC", ""),
    ("MIT", ""),
    ("MIT-0", ""),
    (
        "MPL-2.0",
        "file-level copyleft: we link the files and do not change them",
    ),
    ("OpenSSL", "the parts of aws-lc that come from OpenSSL"),
    ("Unicode-3.0", ""),
    ("Unlicense", ""),
    ("Zlib", ""),
];

/// Libraries that must not be linked.
const BANNED: &[(&str, &str)] = &[
    ("actix-governor", "GPL-3.0"),
    ("native-tls", "there is one TLS stack: rustls"),
    ("openssl", "there is one TLS stack: rustls"),
    ("openssl-sys", "there is one TLS stack: rustls"),
    ("ring", "there is one crypto provider: aws-lc-rs"),
];

/// Libraries that we carry in more than one version, each with who holds on to the old one.
const DUPLICATES: &[(&str, &str)] = &[
    ("base64", "0.22: sqlx and jsonwebtoken"),
    ("bit-set", "0.8: fancy-regex, of zxcvbn"),
    ("bit-vec", "0.8: bit-set 0.8"),
    ("block-buffer", "0.10: digest 0.10"),
    ("cpufeatures", "0.2: sha2 0.10"),
    ("crypto-common", "0.1: digest 0.10"),
    ("digest", "0.10: sha2 0.10"),
    ("getrandom", "0.3: rand 0.9"),
    ("hashbrown", "0.16: sqlx"),
    ("heck", "0.4: the macros of sea-query and ouroboros"),
    ("http", "0.2: actix-web; 1: the HTTP client"),
    ("rand", "0.9: the Prometheus exporter"),
    ("rand_core", "0.9: rand 0.9"),
    ("sha2", "0.10: sqlx-core"),
    ("syn", "2: half of the macros, sea-orm's and tracing's among them"),
    ("untrusted", "0.7: aws-lc-rs"),
    ("winnow", "0.7: toml"),
];

/// Whether an SPDX expression can be satisfied with accepted licences alone.
fn acceptable(expression: &str) -> bool {
    // Old manifests write a slash for OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (accepted, rest) = any_of(&words);
    accepted && rest.is_empty()
}

fn any_of<'w>(words: &'w [&'w str]) -> (bool, &'w [&'w str]) {
    let (mut accepted, mut rest) = all_of(words);
    while let ["OR", after @ ..] = rest {
        let (next, remaining) = all_of(after);
        accepted |= next;
        rest = remaining;
    }
    (accepted, rest)
}

fn all_of<'w>(words: &'w [&'w str]) -> (bool, &'w [&'w str]) {
    let (mut accepted, mut rest) = one(words);
    while let ["AND", after @ ..] = rest {
        let (next, remaining) = one(after);
        accepted &= next;
        rest = remaining;
    }
    (accepted, rest)
}

fn one<'w>(words: &'w [&'w str]) -> (bool, &'w [&'w str]) {
    match words {
        ["(", inside @ ..] => match any_of(inside) {
            (accepted, [")", rest @ ..]) => (accepted, rest),
            (_, rest) => (false, rest),
        },
        [licence, "WITH", exception, rest @ ..] => (known(&format!("{licence} WITH {exception}")), rest),
        [licence, rest @ ..] => (known(licence), rest),
        [] => (false, words),
    }
}

fn known(licence: &str) -> bool {
    LICENCES.iter().any(|(accepted, _)| *accepted == licence)
}

#[test]
fn every_licence_is_one_we_accept() {
    let findings: Vec<String> = libraries()
        .iter()
        .filter(|library| !acceptable(&library.licence))
        .map(|library| {
            format!(
                "{} is under {:?}, which is not accepted ({PAGE})",
                library.name, library.licence
            )
        })
        .collect();

    none(&findings);
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    for fine in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0 OR MIT",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception OR MIT",
        "ISC AND (Apache-2.0 OR ISC) AND OpenSSL",
    ] {
        assert!(acceptable(fine), "{fine}");
    }
    for refused in [
        "GPL-3.0",
        "MIT AND AGPL-3.0",
        "none stated",
        "",
        "(MIT",
        "Apache-2.0 WITH Strange-exception",
    ] {
        assert!(!acceptable(refused), "{refused}");
    }
}

#[test]
fn no_banned_library_is_linked() {
    let findings: Vec<String> = libraries()
        .iter()
        .filter_map(|library| BANNED.iter().find(|(name, _)| *name == library.name))
        .map(|(name, why)| format!("{name} is banned: {why} ({PAGE})"))
        .collect();

    none(&findings);
}

#[test]
fn each_library_comes_in_one_version_or_with_a_reason() {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for library in libraries() {
        versions.entry(&library.name).or_default().insert(&library.version);
    }

    let mut findings = Vec::new();
    for (name, found) in versions.iter().filter(|(_, found)| found.len() > 1) {
        if !DUPLICATES.iter().any(|(excepted, _)| excepted == name) {
            findings.push(format!(
                "{name} comes in versions {found:?}: unify them, or write down why not ({PAGE})"
            ));
        }
    }
    for (name, _) in DUPLICATES {
        if versions.get(name).is_none_or(|found| found.len() < 2) {
            findings.push(format!(
                "{name} comes in one version now: delete its exception ({PAGE})"
            ));
        }
    }

    none(&findings);
}
