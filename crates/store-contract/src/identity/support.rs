//! Support access.

use tenantry_identity::support::{Consent, ConsentId, Impersonation, Reason};
use tenantry_identity::testing::fixtures::{NOW, tenant_id, user_id};
use tenantry_identity::user::{PlatformRole, User};
use tenantry_kernel::id::{ImpersonationId, MembershipId, SessionId};
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{StoreError, SystemScope, retry};

use super::{IdentityHarness, begin, begin_person, read, register};
use crate::tenancy::{found_two, scope};

fn visit(number: u128, tenant: u128) -> Impersonation {
    Impersonation {
        id: ImpersonationId::from_uuid(Uuid::from_u128(number)),
        tenant: tenant_id(tenant),
        operator: user_id(90),
        session: SessionId::from_uuid(Uuid::from_u128(91)),
        membership: MembershipId::from_uuid(Uuid::from_u128(92)),
        user: user_id(93),
        reason: Reason::try_from("請求書 \"17\" が開かない 🦀").unwrap(),
        read_only: number % 2 == 1,
        started_at: NOW,
        expires_at: NOW + Duration::minutes(15),
        ended_at: None,
    }
}

fn consent(number: u128, hours: i64) -> Consent {
    Consent {
        id: ConsentId::from_uuid(Uuid::from_u128(number)),
        given_by: MembershipId::from_uuid(Uuid::from_u128(92)),
        given_at: NOW,
        expires_at: NOW + Duration::hours(hours),
        ended_at: None,
    }
}

async fn add(store: &impl IdentityHarness, tenant: u128, visits: &[Impersonation], consents: &[Consent]) {
    let mut unit = begin(store, tenant).await;
    for visit in visits {
        unit.support().add_visit(visit).await.unwrap();
    }
    for consent in consents {
        unit.support().add_consent(consent).await.unwrap();
    }
    unit.commit(Vec::new()).await.unwrap();
}

/// Visits and consents come back as they went, the youngest first, to their own tenant alone.
pub async fn visits_and_consents_come_back_whole_to_their_own_tenant(store: &impl IdentityHarness) {
    found_two(store).await;
    let (visits, consents) = ([visit(1, 1), visit(2, 1)], [consent(3, 1), consent(4, 2)]);
    add(store, 1, &visits, &consents).await;

    let mut unit = read(store, 1).await;
    assert_eq!(unit.support().visits(10).await.unwrap(), [visit(2, 1), visit(1, 1)]);
    assert_eq!(unit.support().visits(1).await.unwrap(), [visit(2, 1)]);
    assert_eq!(
        unit.support().consents(10).await.unwrap(),
        [consent(4, 2), consent(3, 1)]
    );
    drop(unit);
    let mut unit = read(store, 2).await;
    assert_eq!(unit.support().visits(10).await.unwrap(), []);
    assert_eq!(unit.support().consents(10).await.unwrap(), []);
    drop(unit);
    let directory = store.support_directory();
    let found = directory.visit(tenant_id(1), visit(1, 1).id).await.unwrap();
    assert_eq!(found.as_deref(), Some(&visit(1, 1)));
    assert_eq!(directory.visit(tenant_id(2), visit(1, 1).id).await.unwrap(), None);
}

/// A visit ends once, by its own tenant, and never after its time.
pub async fn a_visit_is_ended_once_by_its_own_tenant(store: &impl IdentityHarness) {
    found_two(store).await;
    add(store, 1, &[visit(1, 1), visit(2, 1)], &[]).await;
    let end = |tenant: u128, number: u128, minute: i64| async move {
        let mut unit = begin(store, tenant).await;
        let at = NOW + Duration::minutes(minute);
        let ended = unit.support().end_visit(visit(number, 1).id, at).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
        ended
    };

    assert!(!end(2, 1, 1).await);
    let (one, other) = tokio::join!(end(1, 1, 1), end(1, 1, 2));
    assert!(one != other);
    assert!(!end(1, 2, 15).await);

    let running = store
        .support_directory()
        .running(&SystemScope::for_test(&[]), NOW, 10)
        .await;
    assert_eq!(running.unwrap(), [visit(2, 1)]);
}

/// Operators are told of the visits of all tenants that go on, the youngest first.
pub async fn visits_that_go_on_are_told_across_tenants(store: &impl IdentityHarness) {
    found_two(store).await;
    let mut ended = visit(3, 1);
    ended.ended_at = Some(NOW);
    add(store, 1, &[visit(1, 1), ended], &[]).await;
    add(store, 2, &[visit(2, 2)], &[]).await;
    let directory = store.support_directory();
    let running = async |now, limit| {
        directory
            .running(&SystemScope::for_test(&[]), now, limit)
            .await
            .unwrap()
    };

    assert_eq!(running(NOW, 10).await, [visit(2, 2), visit(1, 1)]);
    assert_eq!(running(NOW, 1).await, [visit(2, 2)]);
    let one = async |number, now| {
        let id = visit(number, 1).id;
        let found = directory.running_visit(&SystemScope::for_test(&[]), now, id).await;
        found.unwrap()
    };
    assert_eq!(one(2, NOW).await, Some(visit(2, 2)));
    assert_eq!(one(3, NOW).await, None);
    assert_eq!(one(2, NOW + Duration::minutes(15)).await, None);
    assert_eq!(one(4, NOW).await, None);
    assert_eq!(running(NOW + Duration::minutes(15), 10).await, []);
}

/// A tenant agrees until the latest of its consents ends that it has not taken back.
pub async fn a_tenant_agrees_until_its_latest_consent_ends(store: &impl IdentityHarness) {
    found_two(store).await;
    let directory = store.support_directory();
    assert_eq!(directory.agreed_until(tenant_id(1)).await.unwrap(), None);
    add(store, 1, &[], &[consent(1, 5), consent(2, 1)]).await;
    assert_eq!(
        directory.agreed_until(tenant_id(1)).await.unwrap(),
        Some(NOW + Duration::hours(5))
    );
    assert_eq!(directory.agreed_until(tenant_id(2)).await.unwrap(), None);

    let mut unit = begin(store, 1).await;
    assert!(unit.support().end_consent(consent(1, 5).id, NOW).await.unwrap());
    assert!(!unit.support().end_consent(consent(1, 5).id, NOW).await.unwrap());
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(
        directory.agreed_until(tenant_id(1)).await.unwrap(),
        Some(NOW + Duration::HOUR)
    );
}

/// Of many who end a visit or take a consent back at once, exactly one is told that it was them.
pub async fn what_many_end_at_once_ends_once(store: &impl IdentityHarness) {
    found_two(store).await;
    add(store, 1, &[visit(1, 1)], &[consent(2, 1)]).await;
    let end = |minute: i64| async move {
        retry::contended(10, || async {
            let mut unit = store.identity().begin(&scope(1)).await?;
            let at = NOW + Duration::minutes(minute);
            let visit = unit.support().end_visit(visit(1, 1).id, at).await?;
            let consent = unit.support().end_consent(consent(2, 1).id, at).await?;
            unit.commit(Vec::new()).await?;
            Ok::<_, StoreError>((visit, consent))
        })
        .await
        .unwrap()
    };

    let outcomes = futures_util::future::join_all((0..8).map(end)).await;

    let told = |ended: fn(&(bool, bool)) -> bool| outcomes.iter().filter(|outcome| ended(outcome)).count();
    assert_eq!((told(|one| one.0), told(|one| one.1)), (1, 1));
    let mut unit = read(store, 1).await;
    assert!(unit.support().visits(1).await.unwrap()[0].ended_at.is_some());
    assert!(unit.support().consents(1).await.unwrap()[0].ended_at.is_some());
}

/// A person's platform role is told as it is now, and of those alone who may sign in.
pub async fn a_platform_role_is_told_while_the_person_may_sign_in(store: &impl IdentityHarness) {
    let person = user_id(90);
    let change = |change: fn(&mut User)| async move {
        let mut unit = begin_person(store, 90).await;
        let mut user = unit.users().find(person).await.unwrap().unwrap();
        change(&mut user);
        unit.users().update(&user).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
    };
    let role = async || store.session_directory().platform_role(person).await.unwrap();
    let may = async |user| store.session_directory().may_sign_in(user).await.unwrap();
    register(store, 90).await.unwrap();
    register(store, 91).await.unwrap();
    assert_eq!(role().await, None);
    assert_eq!((may(person).await, may(user_id(92)).await), (true, false));

    change(|user| user.set_platform_role(Some(PlatformRole::Support))).await;
    assert_eq!(role().await, Some(PlatformRole::Support));
    let other = store.session_directory().platform_role(user_id(91)).await;
    assert_eq!(other.unwrap(), None);

    change(|user| user.disable(NOW)).await;
    assert_eq!(role().await, None);
    assert_eq!((may(person).await, may(user_id(91)).await), (false, true));
    change(User::enable).await;
    assert!(may(person).await);
    change(|user| user.set_platform_role(None)).await;
    assert_eq!(role().await, None);
}
