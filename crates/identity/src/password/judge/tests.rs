//! Tests of the judge over a meter and a service that are told what to say.

use tenantry_kernel::{DisplayName, Locale};
use time::macros::datetime;

use super::super::demand::{MockPasswordDemands, TenantAsks};
use super::super::meter::{MockBreachLookup, MockStrengthMeter, Strength};
use super::*;
use crate::testing::person;
use crate::user::PlatformRole;

const GOOD: &str = "quiet marble lantern";
const LEAKED: &str = "quicksilver";

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn email() -> EmailAddress {
    EmailAddress::try_from("ada.lovelace@analytical.example").unwrap()
}

fn asks(change: impl FnOnce(&mut TenantAsks)) -> PasswordDemand {
    let mut asks = TenantAsks::default();
    change(&mut asks);
    let mut demand = PasswordDemand::default();
    demand.raise(asks);
    demand
}

/// A judge that may not measure anything.
fn judge() -> PasswordJudge {
    measuring(MockStrengthMeter::new())
}

fn measuring(meter: MockStrengthMeter) -> PasswordJudge {
    let demands = Arc::new(MockPasswordDemands::new());
    PasswordJudge::new(Lengths::default(), demands, Arc::new(meter))
}

fn scoring(score: u8) -> MockStrengthMeter {
    let mut meter = MockStrengthMeter::new();
    meter.expect_measure().times(1).returning(move |_, _| {
        Ok(Strength {
            score,
            advice: vec!["Add another word or two.".to_owned()],
        })
    });
    meter
}

fn seeing(sighting: Sighting) -> PasswordJudge {
    let mut lookup = MockBreachLookup::new();
    lookup.expect_look().times(1).returning(move |_| sighting);
    judge().asking(Arc::new(lookup))
}

async fn admit(judge: &PasswordJudge, password: &str, guarded: bool, demand: &PasswordDemand) -> Option<WeakPassword> {
    let email = email();
    let owner = PasswordOwner {
        email: &email,
        name: "Ada Lovelace",
        guarded,
    };
    match judge.admit(&secret(password), &owner, demand).await {
        Ok(()) => None,
        Err(Unfit::Weak(rule)) => Some(rule),
        Err(Unfit::Unmeasured(cause)) => panic!("{cause}"),
    }
}

async fn outgrown(judge: &PasswordJudge, password: &str, demand: &PasswordDemand) -> Option<&'static str> {
    let email = email();
    let owner = PasswordOwner {
        email: &email,
        name: "Ada Lovelace",
        guarded: true,
    };
    let found = judge.outgrown(&secret(password), &owner, demand).await.unwrap();
    found.map(|rule| rule.code())
}

#[tokio::test]
async fn the_strictest_of_installation_and_tenants_says_how_long() {
    let nobody = PasswordDemand::default();
    let strict = asks(|asks| asks.min_length = Some(24));
    let lax = asks(|asks| asks.min_length = Some(9));
    let short = |at_least| Some(WeakPassword::TooShort { at_least });

    assert_eq!(admit(&judge(), "fourteen chars", false, &nobody).await, short(15));
    assert_eq!(admit(&judge(), "fourteen chars", true, &nobody).await, None);
    assert_eq!(admit(&judge(), "fourteen chars", false, &lax).await, short(15));
    assert_eq!(admit(&judge(), GOOD, true, &strict).await, short(24));
    assert_eq!(admit(&judge(), GOOD, false, &nobody).await, None);
}

#[tokio::test]
async fn strength_is_measured_where_it_is_asked_for_only() {
    let demand = asks(|asks| asks.min_strength = Some(3));
    let none = asks(|asks| asks.min_strength = Some(0));

    assert_eq!(admit(&judge(), GOOD, false, &none).await, None);
    assert_eq!(admit(&measuring(scoring(3)), GOOD, false, &demand).await, None);
    let Some(WeakPassword::TooWeak { required, reached }) = admit(&measuring(scoring(2)), GOOD, false, &demand).await
    else {
        panic!("it is too weak");
    };
    assert_eq!((required, reached.score), (3, 2));
}

#[tokio::test]
async fn whoever_guesses_knows_the_owner_and_their_tenants() {
    let mut demand = asks(|asks| asks.min_strength = Some(1));
    demand.raise(TenantAsks {
        words: vec!["Acme Rockets".to_owned(), "acme".to_owned()],
        ..TenantAsks::default()
    });
    let mut meter = MockStrengthMeter::new();
    meter.expect_measure().times(1).returning(|password, words| {
        assert_eq!(password.expose(), GOOD);
        for known in [
            "ada.lovelace@analytical.example",
            "ada.lovelace",
            "lovelace",
            "analytical",
            "Ada Lovelace",
            "Ada",
            "Acme Rockets",
            "acme",
        ] {
            assert!(words.iter().any(|word| word == known), "{known} in {words:?}");
        }
        Ok(Strength {
            score: 4,
            advice: Vec::new(),
        })
    });

    assert_eq!(admit(&measuring(meter), GOOD, false, &demand).await, None);
}

#[tokio::test]
async fn the_list_of_breaches_holds_where_it_is_asked_for_and_where_a_service_is_away() {
    let nobody = PasswordDemand::default();
    let forbidding = asks(|asks| asks.forbid_breached = true);
    let breached = Some(WeakPassword::Breached);
    assert!(is_leaked(LEAKED));

    assert_eq!(admit(&judge(), LEAKED, true, &nobody).await, None);
    assert_eq!(
        admit(&judge(), &LEAKED.to_uppercase(), true, &forbidding).await,
        breached
    );
    // What everybody is told is told first.
    let common = admit(&judge(), "password123", true, &forbidding).await;
    assert_eq!(common, Some(WeakPassword::Common));
    assert_eq!(admit(&seeing(Sighting::Breached), GOOD, true, &nobody).await, breached);
    assert_eq!(admit(&seeing(Sighting::Unknown), LEAKED, true, &nobody).await, None);
    assert_eq!(
        admit(&seeing(Sighting::NoAnswer), LEAKED, true, &nobody).await,
        breached
    );
    assert_eq!(admit(&seeing(Sighting::NoAnswer), GOOD, true, &nobody).await, None);
}

#[tokio::test]
async fn a_service_is_asked_about_no_password_that_is_refused_anyway() {
    let mut lookup = MockBreachLookup::new();
    lookup.expect_look().never();
    let judge = judge().asking(Arc::new(lookup));

    let refused = admit(&judge, "short", true, &PasswordDemand::default()).await;

    assert_eq!(refused, Some(WeakPassword::TooShort { at_least: 8 }));
}

#[tokio::test]
async fn who_signs_in_is_asked_for_another_one_by_what_is_at_hand() {
    let mut lookup = MockBreachLookup::new();
    lookup.expect_look().never();
    let judge = judge().asking(Arc::new(lookup));
    let forbidding = asks(|asks| asks.forbid_breached = true);
    let strong = asks(|asks| asks.min_strength = Some(3));

    assert_eq!(outgrown(&judge, GOOD, &forbidding).await, None);
    // Refused for everybody who sets it, and nobody's to change by force.
    assert_eq!(outgrown(&judge, "password123", &PasswordDemand::default()).await, None);
    assert_eq!(
        outgrown(&judge, "password123", &forbidding).await,
        Some("password_breached")
    );
    assert_eq!(
        outgrown(&judge, "seven77", &PasswordDemand::default()).await,
        Some("password_too_short")
    );
    assert_eq!(
        outgrown(&measuring(scoring(1)), GOOD, &strong).await,
        Some("password_too_weak")
    );
    // However it came in.
    assert_eq!(outgrown(&judge, &"x".repeat(500), &forbidding).await, None);
}

#[test]
fn a_password_is_guarded_by_a_factor_or_where_every_tenant_wants_one() {
    let register = |role| {
        let name = DisplayName::try_from("Ada").unwrap();
        let now = datetime!(2026-03-01 12:00 UTC);
        let mut user = User::register(person(1).user, email(), name, Locale::default(), now);
        user.set_platform_role(role);
        user
    };
    let (user, operator) = (register(None), register(Some(PlatformRole::Operator)));
    let (one, two) = (asks(|_| ()), asks(|asks| asks.two_factors = true));
    let guarded = PasswordJudge::is_guarded;

    assert!(guarded(&user, true, &one) && guarded(&operator, true, &one));
    assert!(guarded(&user, false, &two) && !guarded(&user, false, &one));
    assert!(!guarded(&operator, false, &two), "they come in without a tenant");
}
