//! Effect, audit entry, notice, mail and receipt land together or not at all.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use tenantry_activity::audit::{Actor, AuditFilter, RecordedChange};
use tenantry_activity::feed::{CommitListener, Committed};
use tenantry_activity::job::MAIL;
use tenantry_kernel::testing::test_authority;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{Event, ImpersonationId, MembershipId, Origin, PermissionSet, Principal, Value};
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::testing::{NOW, member, tenant_id, user_id};

use super::{ActivityHarness, commit, entries, mail, news};
use crate::tenancy::{begin, found_two, scope};

/// An entry says who did what to which thing, from where, and what it was before.
pub async fn a_commit_writes_its_audit_entries(store: &impl ActivityHarness) {
    let principal = Principal::Operator {
        user: user_id(7),
        session: tenantry_kernel::id::SessionId::from_uuid(uuid::Uuid::from_u128(8)),
    };
    let origin = Origin {
        address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
        user_agent: Some("curl/8 \u{1F980}".into()),
        request_id: "req-1".into(),
    };
    let scope = test_authority().enter(tenant_id(1), principal, PermissionSet::default(), origin);
    let event = Event::new("plan.changed", "thing-1")
        .change("seats", 3_i64, 5_i64)
        .change("password", Value::Masked, Value::Masked)
        .set("starts_at", NOW)
        .set("names", vec!["a", "b"]);

    commit(store, &scope, vec![event]).await;

    let found = entries(store, &scope, AuditFilter::default()).await;
    let [entry] = found.as_slice() else {
        panic!("one entry, not {found:?}")
    };
    let change = |field: &str, before: Value, after: Value| RecordedChange {
        field: field.to_owned(),
        before,
        after,
    };
    assert_eq!((entry.action.as_str(), entry.at), ("plan.changed", NOW));
    assert_eq!(
        (entry.resource_type.as_str(), entry.resource_id.as_str()),
        ("plan", "thing-1")
    );
    let actor = Actor {
        kind: "operator".to_owned(),
        id: user_id(7).to_string(),
        on_behalf_of: None,
    };
    assert_eq!(entry.actor, actor);
    assert_eq!(entry.address, Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))));
    assert_eq!(entry.user_agent.as_deref(), Some("curl/8 \u{1F980}"));
    assert_eq!(entry.request_id, "req-1");
    let expected = [
        change("seats", Value::Int(3), Value::Int(5)),
        change("password", Value::Masked, Value::Masked),
        change("starts_at", Value::Null, Value::Time(NOW)),
        change("names", Value::Null, vec!["a", "b"].into()),
    ];
    assert_eq!(entry.changes, expected);
}

/// What somebody does on behalf of a member names both.
pub async fn an_act_on_behalf_of_a_member_names_both(store: &impl ActivityHarness) {
    let membership = MembershipId::from_uuid(uuid::Uuid::from_u128(9));
    let principal = Principal::Support {
        operator: user_id(7),
        impersonation: ImpersonationId::from_uuid(uuid::Uuid::from_u128(8)),
        membership,
    };
    let scope = test_authority().enter(tenant_id(1), principal, PermissionSet::default(), Origin::default());

    commit(store, &scope, vec![Event::new("thing.made", "thing-1")]).await;

    let found = entries(store, &scope, AuditFilter::default()).await;
    let actor = Actor {
        kind: "operator".to_owned(),
        id: user_id(7).to_string(),
        on_behalf_of: Some(membership),
    };
    assert_eq!(found.iter().map(|entry| &entry.actor).collect::<Vec<_>>(), [&actor]);
}

/// A unit that is dropped leaves no entry, no notice and no mail.
pub async fn a_dropped_unit_leaves_no_trace(store: &impl ActivityHarness) {
    found_two(store).await;
    let before = entries(store, &scope(1), AuditFilter::default()).await;
    let cursor = store.feed().now().await.unwrap();
    let told = store.feed().since(cursor).await.unwrap();
    let mut unit = begin(store, 1).await;
    unit.memberships().insert(&member(10, SystemRole::Owner)).await.unwrap();

    drop(unit);

    assert_eq!(entries(store, &scope(1), AuditFilter::default()).await, before);
    assert_eq!(news(store, told.next, &told).await.notices, Vec::new());
    let jobs = store
        .jobs()
        .claim(&[MAIL.to_owned()], 10, Duration::MINUTE)
        .await
        .unwrap();
    assert_eq!(jobs, Vec::new());
}

/// When the commit is refused, neither the effect nor its record stays.
pub async fn a_refused_commit_leaves_no_trace(store: &impl ActivityHarness) {
    found_two(store).await;
    let receipted = scope(1).with_receipt(super::receipts::receipt("key-1"));
    commit(store, &receipted, vec![Event::new("thing.made", "first")]).await;
    let before = entries(store, &scope(1), AuditFilter::default()).await;

    let mut unit = store.tenancy().begin(&receipted).await.unwrap();
    unit.memberships().insert(&member(10, SystemRole::Owner)).await.unwrap();
    let refused = unit
        .commit(vec![Event::new("thing.made", "second").mail(mail("a@example.com"))])
        .await;

    assert!(refused.is_err());
    assert_eq!(entries(store, &scope(1), AuditFilter::default()).await, before);
    let found = begin(store, 1)
        .await
        .memberships()
        .find(member(10, SystemRole::Owner).id())
        .await
        .unwrap();
    assert_eq!(found, None);
    let jobs = store
        .jobs()
        .claim(&[MAIL.to_owned()], 10, Duration::MINUTE)
        .await
        .unwrap();
    assert_eq!(jobs, Vec::new());
}

#[derive(Default)]
struct Heard(Mutex<Vec<Committed>>);

impl CommitListener for Heard {
    fn committed(&self, what: Committed) {
        self.0.lock().unwrap().push(what);
    }
}

/// Listeners of this node hear of a commit before the committer goes on: of the tenant, and of every
/// person whose membership changed. They hear nothing of what was dropped or changed nothing.
pub async fn listeners_hear_of_commits_at_once(store: &impl ActivityHarness) {
    found_two(store).await;
    let heard = Arc::new(Heard::default());
    store.listen(heard.clone());
    commit(store, &scope(2), Vec::new()).await;
    drop(begin(store, 2).await);
    let joined = member(10, SystemRole::Owner);

    let mut unit = begin(store, 1).await;
    unit.memberships().insert(&joined).await.unwrap();
    unit.commit(vec![joined.created()]).await.unwrap();

    let tenant = Committed {
        tenant: Some(tenant_id(1)),
        user: None,
    };
    let person = Committed {
        tenant: None,
        user: Some(joined.user()),
    };
    assert_eq!(*heard.0.lock().unwrap(), [tenant, person]);
}
