//! The tenant itself.

use tenantry_kernel::time::Duration;
use tenantry_tenancy::tenant::{ProfileChange, SLUG_TAKEN, SuspensionCause, Tenant};
use tenantry_tenancy::testing;
use tenantry_tenancy::text::{DisplayName, Note, Phone};

use super::{TenancyHarness, begin, found_two, read};
use crate::{is_stale, refused_by};

async fn stored(store: &impl TenancyHarness, number: u128) -> Option<Tenant> {
    read(store, number).await.tenants().find().await.unwrap()
}

/// Every field comes back as it went, to the microsecond.
pub async fn a_tenant_comes_back_whole(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut tenant = stored(store, 1).await.unwrap();
    let change = ProfileChange {
        name: Some(DisplayName::try_from("Acme 株式会社").unwrap()),
        phone: Some(Some(Phone::try_from("+81 3 1234 5678").unwrap())),
        company_size: Some(Some(Note::try_from("1-10").unwrap())),
        use_case: Some(Some(Note::try_from("it's \"quoted\" \\ 100%").unwrap())),
        region: Some(Some(Note::try_from("eu").unwrap())),
        ..ProfileChange::default()
    };
    let later = testing::NOW + Duration::microseconds(1);
    let revised = tenant.revise(change, later).unwrap();
    let reason = Note::try_from("unpaid").unwrap();
    let suspended = tenant.suspend(&reason, SuspensionCause::Operator, later).unwrap();

    let mut unit = begin(store, 1).await;
    unit.tenants().update(&tenant).await.unwrap();
    unit.commit(vec![revised, suspended]).await.unwrap();

    assert_eq!(stored(store, 1).await, Some(tenant.saved()));
    assert_eq!(stored(store, 2).await, Some(testing::tenant(2, "globex")));
}

/// A unit finds its own tenant or none.
pub async fn a_tenant_that_was_not_founded_is_not_found(store: &impl TenancyHarness) {
    found_two(store).await;

    assert_eq!(stored(store, 3).await, None);
}

/// The second tenant with a slug is refused, and nothing of it stays.
pub async fn a_slug_belongs_to_one_tenant(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut unit = begin(store, 3).await;

    let refused = unit.tenants().insert(&testing::tenant(3, "acme")).await;

    assert_eq!(refused_by(refused), SLUG_TAKEN);
    drop(unit);
    assert_eq!(stored(store, 3).await, None);
    assert_eq!(
        store.access().tenant_by_slug("acme").await.unwrap(),
        Some(testing::tenant_id(1))
    );
}

/// Of two who found at once with one slug, one wins.
pub async fn a_slug_is_won_once_also_under_concurrency(store: &impl TenancyHarness) {
    let attempt = async |number: u128| {
        let mut unit = begin(store, number).await;
        let tenant = testing::tenant(number, "acme");
        unit.tenants().insert(&tenant).await?;
        unit.commit(vec![tenant.founded()]).await
    };

    let (first, second) = tokio::join!(attempt(1), attempt(2));

    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert_eq!(refused_by(if first.is_ok() { second } else { first }), SLUG_TAKEN);
}

/// Who read before another wrote is refused.
pub async fn a_tenant_that_changed_since_it_was_read_is_stale(store: &impl TenancyHarness) {
    found_two(store).await;
    let read_early = stored(store, 1).await.unwrap();
    let mut unit = begin(store, 1).await;
    unit.tenants().update(&read_early).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let mut unit = begin(store, 1).await;
    let late = unit.tenants().update(&read_early).await;

    assert!(is_stale(&late), "{late:?}");
    drop(unit);
    assert_eq!(stored(store, 1).await, Some(read_early.saved()));
}

/// Another tenant's unit cannot write it, even with the tenant in hand.
pub async fn a_tenant_is_written_by_its_own_unit_only(store: &impl TenancyHarness) {
    found_two(store).await;
    let acme = stored(store, 1).await.unwrap();

    let mut unit = begin(store, 3).await;
    let foreign = unit.tenants().update(&acme).await;

    assert!(is_stale(&foreign), "{foreign:?}");
    drop(unit);
    assert_eq!(stored(store, 1).await, Some(acme));
}

/// A dropped unit undoes everything.
pub async fn a_dropped_unit_leaves_nothing(store: &impl TenancyHarness) {
    let mut unit = begin(store, 1).await;
    unit.tenants().insert(&testing::tenant(1, "acme")).await.unwrap();

    drop(unit);

    assert_eq!(stored(store, 1).await, None);
    assert_eq!(store.access().tenant_by_slug("acme").await.unwrap(), None);
}
