//! Tests of the use cases.

mod factors;
mod outgrown;

use tenantry_identity::session::SessionPolicy;
use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::{PasswordHash, PlatformRole, User};
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{DomainError, ErrorKind, Locale, Note, Origin, SessionId, StoreError, UserId};
use tenantry_tenancy::gate::EnterError;

use super::*;
use crate::access::Person;
use crate::sign_up::SignedUp;
use crate::testing::House;
use crate::testing::fixture::{self, NOW, PASSWORD, email, name, password};

fn request(address: &str, secret: &str, tenant: Option<&str>) -> LogIn {
    LogIn {
        email: email(address),
        password: password(secret),
        tenant: tenant.map(str::to_owned),
        device: None,
        remember: false,
    }
}

/// Signs in; nothing is missing.
async fn in_with(house: &House, request: LogIn) -> Result<SignedIn, SignInError> {
    let outcome = house.sign_in().log_in(request, Origin::default()).await?;
    Ok(outcome.signed_in().expect("nothing is missing"))
}

async fn log_in(house: &House, address: &str, secret: &str) -> Result<SignedIn, SignInError> {
    in_with(house, request(address, secret, None)).await
}

async fn refresh(house: &House, token: &str) -> Result<SignedIn, SignInError> {
    house.sign_in().refresh(token, &Origin::default()).await
}

/// A person of the platform, who has a password and no tenant.
async fn platform_person(house: &House, address: &str, role: Option<PlatformRole>) -> UserId {
    let id = UserId::from_uuid(Uuid::from_u128(0xABC));
    let mut user = User::register(id, email(address), name("Pat"), Locale::default(), NOW);
    user.set_password(PasswordHash::from_phc(format!("strong:{PASSWORD}")));
    user.set_platform_role(role);
    user.verify_email(NOW);
    let mut unit = house.store.begin_person(id, &Origin::default()).await.unwrap();
    unit.users().insert(&user).await.unwrap();
    unit.commit(vec![]).await.unwrap();
    id
}

async fn suspend(house: &House, made: &SignedUp) {
    let reason = Note::try_from("unpaid").unwrap();
    let suspended = house
        .operators()
        .suspend(&house.operator(), made.tenant.id(), &reason)
        .await;
    suspended.unwrap();
}

/// The owner of `acme` founds another tenant for themself.
async fn found_another(house: &House, first: &SignedUp, slug: &str) -> SignedUp {
    let session = house.store.person_rows(first.owner.user()).sessions[0].id();
    let person = Person {
        user: first.owner.user(),
        session,
        seat: None,
        platform_role: None,
        stepped_up: true,
    };
    let mut request = fixture::sign_up(slug, "free");
    request.owner.email = first.owner.email().clone();
    let founder = crate::sign_up::Founder::Person(person, Origin::default());
    house.sign_up().found(&founder, &request, None).await.unwrap()
}

#[tokio::test]
async fn a_right_password_opens_a_session_in_the_first_tenant() {
    let house = House::default();
    let made = house.found("acme", "free").await;

    let signed_in = log_in(&house, "owner@acme.example", PASSWORD).await.unwrap();

    assert_eq!(signed_in.tenant.unwrap().slug.as_str(), "acme");
    let caller = house
        .access()
        .authenticate_token(signed_in.tokens.access.expose())
        .await;
    assert!(caller.is_ok());
    assert_eq!(signed_in.tokens.expires_in_s, 600);
    let member = house.store.tenant_rows(made.tenant.id()).memberships.remove(0);
    assert_eq!(member.last_login_at(), Some(NOW));
    assert_eq!(house.store.actions().last(), Some(&"session.started"));
}

#[tokio::test]
async fn all_refusals_are_one_and_do_the_same_work() {
    let house = House::default();
    house.found("acme", "free").await;
    let mut told = Vec::new();

    for (address, secret, tenant) in [
        ("owner@acme.example", "a wrong passphrase", None),
        ("nobody@acme.example", PASSWORD, None),
        ("nobody@acme.example", PASSWORD, Some("acme")),
    ] {
        let (commits, verified) = (house.store.commits().len(), house.hasher.times_verified());
        let refusal = house
            .sign_in()
            .log_in(request(address, secret, tenant), Origin::default())
            .await
            .unwrap_err();
        let last = house.store.commits().pop().unwrap();
        told.push((
            refusal.kind(),
            refusal.code(),
            refusal.to_string(),
            refusal.details().len(),
            house.store.commits().len() - commits,
            house.hasher.times_verified() - verified,
            last.events[0].action,
        ));
    }

    assert!(told.iter().all(|refusal| *refusal == told[0]), "{told:#?}");
    assert_eq!(told[0].0, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_right_password_for_a_tenant_of_others_is_a_wrong_one() {
    let house = House::default();
    house.found("acme", "free").await;
    house.found("globex", "free").await;

    for tenant in ["globex", "nowhere"] {
        let wanted = request("owner@acme.example", PASSWORD, Some(tenant));
        let refusal = house.sign_in().log_in(wanted, Origin::default()).await.unwrap_err();
        assert!(matches!(refusal, SignInError::InvalidCredentials), "{tenant}");
    }
}

#[tokio::test]
async fn after_five_failures_even_the_right_password_waits() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    for _ in 0..User::FREE_FAILURES {
        log_in(&house, "owner@acme.example", "a wrong passphrase")
            .await
            .unwrap_err();
    }

    let waiting = log_in(&house, "owner@acme.example", PASSWORD).await;
    house.clock.advance(User::FIRST_DELAY);
    let after = log_in(&house, "owner@acme.example", PASSWORD).await;

    assert!(matches!(waiting, Err(SignInError::InvalidCredentials)));
    assert!(after.is_ok());
    let user = house.store.person_rows(made.owner.user()).user.unwrap();
    assert_eq!(user.record().failed_logins, 0);
    let failed = house
        .store
        .events()
        .into_iter()
        .filter(|event| event.action == "user.sign_in_failed");
    let told: Vec<bool> = failed.map(|event| !event.changes.is_empty()).collect();
    assert_eq!(
        told,
        [true, true, true, true, true, false],
        "what is not counted changes nothing"
    );
}

#[tokio::test]
async fn failures_at_once_are_all_counted() {
    let house = House::default();
    let made = house.found("acme", "free").await;

    let wrong = || log_in(&house, "owner@acme.example", "a wrong passphrase");
    let (one, two, three) = tokio::join!(wrong(), wrong(), wrong());

    assert!(one.is_err() && two.is_err() && three.is_err());
    let user = house.store.person_rows(made.owner.user()).user.unwrap();
    assert_eq!(user.record().failed_logins, 3);
}

#[tokio::test]
async fn two_log_ins_at_once_both_get_in() {
    let house = House::default();
    let made = house.found("acme", "free").await;

    let right = || log_in(&house, "owner@acme.example", PASSWORD);
    let (one, two) = tokio::join!(right(), right());

    assert!(one.is_ok() && two.is_ok());
    assert_eq!(house.store.person_rows(made.owner.user()).sessions.len(), 3);
}

#[tokio::test]
async fn in_production_an_address_is_verified_first() {
    let house = House::default().in_production();
    house.found("acme", "free").await;

    let unverified = log_in(&house, "owner@acme.example", PASSWORD).await;
    let wrong = log_in(&house, "owner@acme.example", "a wrong passphrase").await;

    assert!(matches!(unverified, Err(SignInError::EmailUnverified)));
    assert!(
        matches!(wrong, Err(SignInError::InvalidCredentials)),
        "only who knows it learns more"
    );
}

#[tokio::test]
async fn a_disabled_person_is_refused_as_a_wrong_password() {
    let house = House::default();
    let id = platform_person(&house, "pat@tenantry.example", None).await;
    let mut unit = house.store.begin_person(id, &Origin::default()).await.unwrap();
    let mut user = unit.users().find(id).await.unwrap().unwrap();
    user.disable(NOW);
    unit.users().update(&user).await.unwrap();
    unit.commit(vec![]).await.unwrap();

    let refused = log_in(&house, "pat@tenantry.example", PASSWORD).await;

    assert!(matches!(refused, Err(SignInError::InvalidCredentials)));
}

#[tokio::test]
async fn platform_people_sign_in_to_no_tenant() {
    let house = House::default();
    platform_person(&house, "pat@tenantry.example", Some(PlatformRole::Operator)).await;

    let signed_in = log_in(&house, "pat@tenantry.example", PASSWORD).await.unwrap();

    assert!(signed_in.tenant.is_none());
    assert_eq!(signed_in.user.platform_role(), Some(PlatformRole::Operator));
    assert_eq!(house.store.commits().last().unwrap().tenant, None);
}

#[tokio::test]
async fn the_seat_asked_for_is_taken_by_slug_or_id() {
    let house = House::default();
    let first = house.found("acme", "free").await;
    let second = found_another(&house, &first, "globex").await;

    for tenant in ["globex", "GLOBEX", &second.tenant.id().to_string()] {
        let wanted = request("owner@acme.example", PASSWORD, Some(tenant));
        let signed_in = in_with(&house, wanted).await.unwrap();
        assert_eq!(signed_in.tenant.unwrap().id, second.tenant.id(), "{tenant}");
    }
}

#[tokio::test]
async fn a_suspended_tenant_is_chosen_last_and_told_to_its_members_only() {
    let house = House::default();
    let first = house.found("acme", "free").await;
    suspend(&house, &first).await;

    let alone = log_in(&house, "owner@acme.example", PASSWORD).await.unwrap_err();
    let stranger = log_in(&house, "owner@acme.example", "a wrong passphrase")
        .await
        .unwrap_err();
    found_another(&house, &first, "globex").await;
    let elsewhere = log_in(&house, "owner@acme.example", PASSWORD).await.unwrap();

    assert!(matches!(alone, SignInError::Enter(EnterError::Suspended { .. })));
    assert_eq!(alone.details()[0].0, "reason");
    assert!(matches!(stranger, SignInError::InvalidCredentials));
    assert_eq!(elsewhere.tenant.unwrap().slug.as_str(), "globex");
}

#[tokio::test]
async fn a_weak_hash_is_made_anew_at_log_in() {
    let house = House::default();
    let id = platform_person(&house, "pat@tenantry.example", Some(PlatformRole::Support)).await;
    let mut unit = house.store.begin_person(id, &Origin::default()).await.unwrap();
    let mut user = unit.users().find(id).await.unwrap().unwrap();
    user.set_password(PasswordHash::from_phc(format!("weak:{PASSWORD}")));
    unit.users().update(&user).await.unwrap();
    unit.commit(vec![]).await.unwrap();

    log_in(&house, "pat@tenantry.example", PASSWORD).await.unwrap();

    let user = house.store.person_rows(id).user.unwrap();
    assert_eq!(user.password_hash().unwrap().as_str(), format!("strong:{PASSWORD}"));
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_gives_the_next_pair() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let first = made.tokens.unwrap().refresh;

    let renewed = refresh(&house, first.expose()).await.unwrap();
    let onward = refresh(&house, renewed.tokens.refresh.expose()).await.unwrap();

    assert_ne!(renewed.tokens.refresh, first);
    assert_ne!(onward.tokens.refresh, renewed.tokens.refresh);
    assert_eq!(renewed.tenant.unwrap().slug.as_str(), "acme");
    assert_eq!(house.store.commits().len(), 3);
}

#[tokio::test]
async fn two_tabs_that_refresh_at_once_get_the_same_successor() {
    let house = House::default();
    let first = house.found("acme", "free").await.tokens.unwrap().refresh;

    let (one, two) = tokio::join!(refresh(&house, first.expose()), refresh(&house, first.expose()));
    house.clock.advance(Duration::seconds(9));
    let late = refresh(&house, first.expose()).await.unwrap();

    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.tokens.refresh, two.tokens.refresh);
    assert_eq!(late.tokens.refresh, one.tokens.refresh);
    assert!(refresh(&house, one.tokens.refresh.expose()).await.is_ok());
}

#[tokio::test]
async fn a_replay_after_the_window_ends_the_session_for_both() {
    let house = House::default();
    let stolen = house.found("acme", "free").await.tokens.unwrap().refresh;
    let renewed = refresh(&house, stolen.expose()).await.unwrap();
    house.clock.advance(SessionPolicy::default().replay_window);

    let thief = refresh(&house, stolen.expose()).await;
    let owner = refresh(&house, renewed.tokens.refresh.expose()).await;
    let access = house.access().authenticate_token(renewed.tokens.access.expose()).await;

    assert!(matches!(thief, Err(SignInError::InvalidRefreshToken)));
    assert!(matches!(owner, Err(SignInError::InvalidRefreshToken)));
    assert!(access.is_err());
    assert_eq!(house.store.actions().last(), Some(&"session.revoked"));
}

#[tokio::test]
async fn junk_and_foreign_refresh_tokens_are_refused_alike() {
    let house = House::default();
    let token = house.found("acme", "free").await.tokens.unwrap().refresh;
    let mut forged = token.expose().clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'a' { 'b' } else { 'a' });

    for text in ["", "rt_x_y", "token", &forged] {
        let refused = refresh(&house, text).await;
        assert!(matches!(refused, Err(SignInError::InvalidRefreshToken)), "{text}");
    }
}

#[tokio::test]
async fn a_closed_seat_refreshes_no_more() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let token = made.tokens.as_ref().unwrap().refresh.clone();
    let mut unit = house
        .store
        .begin_person(made.owner.user(), &Origin::default())
        .await
        .unwrap();
    let mut user = unit.users().find(made.owner.user()).await.unwrap().unwrap();
    user.disable(NOW);
    unit.users().update(&user).await.unwrap();
    unit.commit(vec![]).await.unwrap();

    let refused = refresh(&house, token.expose()).await;

    assert!(matches!(refused, Err(SignInError::InvalidRefreshToken)));
}

#[tokio::test]
async fn a_lost_race_refreshes_again() {
    let house = House::default();
    let token = house.found("acme", "free").await.tokens.unwrap().refresh;
    house.store.fail_commit(StoreError::Contended);

    assert!(refresh(&house, token.expose()).await.is_ok());
}

#[tokio::test]
async fn a_switch_opens_a_session_that_ends_with_the_present_one_and_proves_nothing_anew() {
    let house = House::default();
    let first = house.found("acme", "free").await;
    found_another(&house, &first, "globex").await;
    let session = house.store.person_rows(first.owner.user()).sessions[0].clone();
    let person = Person {
        user: first.owner.user(),
        session: session.id(),
        seat: Some((first.tenant.id(), first.owner.id())),
        platform_role: None,
        stepped_up: true,
    };
    house.clock.advance(Duration::HOUR);

    let switched = house
        .sign_in()
        .switch(&person, "globex", Origin::default())
        .await
        .unwrap();

    assert_eq!(switched.signed_in().unwrap().tenant.unwrap().slug.as_str(), "globex");
    let opened = house.store.person_rows(first.owner.user()).sessions.pop().unwrap();
    assert_ne!(opened.id(), session.id());
    assert_eq!(opened.record().expires_at, session.record().expires_at);
    assert!(!opened.is_stepped_up(&SessionPolicy::default(), NOW + Duration::HOUR));
}

#[tokio::test]
async fn nobody_switches_to_a_tenant_of_others_or_from_a_session_that_is_over() {
    let house = House::default();
    let first = house.found("acme", "free").await;
    house.found("globex", "free").await;
    let session = house.store.person_rows(first.owner.user()).sessions[0].id();
    let person = |session: SessionId| Person {
        user: first.owner.user(),
        session,
        seat: Some((first.tenant.id(), first.owner.id())),
        platform_role: None,
        stepped_up: true,
    };
    let service = house.sign_in();

    let elsewhere = service.switch(&person(session), "globex", Origin::default()).await;
    service
        .log_out(first.owner.user(), session, &Origin::default())
        .await
        .unwrap();
    let over = service.switch(&person(session), "acme", Origin::default()).await;

    assert!(matches!(elsewhere, Err(SignInError::NoSuchTenant)));
    assert!(matches!(over, Err(SignInError::InvalidCredentials)));
}

#[tokio::test]
async fn logging_out_ends_the_session_once_and_never_fails() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let tokens = made.tokens.unwrap();
    let service = house.sign_in();

    for text in [tokens.refresh.expose().as_str(), tokens.refresh.expose(), "junk"] {
        service.log_out_with(text, &Origin::default()).await.unwrap();
    }

    let ended = house
        .store
        .actions()
        .iter()
        .filter(|action| **action == "session.ended")
        .count();
    assert_eq!(ended, 1);
    assert!(house.access().authenticate_token(tokens.access.expose()).await.is_err());
}
