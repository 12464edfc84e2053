//! What the program says about itself, compared with what it said before. `just golden` writes the files anew;
//! read the difference as a reviewer of the API would.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tenantry_app::catalog::{self, BUILT_IN};
use tenantry_http_actix::routes;
use tenantry_lifecycle::roles;
use tenantry_test_support::{Engine, TestStore, schema};

use crate::harness::refusals;

/// Compares with a file, or writes it.
fn golden(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, now).unwrap();
        return;
    }
    let before =
        std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing: just golden", path.display()));
    if before == now {
        return;
    }
    let old: BTreeSet<&str> = before.lines().collect();
    let new: BTreeSet<&str> = now.lines().collect();
    let mut difference = String::new();
    for line in before.lines().filter(|line| !new.contains(line)).take(40) {
        writeln!(difference, "- {line}").unwrap();
    }
    for line in now.lines().filter(|line| !old.contains(line)).take(40) {
        writeln!(difference, "+ {line}").unwrap();
    }
    panic!("{name} has changed; if that is meant, run `just golden` and commit the file\n{difference}");
}

fn document() -> Value {
    serde_json::from_str(&routes::document()).expect("the document is JSON")
}

#[test]
fn the_openapi_document_is_the_one_that_clients_know() {
    golden("openapi.json", &format!("{:#}\n", document()));
}

#[test]
fn every_role_may_do_what_it_could() {
    assert_eq!(BUILT_IN.len(), 6);
    for name in BUILT_IN {
        let loaded = catalog::load(name).expect("the catalog is right");
        golden(&format!("roles/{name}.txt"), &roles::matrix(loaded.catalog.roles()));
    }
}

#[tokio::test]
async fn the_schema_is_the_one_that_the_migrations_made() {
    for (engine, name) in [
        (Engine::SqliteFile, "schema-sqlite.txt"),
        (Engine::Postgres, "schema-postgres.txt"),
    ] {
        if let Some(store) = TestStore::on(engine).await {
            golden(name, &schema::dump(store.store.schema_connection()).await);
            store.close().await;
        }
    }
}

/// Every code that the document names, with its statuses and where it is answered.
fn codes() -> BTreeMap<String, BTreeMap<u16, BTreeSet<String>>> {
    let mut codes: BTreeMap<String, BTreeMap<u16, BTreeSet<String>>> = BTreeMap::new();
    for (operation, refusals) in refusals() {
        for (status, code) in refusals {
            let places = codes.entry(code.clone()).or_default().entry(*status).or_default();
            places.insert(operation.clone());
        }
    }
    codes
}

#[test]
fn every_code_is_where_it_was() {
    let codes = codes();
    assert!(codes.len() > 30, "the document names only {} codes", codes.len());
    let everywhere = routes::rows().len() / 2;
    let mut text = String::new();
    for (code, statuses) in &codes {
        for (status, places) in statuses {
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            let places = if places.len() > everywhere {
                "most routes".to_owned()
            } else {
                places.join(" ")
            };
            writeln!(text, "{status} {code}: {places}").unwrap();
        }
    }
    golden("error-codes.txt", &text);
}

#[test]
fn the_page_about_errors_explains_every_code() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let page = std::fs::read_to_string(page).unwrap();

    let missing: Vec<String> = codes()
        .into_keys()
        .filter(|code| !page.contains(&format!("`{code}`")))
        .collect();

    assert!(missing.is_empty(), "docs/errors.md does not explain {missing:?}");
}
