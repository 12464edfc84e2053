//! Tests of taking catalogs into use.

use std::sync::Mutex;

use tenantry_kernel::{Code, async_trait};

use super::*;

/// An archive in memory; `rivals` other nodes publish first.
#[derive(Default)]
struct FakeArchive {
    shelf: Mutex<(Option<CatalogState>, Vec<ArchivedPlan>)>,
    rivals: Mutex<Vec<CatalogState>>,
}

#[async_trait]
impl PlanArchive for FakeArchive {
    async fn load_all(&self, _scope: &SystemScope) -> Result<Vec<ArchivedPlan>, StoreError> {
        Ok(self.shelf.lock().unwrap().1.clone())
    }

    async fn state(&self, _scope: &SystemScope) -> Result<Option<CatalogState>, StoreError> {
        Ok(self.shelf.lock().unwrap().0.clone())
    }

    async fn publish(
        &self,
        _scope: &SystemScope,
        expected: Option<&CatalogState>,
        next: &CatalogState,
        plans: &[ArchivedPlan],
    ) -> Result<bool, StoreError> {
        let mut kept = self.shelf.lock().unwrap();
        if let Some(rival) = self.rivals.lock().unwrap().pop() {
            kept.0 = Some(rival);
        }
        if kept.0.as_ref() != expected {
            return Ok(false);
        }
        kept.0 = Some(next.clone());
        for plan in plans {
            if !kept.1.contains(plan) {
                kept.1.push(plan.clone());
            }
        }
        Ok(true)
    }
}

fn state(hash: &str) -> CatalogState {
    CatalogState {
        name: "pytake".into(),
        hash: hash.into(),
    }
}

fn plan(version: &str) -> ArchivedPlan {
    ArchivedPlan {
        code: Code::try_from("pro").unwrap(),
        version: version.into(),
        document: "{}".into(),
    }
}

fn operator() -> SystemScope {
    SystemScope::for_test(&[PLATFORM_MANAGE])
}

#[tokio::test]
async fn the_first_start_publishes_and_the_next_one_finds_it() {
    let archive = FakeArchive::default();

    let first = open(&archive, &operator(), &state("a"), &[plan("1")]).await.unwrap();
    let second = open(&archive, &operator(), &state("a"), &[plan("1")]).await.unwrap();

    assert_eq!(first, [plan("1")]);
    assert_eq!(second, first);
}

#[tokio::test]
async fn another_catalog_is_refused_until_it_is_applied() {
    let archive = FakeArchive::default();
    open(&archive, &operator(), &state("a"), &[plan("1")]).await.unwrap();

    let refused = open(&archive, &operator(), &state("b"), &[plan("2")])
        .await
        .unwrap_err();
    let applied = apply(&archive, &operator(), &state("b"), &[plan("2")]).await.unwrap();
    let editions = open(&archive, &operator(), &state("b"), &[plan("2")]).await.unwrap();

    assert!(matches!(refused, ApplyError::AnotherCatalog { .. }));
    assert_eq!(applied.before, Some(state("a")));
    assert_eq!(applied.published, [plan("2")]);
    assert_eq!(editions, [plan("1"), plan("2")]);
}

#[tokio::test]
async fn applying_the_catalog_in_use_changes_nothing() {
    let archive = FakeArchive::default();
    open(&archive, &operator(), &state("a"), &[plan("1")]).await.unwrap();

    let applied = apply(&archive, &operator(), &state("a"), &[plan("1")]).await.unwrap();

    assert_eq!(applied.published, []);
    assert_eq!(archive.load_all(&operator()).await.unwrap(), [plan("1")]);
}

#[tokio::test]
async fn of_two_nodes_with_different_catalogs_the_slower_is_refused() {
    let archive = FakeArchive::default();
    archive.rivals.lock().unwrap().push(state("theirs"));

    let refused = open(&archive, &operator(), &state("ours"), &[plan("1")])
        .await
        .unwrap_err();

    assert!(matches!(refused, ApplyError::AnotherCatalog { running, .. } if running == state("theirs")));
    assert_eq!(archive.load_all(&operator()).await.unwrap(), []);
}

#[tokio::test]
async fn applying_runs_again_after_a_lost_race_and_gives_up_in_the_end() {
    let archive = FakeArchive::default();
    archive.rivals.lock().unwrap().push(state("theirs"));

    let applied = apply(&archive, &operator(), &state("ours"), &[plan("1")])
        .await
        .unwrap();

    assert_eq!(applied.before, Some(state("theirs")));

    let rivals = ["1", "2", "3", "4"].map(state);
    archive.rivals.lock().unwrap().extend(rivals);
    let lost = apply(&archive, &operator(), &state("again"), &[plan("1")]).await;
    assert!(matches!(lost, Err(ApplyError::Contended)));
}

#[tokio::test]
async fn without_the_permission_nothing_is_published() {
    let archive = FakeArchive::default();

    let refused = apply(&archive, &SystemScope::for_test(&[]), &state("a"), &[plan("1")]).await;

    assert!(matches!(refused, Err(ApplyError::Denied(_))));
    assert_eq!(archive.state(&operator()).await.unwrap(), None);
}
