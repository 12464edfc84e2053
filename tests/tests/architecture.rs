//! The shape of the code, as tests: who may import whom, what no source file may contain, and what
//! third parties we build on. The rules are data at the top of each module; `docs/architecture.md`
//! says why they are as they are.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "an integration test may stop where it stands"
)]

#[path = "architecture/edges.rs"]
mod edges;
#[path = "architecture/pages.rs"]
mod pages;
#[path = "architecture/sources.rs"]
mod sources;
#[path = "architecture/third_parties.rs"]
mod third_parties;
#[path = "architecture/workspace.rs"]
mod workspace;

/// Fails with every finding, one to a line.
fn none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}
