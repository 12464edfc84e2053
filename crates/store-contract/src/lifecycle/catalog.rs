//! Published editions, and which catalog the installation runs.

use tenantry_kernel::{Code, SystemScope};
use tenantry_lifecycle::catalog::{ArchivedPlan, CatalogState};

use super::LifecycleHarness;
use crate::activity::news;

fn plan(code: &str, version: &str) -> ArchivedPlan {
    ArchivedPlan {
        code: Code::try_from(code).unwrap(),
        version: version.to_owned(),
        // Neither spacing nor the order of keys may change: the version is the hash of these bytes.
        document: "{\"b\": 1,  \"a\":\"é\\u0041\"}".to_owned(),
    }
}

fn catalog(name: &str) -> CatalogState {
    CatalogState {
        name: name.to_owned(),
        hash: format!("hash of {name}"),
    }
}

fn scope() -> SystemScope {
    SystemScope::for_test(&[])
}

/// An empty installation runs no catalog; after the first it runs that.
pub async fn the_first_catalog_is_taken_into_use(store: &impl LifecycleHarness) {
    let archive = store.archive();
    assert_eq!(archive.state(&scope()).await.unwrap(), None);
    assert_eq!(archive.load_all(&scope()).await.unwrap(), []);
    let plans = [plan("free", "1"), plan("pro", "1")];

    let published = archive
        .publish(&scope(), None, &catalog("default"), &plans)
        .await
        .unwrap();

    assert!(published);
    assert_eq!(archive.state(&scope()).await.unwrap(), Some(catalog("default")));
    assert_eq!(archive.load_all(&scope()).await.unwrap(), plans);
}

/// Editions add up; none is changed or taken away.
pub async fn editions_are_added_and_never_taken_away(store: &impl LifecycleHarness) {
    let archive = store.archive();
    let (first, second) = (catalog("first"), catalog("second"));
    archive
        .publish(&scope(), None, &first, &[plan("pro", "1")])
        .await
        .unwrap();
    let rewritten = ArchivedPlan {
        document: "{}".to_owned(),
        ..plan("pro", "1")
    };

    let published = archive
        .publish(&scope(), Some(&first), &second, &[rewritten, plan("pro", "2")])
        .await
        .unwrap();

    assert!(published);
    assert_eq!(archive.state(&scope()).await.unwrap(), Some(second));
    assert_eq!(
        archive.load_all(&scope()).await.unwrap(),
        [plan("pro", "1"), plan("pro", "2")]
    );
}

/// Who expected another catalog changes nothing.
pub async fn an_unexpected_catalog_stays(store: &impl LifecycleHarness) {
    let archive = store.archive();
    let running = catalog("running");
    archive.publish(&scope(), None, &running, &[]).await.unwrap();

    for expected in [None, Some(&catalog("other"))] {
        let published = archive
            .publish(&scope(), expected, &catalog("next"), &[plan("pro", "1")])
            .await
            .unwrap();
        assert!(!published, "{expected:?}");
    }

    assert_eq!(archive.state(&scope()).await.unwrap(), Some(running));
    assert_eq!(archive.load_all(&scope()).await.unwrap(), []);
}

/// Another catalog is told of; the running one, published again, changes nothing and is not.
pub async fn only_another_catalog_is_told_of(store: &impl LifecycleHarness) {
    let (archive, feed) = (store.archive(), store.feed());
    let running = catalog("running");
    let start = feed.now().await.unwrap();
    let before = feed.since(start).await.unwrap();
    archive
        .publish(&scope(), None, &running, &[plan("pro", "1")])
        .await
        .unwrap();
    assert_eq!(news(store, start, &before).await.notices.len(), 1);
    let told = feed.since(start).await.unwrap();

    let again = archive
        .publish(&scope(), Some(&running), &running, &[plan("pro", "1")])
        .await
        .unwrap();

    assert!(again);
    assert_eq!(archive.state(&scope()).await.unwrap(), Some(running));
    assert_eq!(news(store, start, &told).await.notices, []);
}

/// Of two nodes that publish at once, one does.
pub async fn one_of_two_nodes_publishes(store: &impl LifecycleHarness) {
    let publish = async |name: &'static str, expected: Option<CatalogState>| {
        let next = catalog(name);
        store
            .archive()
            .publish(&scope(), expected.as_ref(), &next, &[plan("pro", "1")])
            .await
            .unwrap()
    };

    let (one, two) = tokio::join!(publish("one", None), publish("two", None));
    assert!(one != two, "on an empty installation: {one} {two}");
    let running = store.archive().state(&scope()).await.unwrap();
    assert_eq!(running, Some(catalog(if one { "one" } else { "two" })));
    let (three, four) = tokio::join!(publish("three", running.clone()), publish("four", running));

    assert!(three != four, "on a running one: {three} {four}");
    let running = store.archive().state(&scope()).await.unwrap();
    assert_eq!(running, Some(catalog(if three { "three" } else { "four" })));
    assert_eq!(store.archive().load_all(&scope()).await.unwrap(), [plan("pro", "1")]);
}
