//! Tests of the way from a credential and an address to a scope.

mod admission;
mod platform_keys;

use std::net::IpAddr;

use tenantry_identity::api_key::CreateApiKey;
use tenantry_identity::platform_key::PlatformKey;
use tenantry_identity::testing::{PlainCipher, fixtures};
use tenantry_kernel::testing::CountingEntropy;
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    DomainError, ErrorKind, MembershipId, Note, PermissionSet, PlatformKeyId, Principal, Secret, SessionId,
};
use tenantry_tenancy::domain::{CustomDomain, CustomDomainId, HostName};
use tenantry_tenancy::gate::EnterError;
use tenantry_tenancy::membership::{Membership, MembershipDetails, MembershipStatus};

use super::*;
use crate::sign_up::SignedUp;
use crate::store::LifecycleStore;
use crate::testing::House;
use crate::testing::fixture::{NOW, code, email};

fn path(text: &str) -> Address<'static> {
    Address {
        path: Some(text.to_owned().into()),
        ..Address::default()
    }
}

fn header(text: &str) -> Address<'static> {
    Address {
        header: Some(text.to_owned().into()),
        ..Address::default()
    }
}

fn host(text: &str) -> Address<'static> {
    Address {
        host: Some(text.to_owned().into()),
        ..Address::default()
    }
}

async fn owner(house: &House, made: &SignedUp) -> Caller {
    let token = &made.tokens.as_ref().unwrap().access;
    house.access().authenticate_token(token.expose()).await.unwrap()
}

async fn enter(house: &House, caller: &Caller, address: &Address<'_>) -> Result<TenantScope, AccessError> {
    house.access().enter(caller, address, Origin::default()).await
}

fn operator(role: PlatformRole) -> Caller {
    Caller::Person(Person {
        user: UserId::from_uuid(Uuid::from_u128(9)),
        session: SessionId::from_uuid(Uuid::from_u128(9)),
        seat: None,
        platform_role: Some(role),
        stepped_up: true,
    })
}

async fn key(house: &House, made: &SignedUp, allowed_ips: &[&str]) -> Secret<String> {
    let request = CreateApiKey {
        name: "ci".to_owned(),
        permissions: vec!["usage.consume".to_owned()],
        rate_limit: Some(60),
        expires_in_days: Some(1),
        allowed_ips: allowed_ips.iter().map(|&range| range.to_owned()).collect(),
        live: true,
        ..CreateApiKey::default()
    };
    let scope = house.owner_of(made).await;
    house.api_keys().create(&scope, request).await.unwrap().text
}

fn from(address: &str) -> Origin {
    Origin {
        address: Some(address.parse::<IpAddr>().unwrap()),
        ..Origin::default()
    }
}

async fn own_domain(house: &House, made: &SignedUp, name: &str) {
    let scope = house.owner_of(made).await;
    let id = CustomDomainId::from_uuid(Uuid::from_u128(77));
    let mut domain = CustomDomain::claim(id, HostName::try_from(name).unwrap(), "proof".to_owned(), NOW);
    domain.verify(NOW).unwrap();
    let mut unit = house.store.begin_spanning(&scope, None).await.unwrap();
    unit.custom_domains().insert(&domain).await.unwrap();
    unit.commit(vec![]).await.unwrap();
}

/// Makes the owner of `who` a member of the tenant `made` too.
async fn join(house: &House, who: &SignedUp, made: &SignedUp) -> Membership {
    let details = MembershipDetails {
        email: email("second@acme.example"),
        role: code("member"),
        ..who.owner.details().clone()
    };
    let id = MembershipId::from_uuid(Uuid::from_u128(88));
    let member = Membership::join(id, details, NOW);
    let scope = house.owner_of(made).await;
    let mut unit = house.store.begin_spanning(&scope, None).await.unwrap();
    unit.memberships().insert(&member).await.unwrap();
    unit.commit(vec![]).await.unwrap();
    member
}

#[tokio::test]
async fn a_tenant_is_named_in_five_ways() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    own_domain(&house, &made, "portal.acme.example").await;
    let caller = owner(&house, &made).await;
    let id = made.tenant.id().to_string();

    for address in [
        path(&id),
        path("acme"),
        path("ACME"),
        path("current"),
        path("me"),
        header(&id),
        header("acme"),
        host("acme.app.example"),
        host("ACME.app.example:8080"),
        host("portal.acme.example"),
        Address::default(),
    ] {
        let scope = enter(&house, &caller, &address).await;
        assert_eq!(scope.unwrap().tenant_id(), made.tenant.id(), "{address:?}");
    }
}

#[tokio::test]
async fn the_platforms_own_hosts_and_addresses_name_no_tenant() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let caller = owner(&house, &made).await;

    for own in [
        "app.example",
        "www.app.example:443",
        "127.0.0.1:8080",
        "[::1]",
        "10.0.0.1",
    ] {
        assert!(enter(&house, &caller, &host(own)).await.is_ok(), "{own}");
        assert_eq!(house.access().addressed(&host(own)).await.unwrap(), None, "{own}");
    }
}

#[tokio::test]
async fn unknown_names_are_nowhere() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let caller = owner(&house, &made).await;
    let unknown = Uuid::from_u128(404).to_string();

    for address in [
        path("nowhere"),
        path(&unknown),
        header("nowhere"),
        host("nowhere.app.example"),
        host("deeper.acme.app.example"),
        host("elsewhere.example"),
        host("not a host"),
    ] {
        let refused = enter(&house, &caller, &address).await.unwrap_err();
        assert!(matches!(refused, AccessError::NoSuchTenant), "{address:?}");
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::NotFound, "not_found"));
    }
}

#[tokio::test]
async fn an_address_of_another_tenant_is_as_unknown_as_none() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    house.found("globex", "free").await;
    let person = owner(&house, &made).await;
    let text = key(&house, &made, &[]).await;
    let program = house
        .access()
        .authenticate_key(text.expose(), &Origin::default())
        .await
        .unwrap();

    for caller in [&person, &program] {
        for address in [path("globex"), header("globex"), host("globex.app.example")] {
            let other = enter(&house, caller, &address).await.unwrap_err();
            let none = enter(&house, caller, &path("nowhere")).await.unwrap_err();
            assert_eq!(other.to_string(), none.to_string(), "{address:?}");
            assert_eq!(other.code(), none.code());
        }
        let both = Address {
            header: Some("globex".into()),
            ..path("acme")
        };
        assert!(matches!(
            enter(&house, caller, &both).await,
            Err(AccessError::NoSuchTenant)
        ));
    }
}

#[tokio::test]
async fn a_member_of_the_addressed_tenant_is_told_to_switch_while_they_are_one() {
    let house = House::default();
    let acme = house.found("acme", "free").await;
    let globex = house.found("globex", "free").await;
    house.found("initech", "free").await;
    let mut member = join(&house, &acme, &globex).await;
    let caller = owner(&house, &acme).await;
    let seatless = Caller::Person(Person {
        user: acme.owner.user(),
        session: SessionId::from_uuid(Uuid::from_u128(1)),
        seat: None,
        platform_role: None,
        stepped_up: true,
    });

    let active = enter(&house, &caller, &path("globex")).await.unwrap_err();
    let without_a_seat = enter(&house, &seatless, &path("globex")).await.unwrap_err();
    let two = Address {
        header: Some("initech".into()),
        ..path("globex")
    };
    let with_a_strangers = enter(&house, &caller, &two).await.unwrap_err();
    member.deactivate(NOW).unwrap();
    let mut unit = house
        .store
        .begin_spanning(&house.owner_of(&globex).await, None)
        .await
        .unwrap();
    unit.memberships().update(&member).await.unwrap();
    unit.commit(vec![]).await.unwrap();
    let deactivated = enter(&house, &caller, &path("globex")).await.unwrap_err();

    assert_eq!(
        (active.kind(), active.code()),
        (ErrorKind::Malformed, "tenant_mismatch")
    );
    assert_eq!(without_a_seat.code(), "tenant_mismatch");
    assert_eq!(with_a_strangers.code(), "not_found");
    assert_eq!(deactivated.code(), "not_found");
}

#[tokio::test]
async fn a_key_enters_its_own_tenant_with_its_own_permissions() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let text = key(&house, &made, &[]).await;

    let caller = house
        .access()
        .authenticate_key(text.expose(), &Origin::default())
        .await
        .unwrap();
    let scope = enter(&house, &caller, &path("current")).await.unwrap();

    assert!(matches!(scope.principal(), Principal::ApiKey { live: true, .. }));
    assert_eq!(
        scope.permissions().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["usage.consume"]
    );
    let used = house.store.tenant_rows(made.tenant.id()).api_keys.remove(0);
    assert_eq!(used.record().last_used_at, Some(NOW));
}

#[tokio::test]
async fn a_key_works_only_from_where_it_may() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let text = key(&house, &made, &["10.1.0.0/16"]).await;
    let access = house.access();

    let inside = access.authenticate_key(text.expose(), &from("10.1.2.3")).await;
    let outside = access
        .authenticate_key(text.expose(), &from("10.2.0.1"))
        .await
        .unwrap_err();
    let nowhere = access.authenticate_key(text.expose(), &Origin::default()).await;

    assert!(inside.is_ok());
    assert_eq!(
        (outside.kind(), outside.code()),
        (ErrorKind::Denied, "address_not_allowed")
    );
    assert!(matches!(nowhere, Err(AccessError::AddressNotAllowed)));
}

#[tokio::test]
async fn keys_that_are_over_or_no_keys_are_refused_alike() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let text = key(&house, &made, &[]).await;
    let access = house.access();
    house.clock.advance(tenantry_kernel::time::Duration::days(1));

    for credential in [text.expose().as_str(), "tk_live_junk", ""] {
        let refused = access.authenticate_key(credential, &Origin::default()).await;
        assert!(matches!(refused, Err(AccessError::NotAuthenticated)), "{credential}");
    }
}

#[tokio::test]
async fn a_token_is_worth_nothing_once_it_or_its_session_is_over() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let token = made.tokens.as_ref().unwrap().access.clone();
    let access = house.access();

    assert!(access.authenticate_token(token.expose()).await.is_ok());
    assert!(matches!(
        access.authenticate_token("junk").await,
        Err(AccessError::NotAuthenticated)
    ));
    house.clock.advance(AccessClaims::MAX_LIFE);
    assert!(matches!(
        access.authenticate_token(token.expose()).await,
        Err(AccessError::NotAuthenticated)
    ));
}

#[tokio::test]
async fn people_come_in_to_pay_what_their_tenant_is_suspended_for_and_programs_do_not() {
    let house = House::default();
    let made = house.found("acme", "team").await;
    let member = owner(&house, &made).await;
    let text = key(&house, &made, &[]).await;
    let program = house
        .access()
        .authenticate_key(text.expose(), &Origin::default())
        .await
        .unwrap();
    house.clock.advance(Duration::days(14));
    house.billing_run().run(&house.worker(), None).await.unwrap();
    let member_again = member.clone();

    let work = enter(&house, &member, &path("acme")).await.unwrap_err();
    let access = house.access();
    let pay = access
        .enter_to_pay(&member_again, &path("acme"), Origin::default())
        .await;
    let key = access.enter_to_pay(&program, &path("acme"), Origin::default()).await;

    assert_eq!(
        work.details(),
        [
            ("reason", "the invoice INV-000001 over 199.00 USD is not paid".into()),
            ("cause", "unpaid".into())
        ]
    );
    assert!(pay.is_ok());
    assert!(matches!(key, Err(AccessError::Enter(EnterError::Suspended { .. }))));
}

#[tokio::test]
async fn a_suspended_tenant_is_locked_for_members_and_keys_and_unknown_to_strangers() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let stranger = house.found("globex", "free").await;
    let (member, stranger) = (owner(&house, &made).await, owner(&house, &stranger).await);
    let text = key(&house, &made, &[]).await;
    let program = house
        .access()
        .authenticate_key(text.expose(), &Origin::default())
        .await
        .unwrap();
    let reason = Note::try_from("unpaid").unwrap();
    house
        .operators()
        .suspend(&house.operator(), made.tenant.id(), &reason)
        .await
        .unwrap();

    for caller in [&member, &program] {
        let locked = enter(&house, caller, &path("acme")).await.unwrap_err();
        assert_eq!((locked.kind(), locked.code()), (ErrorKind::Locked, "tenant_suspended"));
        assert_eq!(
            locked.details(),
            [("reason", "unpaid".into()), ("cause", "operator".into())]
        );
        let paying = house
            .access()
            .enter_to_pay(caller, &path("acme"), Origin::default())
            .await;
        assert!(paying.is_err(), "an operator's suspension is not paid off");
    }
    let unknown = enter(&house, &stranger, &path("acme")).await;
    assert!(matches!(unknown, Err(AccessError::NoSuchTenant)));
    assert!(
        enter(&house, &operator(PlatformRole::Operator), &path("acme"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn platform_people_enter_any_tenant_that_the_address_names() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    house.found("globex", "free").await;
    let (operator, support) = (operator(PlatformRole::Operator), operator(PlatformRole::Support));
    let disagreeing = Address {
        header: Some("globex".into()),
        ..path("acme")
    };

    let all = enter(&house, &operator, &path("acme")).await.unwrap();
    let reading = enter(&house, &support, &host("acme.app.example")).await.unwrap();

    assert_eq!(all.tenant_id(), made.tenant.id());
    assert!(matches!(all.principal(), Principal::Operator { .. }));
    assert!(all.permissions().covers(reading.permissions()));
    let reads = reading.permissions().iter().all(|held| held.as_str().contains("read"));
    assert!(reads && !reading.permissions().is_empty());
    for address in [Address::default(), path("current"), disagreeing] {
        let refused = enter(&house, &operator, &address).await;
        assert!(matches!(refused, Err(AccessError::NoSuchTenant)), "{address:?}");
    }
}

#[tokio::test]
async fn only_platform_people_enter_the_installation() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let access = house.access();
    let held = |role| {
        let scope = access.enter_system(&operator(role), Origin::default()).unwrap();
        scope.permissions().clone()
    };

    let refused = access
        .enter_system(&owner(&house, &made).await, Origin::default())
        .unwrap_err();

    assert_eq!(refused.code(), "permission_denied");
    assert_eq!(
        held(PlatformRole::Operator),
        PermissionSet::from_iter([roles::PLATFORM_READ, roles::PLATFORM_MANAGE])
    );
    assert_eq!(
        held(PlatformRole::Support),
        PermissionSet::from_iter([roles::PLATFORM_READ])
    );
}

#[tokio::test]
async fn a_public_address_names_a_tenant_or_none() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    house.found("globex", "free").await;
    let access = house.access();
    let two = Address {
        header: Some("globex".into()),
        ..host("acme.app.example")
    };

    assert_eq!(access.addressed(&Address::default()).await.unwrap(), None);
    let named = access.addressed(&host("acme.app.example")).await.unwrap();
    assert_eq!(named, Some(made.tenant.id()));
    assert!(matches!(access.addressed(&two).await, Err(AccessError::NoSuchTenant)));
}

#[tokio::test]
async fn an_invited_person_does_not_enter_yet() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let mut request = crate::testing::fixture::sign_up("globex", "free");
    request.owner.email = made.owner.email().clone();
    let founder = crate::sign_up::Founder::Public(Origin::default());
    let invited = house.sign_up().found(&founder, &request, None).await.unwrap();
    let stored = house.store.tenant_rows(invited.tenant.id()).memberships.remove(0);
    assert!(matches!(stored.status(), MembershipStatus::Invited { .. }));
    let caller = Caller::Person(Person {
        user: stored.user(),
        session: SessionId::from_uuid(Uuid::from_u128(1)),
        seat: Some((invited.tenant.id(), stored.id())),
        platform_role: None,
        stepped_up: true,
    });

    let refused = enter(&house, &caller, &Address::default()).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Denied, "membership_inactive")
    );
}
