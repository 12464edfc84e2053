//! What no source file may contain, and how long one may be.

use crate::none;
use crate::workspace::{members, root, rust_files, text};

/// Where people stop finding their way. Aim at 300.
const MAX_LINES: usize = 500;

/// A text that must not occur.
struct Ban {
    /// Split in two, so that this file does not contain it.
    text: [&'static str; 2],
    /// Only below this folder.
    below: &'static str,
    /// Except below this folder; empty for no exception.
    except: &'static str,
    rule: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        text: ["#[", "allow("],
        below: "",
        except: "",
        rule: "a lint is silenced with expect and a reason (docs/architecture.md, \"The workspace\")",
    },
    Ban {
        text: ["#![", "allow("],
        below: "",
        except: "",
        rule: "a lint is silenced with expect and a reason (docs/architecture.md, \"The workspace\")",
    },
    Ban {
        text: ["todo", "!("],
        below: "",
        except: "",
        rule: "there are no stubs",
    },
    Ban {
        text: ["unimplemented", "!("],
        below: "",
        except: "",
        rule: "there are no stubs",
    },
    Ban {
        text: ["thread::", "sleep("],
        below: "",
        except: "crates/test-support/",
        rule: "tests do not sleep (docs/testing.md, \"Time and chance\")",
    },
    Ban {
        text: ["Entity::", "load("],
        below: "crates/store-seaorm/",
        except: "",
        rule: "loading by relation does not carry the tenant (docs/tenancy.md, \"Third fence\")",
    },
    Ban {
        text: ["#[sea_orm(", "unique"],
        below: "crates/store-seaorm/",
        except: "",
        rule: "unique columns generate finders that do not carry the tenant (docs/tenancy.md, \"Third fence\")",
    },
    Ban {
        text: ["Has", "Many<"],
        below: "crates/store-seaorm/",
        except: "",
        rule: "relations do not carry the tenant (docs/tenancy.md, \"Third fence\")",
    },
    Ban {
        text: ["schema", "_registry("],
        below: "",
        except: "",
        rule: "migrations are the schema; it is never synchronised from entities (docs/adr/0004-migration-first.md)",
    },
];

/// Every place where `ban` is broken.
fn broken(ban: &Ban, file: &str, source: &str) -> Vec<String> {
    let excepted = !ban.except.is_empty() && file.starts_with(ban.except);
    if !file.starts_with(ban.below) || excepted {
        return Vec::new();
    }
    let wanted = ban.text.concat();
    source
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(&wanted) && !line.trim_start().starts_with("//"))
        .map(|(index, _)| format!("{file}:{}: {wanted}…: {}", index + 1, ban.rule))
        .collect()
}

#[test]
fn nothing_banned_occurs_in_a_source_file() {
    let findings: Vec<String> = rust_files()
        .iter()
        .flat_map(|(file, source)| BANS.iter().flat_map(move |ban| broken(ban, file, source)))
        .collect();

    none(&findings);
}

#[test]
fn a_ban_is_found_where_it_holds_and_only_there() {
    let ban = Ban {
        text: ["bad", "_call("],
        below: "crates/",
        except: "crates/billing/",
        rule: "for this test",
    };

    assert_eq!(
        broken(
            &ban,
            "crates/store-seaorm/src/a.rs",
            "fine\n  x.bad_call(1)\n// bad_call(2)"
        )
        .len(),
        1
    );
    assert!(broken(&ban, "crates/billing/src/a.rs", "bad_call(1)").is_empty());
    assert!(broken(&ban, "tests/src/a.rs", "bad_call(1)").is_empty());
}

#[test]
fn no_file_is_longer_than_people_can_follow() {
    let findings: Vec<String> = rust_files()
        .iter()
        .map(|(file, source)| (file, source.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(file, lines)| format!("{file} has {lines} lines, {MAX_LINES} is the limit: split it by what it says"))
        .collect();

    none(&findings);
}

#[test]
fn a_module_is_a_file_with_its_own_name() {
    let findings: Vec<String> = rust_files()
        .iter()
        .filter(|(file, _)| file.ends_with("/mod.rs"))
        .map(|(file, _)| format!("{file}: write name.rs beside name/ instead"))
        .collect();

    none(&findings);
}

#[test]
fn every_module_begins_by_saying_what_lives_in_it() {
    let is_tests = |file: &str| file.ends_with("/tests.rs") || file.contains("/tests/");
    let findings: Vec<String> = rust_files()
        .iter()
        .filter(|(file, source)| !is_tests(file) && !source.starts_with("//!"))
        .map(|(file, _)| format!("{file} does not begin with //!"))
        .collect();

    none(&findings);
}

#[test]
fn a_deferred_thought_names_its_issue() {
    let word = ["TO", "DO"].concat();
    let findings: Vec<String> = rust_files()
        .iter()
        .flat_map(|(file, source)| {
            source
                .lines()
                .enumerate()
                .map(move |(index, line)| (file, index + 1, line))
        })
        .filter(|(_, _, line)| {
            let mut parts = line.split(&word).skip(1);
            parts.any(|after| !after.starts_with("(#"))
        })
        .map(|(file, line, _)| format!("{file}:{line}: {word} without an issue: write {word}(#12)"))
        .collect();

    none(&findings);
}

#[test]
fn a_silenced_lint_says_why() {
    let openings = [["#[", "expect("].concat(), ["#![", "expect("].concat()];
    let mut findings = Vec::new();
    for (file, source) in rust_files() {
        for opening in &openings {
            for after in source.split(opening.as_str()).skip(1) {
                let attribute = after.split(")]").next().unwrap_or_default();
                if !attribute.contains("reason") {
                    findings.push(format!("{file}: {opening}{attribute})] gives no reason"));
                }
            }
        }
    }

    none(&findings);
}

#[test]
fn every_crate_of_the_folder_is_a_member() {
    let manifests: Vec<&str> = members()
        .into_iter()
        .map(|(_, package)| text(&package["manifest_path"]))
        .collect();
    let findings: Vec<String> = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("Cargo.toml"))
        .filter(|manifest| !manifests.contains(&manifest.to_string_lossy().as_ref()))
        .map(|manifest| format!("{} is not built", manifest.display()))
        .collect();

    none(&findings);
}
