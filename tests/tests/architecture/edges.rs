//! Who may import whom.

use crate::none;
use crate::workspace::{array, cargo, members, short, text};

const PAGE: &str = "docs/architecture.md, \"Who may import whom\"";

/// What one crate may use.
struct Row {
    krate: &'static str,
    /// Which of our crates.
    ours: &'static [&'static str],
    /// Which libraries; `None` when [`HOMES`] alone decides.
    libraries: Option<&'static [&'static str]>,
    /// Which more of our crates its tests may use.
    in_tests: &'static [&'static str],
}

const DOMAINS: &[&str] = &["activity", "billing", "identity", "kernel", "quotas", "tenancy"];
const DOMAINS_AND_LIFECYCLE: &[&str] = &[
    "activity",
    "billing",
    "identity",
    "kernel",
    "lifecycle",
    "quotas",
    "tenancy",
];
/// What an adapter's tests may use besides: the real neighbours, never the composition root.
const NEIGHBOURS: &[&str] = &[
    "auth-jwt",
    "cache",
    "delivery",
    "http-actix",
    "lifecycle",
    "migrations",
    "payments",
    "quota-engine",
    "rates-redis",
    "store-contract",
    "store-seaorm",
    "tenancy",
    "test-support",
];
const PURE: &[&str] = &["async-trait", "mockall", "thiserror", "time", "uuid"];
/// And the database of time zones.
const PURE_WITH_ZONES: &[&str] = &["async-trait", "jiff", "mockall", "thiserror", "time", "uuid"];

/// The table. A crate without a row fails: a further crate needs a decision record first.
const TABLE: &[Row] = &[
    pure("kernel", &[], &["async-trait", "thiserror", "time", "uuid"]),
    pure("tenancy", &["kernel"], PURE),
    pure("identity", &["kernel"], PURE),
    pure("billing", &["kernel"], PURE),
    pure("quotas", &["kernel"], PURE_WITH_ZONES),
    pure("activity", &["kernel"], PURE),
    pure("lifecycle", DOMAINS, PURE),
    Row {
        krate: "cache",
        ours: DOMAINS_AND_LIFECYCLE,
        libraries: Some(&[
            "async-trait",
            "aws-lc-rs",
            "foldhash",
            "papaya",
            "smallvec",
            "thiserror",
            "time",
            "tokio",
            "tracing",
            "uuid",
        ]),
        in_tests: NEIGHBOURS,
    },
    Row {
        krate: "quota-engine",
        ours: &["kernel", "quotas"],
        libraries: Some(&[
            "async-trait",
            "foldhash",
            "futures-util",
            "hashbrown",
            "papaya",
            "smallvec",
            "thiserror",
            "time",
            "tokio",
            "tracing",
            "uuid",
        ]),
        in_tests: NEIGHBOURS,
    },
    adapter("rates-redis", &["kernel", "quotas"]),
    adapter(
        "store-seaorm",
        &[
            "activity",
            "billing",
            "identity",
            "kernel",
            "lifecycle",
            "migrations",
            "quotas",
            "tenancy",
        ],
    ),
    adapter("auth-jwt", DOMAINS_AND_LIFECYCLE),
    adapter("webauthn", &["identity", "kernel"]),
    adapter("payments", DOMAINS_AND_LIFECYCLE),
    adapter("delivery", DOMAINS_AND_LIFECYCLE),
    adapter("http-actix", DOMAINS_AND_LIFECYCLE),
    adapter(
        "console-actix",
        &[
            "activity",
            "billing",
            "http-actix",
            "identity",
            "kernel",
            "lifecycle",
            "quotas",
            "tenancy",
        ],
    ),
    adapter("store-contract", DOMAINS_AND_LIFECYCLE),
    adapter("test-support", &["kernel", "migrations", "store-seaorm"]),
    Row {
        krate: "migrations",
        ours: &[],
        libraries: Some(&["async-trait", "sea-orm-migration", "thiserror", "tokio", "tracing"]),
        in_tests: NEIGHBOURS,
    },
    Row {
        krate: "tests",
        ours: &[],
        libraries: None,
        // To start the whole program in the test's process, and to appoint its operators as the command line does;
        // http-actix for its route table, lifecycle for the matrix of roles: both are walked. Everything else is
        // said over HTTP.
        in_tests: &[
            "app",
            "http-actix",
            "identity",
            "lifecycle",
            "migrations",
            "test-support",
        ],
    },
];

/// The composition root, and what measures it: everything is theirs to use.
const UNBOUND: &[&str] = &["app", "bench"];

/// Libraries that only some crates may know: an adapter's own tool stays its own.
const HOMES: &[(&str, &[&str])] = &[
    ("actix-web", &["http-actix", "console-actix"]),
    ("argon2", &["auth-jwt"]),
    (
        "aws-lc-rs",
        &["auth-jwt", "delivery", "http-actix", "payments", "webauthn"],
    ),
    ("clap", &[]),
    ("hickory-resolver", &["delivery"]),
    ("jiff", &["quotas"]),
    ("jsonwebtoken", &["auth-jwt"]),
    ("lettre", &["delivery"]),
    ("metrics-exporter-prometheus", &[]),
    ("papaya", &["cache", "http-actix", "quota-engine"]),
    ("qrcodegen", &["http-actix"]),
    ("redis", &["rates-redis"]),
    ("reqwest", &["delivery"]),
    ("rustix", &["auth-jwt"]),
    ("thread-priority", &["auth-jwt"]),
    ("sea-orm", &["store-seaorm", "test-support"]),
    ("sea-orm-migration", &["migrations"]),
    ("sqlx", &["store-seaorm", "test-support"]),
    ("toml", &[]),
    ("tracing-subscriber", &[]),
    ("utoipa", &["http-actix"]),
    ("zxcvbn", &["auth-jwt"]),
];

const fn pure(krate: &'static str, ours: &'static [&'static str], libraries: &'static [&'static str]) -> Row {
    Row {
        krate,
        ours,
        libraries: Some(libraries),
        in_tests: &[],
    }
}

const fn adapter(krate: &'static str, ours: &'static [&'static str]) -> Row {
    Row {
        krate,
        ours,
        libraries: None,
        in_tests: NEIGHBOURS,
    }
}

/// One line of some `Cargo.toml`.
#[derive(Clone, Copy)]
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    ours: bool,
    for_tests: bool,
}

fn edges() -> Vec<Edge<'static>> {
    let mut edges = Vec::new();
    for (krate, package) in members() {
        for dependency in array(&package["dependencies"]) {
            edges.push(Edge {
                from: krate,
                to: short(text(&dependency["name"])),
                ours: !dependency["path"].is_null(),
                for_tests: dependency["kind"] == "dev",
            });
        }
    }
    edges
}

/// What is wrong with this edge, if anything.
fn fault(edge: Edge<'_>) -> Option<String> {
    let Edge {
        from,
        to,
        ours,
        for_tests,
    } = edge;
    if UNBOUND.contains(&from) {
        return None;
    }
    let Some(row) = TABLE.iter().find(|row| row.krate == from) else {
        return Some(format!(
            "{from} has no row in the table of crates: write a decision record and a row ({PAGE})"
        ));
    };
    if ours {
        let allowed = row.ours.contains(&to) || (for_tests && (row.in_tests.contains(&to) || to == "kernel"));
        return (!allowed).then(|| format!("{from} may not use our crate {to} ({PAGE})"));
    }
    if for_tests {
        return None;
    }
    if let Some(libraries) = row.libraries {
        return (!libraries.contains(&to)).then(|| format!("{from} may not use the library {to} ({PAGE})"));
    }
    let (_, homes) = HOMES.iter().find(|(library, _)| *library == to)?;
    (!homes.contains(&from)).then(|| format!("{from} may not use the library {to}, whose home is {homes:?} ({PAGE})"))
}

#[test]
fn every_import_between_crates_is_in_the_table() {
    let edges = edges();
    assert!(
        edges.len() > 30,
        "cargo metadata shows only {} dependencies",
        edges.len()
    );

    none(&edges.into_iter().filter_map(fault).collect::<Vec<_>>());
}

#[test]
fn the_table_refuses_what_it_should() {
    let ours = |from, to, for_tests| {
        fault(Edge {
            from,
            to,
            ours: true,
            for_tests,
        })
    };
    let library = |from, to| {
        fault(Edge {
            from,
            to,
            ours: false,
            for_tests: false,
        })
    };

    assert!(ours("billing", "tenancy", false).is_some());
    assert!(ours("billing", "store-seaorm", true).is_some());
    assert!(ours("http-actix", "store-seaorm", false).is_some());
    assert!(ours("http-actix", "store-seaorm", true).is_none());
    assert!(ours("payments", "delivery", false).is_some());
    assert!(ours("newcomer", "kernel", false).is_some());
    assert!(library("kernel", "serde").is_some());
    assert!(library("lifecycle", "tokio").is_some());
    assert!(library("http-actix", "sea-orm").is_some());
    assert!(library("app", "sea-orm").is_none());
}

#[test]
fn the_program_never_links_a_test_double() {
    let tree = cargo(&[
        "tree",
        "-p",
        "tenantry-app",
        "-e",
        "normal,features",
        "--prefix",
        "none",
    ]);
    assert!(
        tree.contains("tenantry-kernel"),
        "cargo tree shows nothing of ours:\n{tree}"
    );

    let doubles: Vec<String> = tree
        .lines()
        .filter(|line| line.starts_with("mockall ") || (line.starts_with("tenantry-") && line.contains("\"testing\"")))
        .map(|line| format!("the program's normal dependencies contain {line} (docs/testing.md, \"Doubles\")"))
        .collect();

    none(&doubles);
}

#[test]
fn every_crate_takes_its_lints_and_versions_from_the_workspace() {
    let mut findings = Vec::new();
    for (krate, package) in members() {
        let manifest = std::fs::read_to_string(text(&package["manifest_path"])).unwrap();
        for line in [
            "[lints]\nworkspace = true",
            "version.workspace = true",
            "edition.workspace = true",
            "license.workspace = true",
        ] {
            if !manifest.contains(line) {
                findings.push(format!(
                    "{krate}/Cargo.toml lacks {line:?} (docs/architecture.md, \"The workspace\")"
                ));
            }
        }
        if package["description"].is_null() {
            findings.push(format!("{krate}/Cargo.toml lacks a description"));
        }
        let inline = |line: &&str| line.contains('{') && (line.contains("version = ") || line.contains("path = "));
        for line in manifest.lines().filter(inline) {
            findings.push(format!(
                "{krate}/Cargo.toml writes a version or path of its own: {line:?}"
            ));
        }
    }

    none(&findings);
}
