//! Sign-ins that wait for a second factor, or for the enrolment of one.

use tenantry_identity::factor::{FactorError, STEP_S};
use tenantry_identity::pending::{Missing, PENDING_LIFE};
use tenantry_identity::session::Method;
use tenantry_kernel::{Clock, Secret};
use tenantry_tenancy::store::TenancyStore;

use super::*;

/// What [`crate::testing::TestCodes`] shows so many steps from now.
fn code(house: &House, steps: i64) -> String {
    let step = house.clock.system_now().unix_timestamp() / STEP_S + steps;
    format!("{:06}", step.rem_euclid(1_000_000))
}

/// Whether the tenant wants a second factor from now on, and lets devices be remembered.
async fn demand(house: &House, made: &SignedUp, wanted: bool, remember: bool) {
    let scope = house.owner_of(made).await;
    let mut unit = TenancyStore::begin(&house.store, &scope).await.unwrap();
    let mut stored = unit.security_policies().find().await.unwrap().unwrap();
    stored.policy.mfa_required = wanted;
    stored.policy.remember_devices = remember;
    unit.security_policies().write(&stored).await.unwrap();
    unit.commit(vec![]).await.unwrap();
}

async fn waiting(house: &House) -> Waiting {
    let wanted = request("owner@acme.example", PASSWORD, None);
    let outcome = house.sign_in().log_in(wanted, Origin::default()).await.unwrap();
    outcome.waiting().expect("something is missing")
}

/// Enrols an app on the way in, with the code of the step before.
async fn enrol(house: &House, token: &Secret<String>) -> Result<SignedIn, SignInError> {
    let service = house.sign_in();
    service.begin_totp(token, &Origin::default()).await?;
    service
        .confirm_totp(token, code(house, -1), false, &Origin::default())
        .await
}

async fn verify(house: &House, token: &Secret<String>, code: &str, remember: bool) -> Result<SignedIn, SignInError> {
    let request = Verify {
        token: token.clone(),
        shown: ShownFactor::Totp(code.to_owned()),
        remember,
    };
    let outcome = house.sign_in().verify(request, Origin::default()).await?;
    Ok(outcome.signed_in().expect("nothing is missing"))
}

#[tokio::test]
async fn a_tenant_that_wants_two_factors_has_one_enrolled_on_the_way_in() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    demand(&house, &made, true, true).await;

    let wait = waiting(&house).await;
    assert_eq!(
        (wait.missing, wait.methods),
        (Missing::Enrolment, vec!["totp", "passkey"])
    );
    // What waits for an enrolment is no sign-in that waits for a factor.
    let wrong = verify(&house, &wait.token, &code(&house, 0), false).await;
    assert!(matches!(wrong, Err(SignInError::PendingOver)));
    let in_now = enrol(&house, &wait.token).await.unwrap();

    assert_eq!(in_now.recovery_codes.len(), 10);
    let session = house.store.person_rows(made.owner.user()).sessions.pop().unwrap();
    assert!(session.methods().has(Method::Totp) && session.methods().is_multi_factor());
    let actions = house.store.actions();
    assert!(actions.contains(&"user.totp_enrolled") && actions.ends_with(&["session.started", "user.totp_enrolled"]));
    assert!(matches!(
        enrol(&house, &wait.token).await,
        Err(SignInError::PendingOver)
    ));
    assert_eq!(waiting(&house).await.missing, Missing::Factor);
}

#[tokio::test]
async fn whoever_enrolled_meanwhile_is_not_enrolled_again() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    demand(&house, &made, true, true).await;
    let (theirs, mine) = (waiting(&house).await, waiting(&house).await);
    enrol(&house, &mine.token).await.unwrap();

    let begun = house.sign_in().begin_totp(&theirs.token, &Origin::default()).await;

    assert!(matches!(begun, Err(SignInError::Factor(FactorError::TotpEnrolled))));
    let confirmed = house
        .sign_in()
        .confirm_totp(&theirs.token, code(&house, 1), false, &Origin::default())
        .await;
    assert!(matches!(confirmed, Err(SignInError::PendingOver)));
}

#[tokio::test]
async fn a_pending_sign_in_is_good_once_and_for_ten_minutes() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    demand(&house, &made, true, true).await;
    enrol(&house, &waiting(&house).await.token).await.unwrap();
    let (one, late) = (waiting(&house).await, waiting(&house).await);

    assert!(verify(&house, &one.token, &code(&house, 0), false).await.is_ok());
    let again = verify(&house, &one.token, &code(&house, 1), false).await;
    house.clock.advance(PENDING_LIFE);
    let over = verify(&house, &late.token, &code(&house, 0), false).await;

    assert!(matches!(again, Err(SignInError::PendingOver)));
    assert!(matches!(over, Err(SignInError::PendingOver)));
    let junk = verify(&house, &Secret::new("mfa_junk".to_owned()), "123456", false).await;
    assert!(matches!(junk, Err(SignInError::PendingOver)));
}

#[tokio::test]
async fn two_who_show_one_code_at_once_are_one_who_gets_in() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    demand(&house, &made, true, true).await;
    enrol(&house, &waiting(&house).await.token).await.unwrap();
    let (one, two) = (waiting(&house).await, waiting(&house).await);
    let shown = code(&house, 0);

    let (one, two) = tokio::join!(
        verify(&house, &one.token, &shown, false),
        verify(&house, &two.token, &shown, false)
    );

    assert_ne!(one.is_ok(), two.is_ok());
    let refused = one.err().or(two.err()).unwrap();
    assert!(matches!(refused, SignInError::Factor(FactorError::Wrong)));
}

#[tokio::test]
async fn a_device_is_remembered_where_the_tenant_allows_it() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    demand(&house, &made, true, true).await;
    enrol(&house, &waiting(&house).await.token).await.unwrap();
    let remembered = verify(&house, &waiting(&house).await.token, &code(&house, 0), true).await;
    let device = remembered.unwrap().device.unwrap();
    let wanted = || LogIn {
        device: Some(device.clone()),
        ..request("owner@acme.example", PASSWORD, None)
    };

    let known = house.sign_in().log_in(wanted(), Origin::default()).await.unwrap();
    assert!(known.signed_in().is_some());
    demand(&house, &made, true, false).await;
    let forbidden = house.sign_in().log_in(wanted(), Origin::default()).await.unwrap();
    assert!(forbidden.waiting().is_some());
    house.clock.advance(Duration::minutes(1));
    let not_kept = verify(&house, &waiting(&house).await.token, &code(&house, 0), true).await;
    assert!(not_kept.unwrap().device.is_none());
}

#[tokio::test]
async fn a_session_with_one_factor_goes_on_until_the_tenant_wants_two() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let first = made.tokens.as_ref().unwrap().refresh.clone();
    let renewed = refresh(&house, first.expose()).await.unwrap();
    demand(&house, &made, true, true).await;

    let refused = refresh(&house, renewed.tokens.refresh.expose()).await.unwrap_err();

    assert!(matches!(refused, SignInError::SecondFactorRequired));
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Denied, "mfa_required"));
    // Nothing was spent: were the policy taken back, the session would go on.
    demand(&house, &made, false, true).await;
    assert!(refresh(&house, renewed.tokens.refresh.expose()).await.is_ok());
}

#[tokio::test]
async fn switching_to_a_tenant_that_wants_two_factors_asks_for_them() {
    let house = House::default();
    let first = house.found("acme", "free").await;
    let second = found_another(&house, &first, "globex").await;
    demand(&house, &second, true, true).await;
    let session = house.store.person_rows(first.owner.user()).sessions[0].clone();
    let person = Person {
        user: first.owner.user(),
        session: session.id(),
        seat: Some((first.tenant.id(), first.owner.id())),
        platform_role: None,
        stepped_up: true,
    };

    let outcome = house
        .sign_in()
        .switch(&person, "globex", Origin::default())
        .await
        .unwrap();
    let wait = outcome.waiting().unwrap();
    assert_eq!(wait.missing, Missing::Enrolment);
    let switched = enrol(&house, &wait.token).await.unwrap();

    assert_eq!(switched.tenant.unwrap().slug.as_str(), "globex");
    let opened = house.store.person_rows(first.owner.user()).sessions.pop().unwrap();
    assert!(opened.methods().is_multi_factor());
    assert_eq!(
        opened.record().expires_at,
        session.record().expires_at,
        "it ends when the first one would have"
    );
}
