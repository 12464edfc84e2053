//! The audit log.

use tenantry_activity::audit::{AuditEntry, AuditFilter, ResourceFilter};
use tenantry_kernel::id::ApiKeyId;
use tenantry_kernel::{Event, Principal, SystemScope, TenantScope};
use tenantry_tenancy::testing::{NOW, tenant_id};
use time::Duration;
use uuid::Uuid;

use super::{ActivityHarness, commit, entries};
use crate::next_page;
use crate::tenancy::scope;

fn actions(entries: &[AuditEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.action.as_str()).collect()
}

/// One tenant's entries are nobody else's.
pub async fn entries_are_their_tenants_only(store: &impl ActivityHarness) {
    commit(store, &scope(1), vec![Event::new("thing.made", "1")]).await;

    assert_eq!(entries(store, &scope(1), AuditFilter::default()).await.len(), 1);
    assert_eq!(entries(store, &scope(2), AuditFilter::default()).await, Vec::new());
}

/// Pages follow each other, newest first.
pub async fn entries_are_listed_newest_first_in_pages(store: &impl ActivityHarness) {
    for number in 1..=3 {
        commit(store, &scope(1), vec![Event::new("thing.made", number)]).await;
    }
    let mut unit = store.activity().read(&scope(1)).await.unwrap();
    let all = AuditFilter::default();

    let first = unit.audit().list(&all, next_page::<()>(2, None)).await.unwrap();
    let second = unit.audit().list(&all, next_page(2, Some(&first))).await.unwrap();

    let ids = |entries: &[AuditEntry]| {
        entries
            .iter()
            .map(|entry| entry.resource_id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (ids(&first.items), ids(&second.items), second.next),
        (vec!["3".into(), "2".into()], vec!["1".into()], None)
    );
}

/// Every condition narrows the list.
pub async fn entries_are_found_by_action_actor_resource_and_time(store: &impl ActivityHarness) {
    let key = ApiKeyId::from_uuid(Uuid::from_u128(5));
    let program = TenantScope::for_test_as(1, Principal::ApiKey { key, live: true }, &[]);
    commit(
        store,
        &scope(1),
        vec![Event::new("billing.paid", "7"), Event::new("billing_x.paid", "8")],
    )
    .await;
    commit(store, &program, vec![Event::new("thing.made", "7")]).await;
    let by = async |filter: AuditFilter| {
        let found = entries(store, &scope(1), filter).await;
        actions(&found).join(" ")
    };
    let action = |action: &str| AuditFilter {
        action: Some(action.to_owned()),
        ..AuditFilter::default()
    };
    let actor = |actor: &str| AuditFilter {
        actor: Some(actor.to_owned()),
        ..AuditFilter::default()
    };
    let resource = |text: &str| AuditFilter {
        resource: Some(ResourceFilter::parse(text)),
        ..AuditFilter::default()
    };

    assert_eq!(by(action("thing.made")).await, "thing.made");
    assert_eq!(by(action("billing.")).await, "billing.paid");
    assert_eq!(by(action("billing_.")).await, "");
    assert_eq!(by(actor("api_key")).await, "thing.made");
    assert_eq!(by(actor(&key.to_string())).await, "thing.made");
    assert_eq!(by(resource("billing")).await, "billing.paid");
    assert_eq!(by(resource("thing:7")).await, "thing.made");
    assert_eq!(by(resource("7")).await, "thing.made billing.paid");
    let until_now = AuditFilter {
        to: Some(NOW),
        ..AuditFilter::default()
    };
    let from_now = AuditFilter {
        from: Some(NOW),
        to: Some(NOW + Duration::MICROSECOND),
        ..AuditFilter::default()
    };
    assert_eq!(by(until_now).await, "");
    assert_eq!(by(from_now).await, "thing.made billing_x.paid billing.paid");
}

/// A batch removes the tenant's oldest entries, as many as asked for, and only those from before; the other tenant's
/// stay, however old.
pub async fn the_oldest_entries_of_one_tenant_are_purged_in_batches(store: &impl ActivityHarness) {
    for tenant in [1, 2] {
        for number in 1..=5 {
            commit(store, &scope(tenant), vec![Event::new("thing.made", number)]).await;
        }
    }
    let worker = SystemScope::for_test(&[]);
    let purge = async |before, limit| {
        let purged = store.audit_purge().purge_audit(&worker, tenant_id(1), before, limit);
        purged.await.unwrap()
    };
    let left = async |tenant| entries(store, &scope(tenant), AuditFilter::default()).await.len();

    assert_eq!(purge(NOW, 10).await, 0, "what happened at that time is kept");
    assert_eq!(purge(NOW + Duration::MICROSECOND, 2).await, 2);
    let kept = entries(store, &scope(1), AuditFilter::default()).await;
    let numbers: Vec<_> = kept.iter().map(|entry| entry.resource_id.as_str()).collect();
    assert_eq!(numbers, ["5", "4", "3"]);
    assert_eq!(purge(NOW + Duration::MICROSECOND, 10).await, 3);
    assert_eq!(purge(NOW + Duration::MICROSECOND, 10).await, 0);
    assert_eq!((left(1).await, left(2).await), (0, 5));
}
