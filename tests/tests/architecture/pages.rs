//! The documentation: every page is reached, every link leads somewhere, every file it names is there.

use std::collections::BTreeSet;
use std::path::Path;

use crate::none;
use crate::workspace::{root, rust_files};

/// What the map may have at most: longer, and nobody reads it.
const MAP_LINES: usize = 250;

/// Every page: its path from the root, and what is in it.
fn pages() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for top in ["README.md", "CHANGELOG.md"] {
        found.push((top.to_owned(), std::fs::read_to_string(root().join(top)).unwrap()));
    }
    collect(&root().join("docs"), &mut found);
    assert!(found.len() > 15, "the walk found only {} pages", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The targets of a page's relative links, as paths from the root.
fn links(page: &str, text: &str) -> Vec<String> {
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .map(|target| normal(&folder.join(target)))
        .collect()
}

/// Without `..`.
fn normal(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.iter().filter_map(|part| part.to_str()) {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// What a text names in backticks of ours: files, and tests as `file.rs::test`. A name with `…`, `*` or `<` stands for
/// several.
fn named(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let names = text.split('`').skip(1).step_by(2).filter(|name| {
        let ours = ["crates/", "migrations/", "tests/", "docs/", ".ci/"]
            .iter()
            .any(|top| name.starts_with(top));
        ours && !name.contains(['…', '*', '<', ' ', '\n'])
    });
    names.map(|name| match name.split_once("::") {
        Some((file, function)) => (file, Some(function)),
        None => (name, None),
    })
}

fn named_files(text: &str) -> impl Iterator<Item = &str> {
    named(text).map(|(file, _)| file)
}

#[test]
fn every_link_of_a_page_leads_to_a_file() {
    let mut findings = Vec::new();
    for (page, text) in pages() {
        for target in links(&page, &text)
            .into_iter()
            .filter(|target| !root().join(target).exists())
        {
            findings.push(format!("{page} links to {target}, which is not there"));
        }
    }

    none(&findings);
}

#[test]
fn every_page_is_linked_from_another() {
    let pages = pages();
    let linked: BTreeSet<String> = pages.iter().flat_map(|(page, text)| links(page, text)).collect();
    let reached =
        |page: &str| linked.contains(page) || linked.iter().any(|target| page.starts_with(&format!("{target}/")));
    let findings: Vec<String> = pages
        .iter()
        .filter(|(page, _)| page.starts_with("docs/") && !reached(page))
        .map(|(page, _)| format!("nothing links to {page}"))
        .collect();

    none(&findings);
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let mut findings = Vec::new();
    for (page, text) in pages() {
        for name in named_files(&text).filter(|name| !root().join(name).exists()) {
            findings.push(format!("{page} names {name}, which is not there"));
        }
    }

    none(&findings);
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let (mut findings, mut found) = (Vec::new(), 0);
    for (page, text) in pages() {
        for (file, test) in named(&text) {
            let Some(test) = test else { continue };
            found += 1;
            let source = std::fs::read_to_string(root().join(file)).unwrap_or_default();
            if !source.contains(&format!("fn {test}(")) {
                findings.push(format!("{page} names {file}::{test}, which is not there"));
            }
        }
    }

    none(&findings);
    assert!(found > 50, "the pages name only {found} tests");
}

#[test]
fn every_page_that_a_source_file_names_is_there() {
    let mut findings = Vec::new();
    for (file, source) in rust_files() {
        for after in source.split("docs/").skip(1) {
            let name: String = after
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "-_./".contains(*c))
                .collect();
            if name.ends_with(".md") && !root().join("docs").join(&name).exists() {
                findings.push(format!("{file} names docs/{name}, which is not there"));
            }
        }
    }

    none(&findings);
}

#[test]
fn rust_on_a_page_is_compiled() {
    let compiled = std::fs::read_to_string(root().join("crates/app/src/lib.rs")).unwrap();
    let shows_rust = |text: &str| text.contains("```rust");
    let findings: Vec<String> = pages()
        .iter()
        .filter(|(page, text)| shows_rust(text) && !compiled.contains(page.as_str()))
        .map(|(page, _)| {
            format!("{page} shows Rust that nobody compiles: add it to crates/app/src/lib.rs, or call it text")
        })
        .collect();

    none(&findings);
}

#[test]
fn the_map_stays_short() {
    let map = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();

    assert!(
        map.lines().count() < MAP_LINES,
        "docs/architecture.md is too long to be read"
    );
}

#[test]
fn links_are_read_from_where_the_page_is() {
    let text = "[a](../glossary.md#money) [b](https://example.com/x.md) [c](install.md)";

    assert_eq!(
        links("docs/operations/upgrade.md", text),
        ["docs/glossary.md", "docs/operations/install.md"]
    );
}
