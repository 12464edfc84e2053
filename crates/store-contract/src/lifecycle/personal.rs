//! What the log says of people.

use tenantry_activity::audit::{AuditEntry, AuditFilter};
use tenantry_kernel::id::{MembershipId, SessionId};
use tenantry_kernel::testing::test_authority;
use tenantry_kernel::{Event, Origin, Principal, TenantScope, UserId, Value};
use uuid::Uuid;

use super::LifecycleHarness;
use crate::activity::{commit, entries};
use crate::tenancy::scope;

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// Person `number`, a member of tenant `tenant`, calls from somewhere.
fn member(tenant: u128, number: u128) -> TenantScope {
    let principal = Principal::Member {
        user: user(number),
        membership: MembershipId::from_uuid(Uuid::from_u128(number + 100)),
        session: SessionId::from_uuid(Uuid::nil()),
    };
    let origin = Origin {
        address: Some("203.0.113.7".parse().unwrap()),
        user_agent: Some("curl/8".into()),
        request_id: "r".into(),
    };
    let tenant = scope(tenant).tenant_id();
    test_authority().enter(tenant, principal, std::iter::empty().collect(), origin)
}

fn renamed(of: u128) -> Event {
    Event::new("membership.updated", "7")
        .of(user(of))
        .change("name", "Mia", "Mia Marple")
        .change("role", "viewer", "admin")
}

async fn only(store: &impl LifecycleHarness, tenant: u128) -> AuditEntry {
    entries(store, &scope(tenant), AuditFilter::default()).await.remove(0)
}

fn shown(entry: &AuditEntry) -> Vec<(&Value, &Value)> {
    entry
        .changes
        .iter()
        .map(|change| (&change.before, &change.after))
        .collect()
}

async fn forget(store: &impl LifecycleHarness, tenant: u128, person: u128) {
    let mut unit = store.lifecycle().begin_spanning(&scope(tenant), None).await.unwrap();
    unit.audit().forget(user(person)).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
}

/// What is kept apart is read as if it were not; once its person is forgotten a mark stands there, the same for one
/// person in one tenant.
pub async fn an_entry_names_who_is_forgotten_by_a_mark(store: &impl LifecycleHarness) {
    commit(store, &member(1, 5), vec![renamed(6)]).await;
    let before = only(store, 1).await;
    assert_eq!(shown(&before)[0], (&"Mia".into(), &"Mia Marple".into()));
    assert_eq!(before.user_agent.as_deref(), Some("curl/8"));
    assert_eq!(before.address, Some("203.0.113.7".parse().unwrap()));

    forget(store, 1, 6).await;

    let after = only(store, 1).await;
    let Value::Text(mark) = shown(&after)[0].0.clone() else {
        panic!("a mark is text");
    };
    assert!(mark.starts_with("erased:"), "{mark}");
    assert_eq!(
        shown(&after),
        [
            (&Value::Text(mark.clone()), &Value::Text(mark)),
            (&"viewer".into(), &"admin".into())
        ]
    );
    assert_eq!(
        (after.user_agent, after.address),
        (before.user_agent, before.address),
        "the actor is somebody else"
    );

    forget(store, 1, 5).await;
    let after = only(store, 1).await;
    assert_eq!((after.user_agent, after.address), (None, None));
    assert_eq!(after.actor, before.actor);
}

/// One tenant forgets for itself alone.
pub async fn a_tenant_forgets_in_its_own_log_alone(store: &impl LifecycleHarness) {
    for tenant in [1, 2] {
        commit(store, &member(tenant, 5), vec![renamed(6)]).await;
    }

    forget(store, 1, 6).await;

    assert_ne!(shown(&only(store, 1).await)[0].1, &"Mia Marple".into());
    assert_eq!(shown(&only(store, 2).await)[0].1, &"Mia Marple".into());
    forget(store, 2, 6).await;
    assert_ne!(
        shown(&only(store, 1).await)[0].1,
        shown(&only(store, 2).await)[0].1,
        "marks differ"
    );
}

/// A person reads what they did, in every tenant, and nothing that others did.
pub async fn a_person_reads_their_own_acts_everywhere(store: &impl LifecycleHarness) {
    commit(store, &member(1, 5), vec![renamed(5)]).await;
    commit(store, &member(2, 5), vec![Event::new("thing.made", "8")]).await;
    commit(store, &member(1, 6), vec![renamed(5)]).await;

    let acts = store.own_acts().acts_of(user(5), 10).await.unwrap();
    let newest = store.own_acts().acts_of(user(5), 1).await.unwrap();

    let told: Vec<_> = acts.iter().map(|act| (act.tenant, act.entry.action.as_str())).collect();
    let tenant = |number| Some(scope(number).tenant_id());
    assert_eq!(told, [(tenant(2), "thing.made"), (tenant(1), "membership.updated")]);
    assert_eq!(shown(&acts[1].entry)[0].1, &"Mia Marple".into());
    assert_eq!(newest, acts[..1]);
    assert_eq!(acts[0].entry.user_agent.as_deref(), Some("curl/8"));
}
