//! Passwords that were right and do not do any more.

use tenantry_identity::password::{Lengths, WeakPassword};
use tenantry_identity::pending::Missing;
use tenantry_kernel::Secret;
use tenantry_tenancy::security::SecurityPolicy;
use tenantry_tenancy::store::TenancyStore;

use super::*;

const NEW: &str = "quite another passphrase, and longer";

async fn demand(house: &House, made: &SignedUp, change: impl FnOnce(&mut SecurityPolicy)) {
    let scope = house.owner_of(made).await;
    let mut unit = TenancyStore::begin(&house.store, &scope).await.unwrap();
    let mut stored = unit.security_policies().find().await.unwrap().unwrap();
    change(&mut stored.policy);
    unit.security_policies().write(&stored).await.unwrap();
    unit.commit(vec![]).await.unwrap();
}

async fn waiting(house: &House) -> Waiting {
    let wanted = request("owner@acme.example", PASSWORD, None);
    let outcome = house.sign_in().log_in(wanted, Origin::default()).await.unwrap();
    outcome.waiting().expect("something is missing")
}

async fn choose(house: &House, token: &Secret<String>, chosen: &str) -> Result<Outcome, SignInError> {
    let request = ChooseAnother {
        token: token.clone(),
        password: password(chosen),
        remember: false,
    };
    house.sign_in().choose_another(request, Origin::default()).await
}

#[tokio::test]
async fn whoever_has_outgrown_their_password_chooses_another_one_on_the_way_in() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    demand(&house, &made, |policy| policy.password.min_length = Some(30)).await;

    let wait = waiting(&house).await;
    assert_eq!(
        (wait.missing, wait.outgrown.as_deref()),
        (Missing::Password, Some("password_too_short"))
    );
    let weak = choose(&house, &wait.token, "still too short").await;
    assert!(matches!(
        weak,
        Err(SignInError::Weak(WeakPassword::TooShort { at_least: 30 }))
    ));
    let signed_in = choose(&house, &wait.token, NEW).await.unwrap().signed_in();

    assert!(signed_in.is_some());
    assert!(
        house
            .store
            .actions()
            .ends_with(&["session.started", "user.password_changed"])
    );
    let rows = house.store.person_rows(made.owner.user());
    let live = rows
        .sessions
        .iter()
        .filter(|session| session.record().ended_at.is_none());
    assert_eq!(live.count(), 1, "the session from before has ended");
    assert!(matches!(
        choose(&house, &wait.token, NEW).await,
        Err(SignInError::PendingOver)
    ));
    assert!(log_in(&house, "owner@acme.example", PASSWORD).await.is_err());
    assert!(log_in(&house, "owner@acme.example", NEW).await.is_ok());
}

#[tokio::test]
async fn of_two_who_choose_at_once_one_gets_in() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    demand(&house, &made, |policy| policy.password.min_length = Some(30)).await;
    let wait = waiting(&house).await;

    let (one, two) = tokio::join!(
        choose(&house, &wait.token, NEW),
        choose(&house, &wait.token, "a third passphrase, longer than that")
    );

    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
}

#[tokio::test]
async fn an_enrolment_follows_the_new_password_and_rests_on_it() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    demand(&house, &made, |policy| {
        policy.password.min_length = Some(30);
        policy.mfa_required = true;
    })
    .await;

    let wait = waiting(&house).await;
    assert_eq!(wait.missing, Missing::Password);
    let next = choose(&house, &wait.token, NEW).await.unwrap().waiting().unwrap();

    assert_eq!((next.missing, next.outgrown), (Missing::Enrolment, None));
    assert!(
        house
            .store
            .actions()
            .ends_with(&["user.password_changed", "user.sign_in_pending"])
    );
    assert!(log_in(&house, "owner@acme.example", PASSWORD).await.is_err());
    let next_time = request("owner@acme.example", NEW, None);
    let outcome = house.sign_in().log_in(next_time, Origin::default()).await.unwrap();
    assert_eq!(outcome.waiting().unwrap().missing, Missing::Enrolment);
}

#[tokio::test]
async fn the_installations_rule_holds_for_those_whose_password_is_all() {
    let mut house = House::default();
    let made = house.found("acme", "free").await;
    house.lengths = Lengths::new(40, 8).unwrap();

    assert_eq!(waiting(&house).await.missing, Missing::Password);
    demand(&house, &made, |policy| policy.mfa_required = true).await;
    assert_eq!(waiting(&house).await.missing, Missing::Enrolment);
}

#[tokio::test]
async fn a_password_that_will_do_is_asked_for_nothing() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    demand(&house, &made, |policy| {
        policy.password.min_length = Some(15);
        policy.password.min_strength = Some(4);
        policy.password.forbid_breached = true;
    })
    .await;

    assert!(log_in(&house, "owner@acme.example", PASSWORD).await.is_ok());
}
