//! Tests of the use case.

use std::sync::Arc;

use tenantry_billing::invoice::InvoiceStatus;
use tenantry_billing::plan::Cycle;
use tenantry_identity::one_time_token::{OneTimeText, Purpose};
use tenantry_identity::session::Session;
use tenantry_identity::user::{PlatformRole, User};
use tenantry_kernel::error::IDEMPOTENCY_KEY_USED;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{
    Budget, Currency, DomainError, ErrorKind, Event, Mail, Origin, Principal, Receipt, StoreError, Value,
};
use tenantry_tenancy::locale::Timezone;
use tenantry_tenancy::membership::MembershipState;
use tenantry_tenancy::tenant::Slug;

use super::*;
use crate::access::Person;
use crate::catalog::Catalog;
use crate::testing::House;
use crate::testing::fixture::{self, USERS, code, email, name};

fn public() -> Founder {
    Founder::Public(Origin::default())
}

fn receipt() -> Receipt {
    Receipt {
        operation: "tenants_create",
        key: Arc::from("k1"),
        body_digest: [1; 32],
        platform: true,
    }
}

async fn refused(house: &House, request: &SignUp) -> SignUpError {
    house.sign_up().found(&public(), request, None).await.unwrap_err()
}

fn field_code(refusal: &SignUpError) -> (String, &'static str) {
    let field = refusal.fields().remove(0);
    (field.field, field.code)
}

#[tokio::test]
async fn a_sign_up_lands_everything_in_one_commit() {
    let house = House::default();

    let made = house.found("acme", "starter").await;

    let tenant = made.tenant.id();
    let rows = house.store.tenant_rows(tenant);
    let person = house.store.person_rows(made.owner.user());
    let book = house.store.book(tenant);
    assert_eq!(house.store.commits().len(), 1);
    assert_eq!(
        house.store.actions(),
        [
            "tenant.created",
            "user.registered",
            "membership.created",
            "session.started",
            "subscription.started"
        ]
    );
    assert_eq!(rows.tenant.as_ref(), Some(&made.tenant));
    assert_eq!(rows.memberships, std::slice::from_ref(&made.owner));
    assert_eq!(made.owner.role(), &code("owner"));
    assert_eq!(rows.gauges[&code(USERS)], 1);
    assert_eq!(rows.entitlements.unwrap().plan, code("starter"));
    assert_eq!(book.subscriptions, std::slice::from_ref(&made.subscription));
    assert_eq!(made.subscription.status().as_str(), "trialing");
    assert_eq!(book.account.unwrap().currency(), Currency::USD);
    assert_eq!(person.sessions.len(), 1);
    assert!(made.tokens.is_some());
}

#[tokio::test]
async fn a_commit_that_fails_leaves_nothing_of_a_sign_up() {
    let house = House::default();
    house.store.fail_commit(StoreError::Unavailable("gone".into()));

    let refusal = refused(&house, &fixture::sign_up("acme", "free")).await;

    assert_eq!(refusal.kind(), ErrorKind::Unavailable);
    assert_eq!(house.store.tenant_count(), 0);
    assert!(house.store.commits().is_empty());
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let house = House::default();
    house.store.fail_commit(StoreError::Contended);

    let made = house.found("acme", "free").await;

    assert_eq!(house.store.commits().len(), 1);
    assert_eq!(house.store.tenant_rows(made.tenant.id()).memberships.len(), 1);
}

#[tokio::test]
async fn a_taken_slug_is_refused_with_suggestions_that_are_free() {
    let house = House::default();
    house.found("acme", "free").await;
    let mut request = fixture::sign_up("acme", "free");
    request.owner.email = email("other@globex.example");

    let refusal = refused(&house, &request).await;

    let SignUpError::SlugTaken { suggestions, .. } = &refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Conflict, "slug_taken"));
    assert!((1..=5).contains(&suggestions.len()) && !suggestions.contains(&"acme".to_owned()));
    assert_eq!(house.store.tenant_count(), 1);
    assert!(house.store.mails().len() == 1, "nobody is written to");
}

#[tokio::test]
async fn of_two_sign_ups_for_one_slug_at_once_one_wins() {
    let house = House::default();
    let (service, mut second) = (house.sign_up(), fixture::sign_up("acme", "free"));
    second.owner.email = email("other@globex.example");
    let first = fixture::sign_up("acme", "free");

    let (founder, none) = (public(), None);
    let (one, other) = tokio::join!(
        service.found(&founder, &first, none),
        service.found(&founder, &second, none)
    );

    assert!(one.is_ok() != other.is_ok());
    assert_eq!(house.store.tenant_count(), 1);
}

#[tokio::test]
async fn two_sign_ups_with_one_new_address_at_once_make_one_person() {
    let house = House::default();
    let (service, mut second) = (house.sign_up(), fixture::sign_up("globex", "free"));
    let first = fixture::sign_up("acme", "free");
    second.owner.email = first.owner.email.clone();

    let (founder, none) = (public(), None);
    let (one, other) = tokio::join!(
        service.found(&founder, &first, none),
        service.found(&founder, &second, none)
    );

    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.owner.user(), other.owner.user());
    assert!(one.tokens.is_some() != other.tokens.is_some());
}

#[tokio::test]
async fn without_a_slug_the_name_gives_one_that_is_free() {
    let house = House::default();
    house.found("acme", "free").await;
    let mut request = fixture::sign_up("acme", "free");
    request.slug = None;
    request.owner.email = email("other@globex.example");

    let made = house.sign_up().found(&public(), &request, None).await.unwrap();

    assert_ne!(made.tenant.slug().as_str(), "acme");
    assert!(made.tenant.slug().as_str().starts_with("acme"));
}

#[tokio::test]
async fn a_reserved_slug_is_refused_by_field() {
    let house = House::default();
    let mut request = fixture::sign_up("acme", "free");
    request.slug = Some(Slug::try_from("admin").unwrap());

    let refusal = refused(&house, &request).await;

    assert_eq!(field_code(&refusal), ("slug".to_owned(), "slug_reserved"));
    assert_eq!(house.store.tenant_count(), 0);
}

#[tokio::test]
async fn where_sign_up_is_closed_only_operators_found() {
    let mut parts = fixture::parts();
    parts.self_signup = false;
    let house = House::selling(Catalog::new(parts).unwrap());
    let request = fixture::sign_up("acme", "free");

    let refusal = refused(&house, &request).await;
    let support = Founder::Operator(house.platform(PlatformRole::Support));
    let denied = house.sign_up().found(&support, &request, None).await.unwrap_err();
    let operator = Founder::Operator(house.operator());
    let made = house.sign_up().found(&operator, &request, None).await.unwrap();

    assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Denied, "sign_up_closed"));
    assert_eq!(denied.code(), "permission_denied");
    assert_eq!(made.tenant.slug().as_str(), "acme");
    assert!(made.tokens.is_none(), "an operator is not handed the owner's tokens");
}

/// What the caller sees, without what differs between any two sign-ups.
fn shown(made: &SignedUp) -> impl PartialEq + std::fmt::Debug {
    (
        made.owner.state(),
        made.owner.name().cloned(),
        made.owner.version(),
        made.owner.created_at(),
        made.owner.last_login_at(),
        made.subscription.status(),
        made.tokens.is_some(),
    )
}

#[tokio::test]
async fn in_production_a_known_address_is_answered_as_an_unknown_one() {
    let house = House::default().in_production();
    let first = house.found("acme", "starter").await;
    let mut request = fixture::sign_up("globex", "starter");
    request.owner.email = first.owner.email().clone();

    let again = house.sign_up().found(&public(), &request, None).await.unwrap();

    assert_eq!(shown(&again), shown(&first));
    assert!(first.tokens.is_none());
    let stored = house.store.tenant_rows(again.tenant.id()).memberships.remove(0);
    assert_eq!(stored.state(), MembershipState::Invited, "they accept by mail first");
    assert_eq!(house.store.commits()[1].principal, Principal::Anonymous);
    let mails = house.store.mails();
    let templates: Vec<_> = mails.iter().map(|mail| mail.template).collect();
    assert_eq!(templates, ["welcome", "already_registered"]);
    assert_eq!(mails[1].to, *first.owner.email());
}

#[tokio::test]
async fn a_known_address_gets_no_tokens_in_development_either() {
    let house = House::default();
    let first = house.found("acme", "free").await;
    let mut request = fixture::sign_up("globex", "free");
    request.owner.email = first.owner.email().clone();

    let again = house.sign_up().found(&public(), &request, None).await.unwrap();

    assert!(first.tokens.is_some() && again.tokens.is_none());
    let sessions = house.store.person_rows(first.owner.user()).sessions;
    assert_eq!(sessions.len(), 1, "nobody signs in as somebody else");
    assert_eq!(house.store.person_rows(first.owner.user()).user.unwrap().version(), 1);
}

#[tokio::test]
async fn the_token_of_a_known_owner_ends_with_the_invitation() {
    let house = House::default();
    let first = house.found("acme", "free").await;
    let mut request = fixture::sign_up("globex", "free");
    request.owner.email = first.owner.email().clone();

    house.sign_up().found(&public(), &request, None).await.unwrap();

    let tokens = house.store.person_rows(first.owner.user()).one_time_tokens;
    let token = tokens
        .iter()
        .find(|token| token.purpose == Purpose::Invitation)
        .unwrap();
    assert_eq!(
        token.expires_at,
        fixture::NOW + tenantry_kernel::time::Duration::days(5)
    );
}

fn as_person(owner: &tenantry_tenancy::membership::Membership, sessions: &[Session]) -> Founder {
    let person = Person {
        user: owner.user(),
        session: sessions[0].id(),
        seat: None,
        platform_role: None,
        stepped_up: true,
    };
    Founder::Person(person, Origin::default())
}

#[tokio::test]
async fn a_signed_in_person_adds_a_tenant_to_themself_at_once() {
    let house = House::default();
    let first = house.found("acme", "free").await;
    let founder = as_person(&first.owner, &house.store.person_rows(first.owner.user()).sessions);
    let mut request = fixture::sign_up("globex", "free");
    request.owner.email = first.owner.email().clone();
    request.owner.password = None;

    let made = house.sign_up().found(&founder, &request, None).await.unwrap();

    let stored = house.store.tenant_rows(made.tenant.id()).memberships.remove(0);
    assert_eq!(stored.state(), MembershipState::Active);
    assert_eq!(stored.user(), first.owner.user());
    assert!(made.tokens.is_none());
    assert_eq!(house.store.mails().len(), 1, "only the first welcome");
}

#[tokio::test]
async fn without_a_password_a_link_to_set_one_goes_out() {
    let house = House::default();
    let mut request = fixture::sign_up("acme", "free");
    request.owner.password = None;

    let made = house.sign_up().found(&public(), &request, None).await.unwrap();

    let Mail { template, token, .. } = house.store.mails().remove(0);
    let text = OneTimeText::parse(token.unwrap().expose()).unwrap();
    assert_eq!((template, text.purpose()), ("set_password", Purpose::SetPassword));
    assert!(made.tokens.is_none());
    assert_eq!(
        house.store.person_rows(made.owner.user()).user.unwrap().password_hash(),
        None
    );
}

#[tokio::test]
async fn whom_an_operator_names_is_invited_as_owner() {
    let house = House::default();
    let mut request = fixture::sign_up("acme", "enterprise");
    request.owner.password = None;
    let founder = Founder::Operator(house.operator());

    let made = house.sign_up().found(&founder, &request, None).await.unwrap();

    assert_eq!(made.owner.state(), MembershipState::Invited);
    let mail = house.store.mails().remove(0);
    let text = OneTimeText::parse(mail.token.unwrap().expose()).unwrap();
    assert_eq!((mail.template, text.purpose()), ("invitation", Purpose::Invitation));
    assert!(matches!(house.store.commits()[0].principal, Principal::Operator { .. }));
}

#[tokio::test]
async fn plans_are_named_in_any_spelling_and_by_alias() {
    for (slug, plan) in [("acme", "PRO"), ("globex", "Professional"), ("initech", "pro")] {
        let house = House::default();

        let made = house.found(slug, plan).await;

        assert_eq!(made.subscription.plan().code, code("professional"), "{plan}");
    }
}

#[tokio::test]
async fn a_plan_that_is_not_for_everyone_is_unknown_to_the_public() {
    let house = House::default();

    let hidden = refused(&house, &fixture::sign_up("acme", "enterprise")).await;
    let unknown = refused(&house, &fixture::sign_up("acme", "gold")).await;

    assert_eq!(field_code(&hidden), ("plan".to_owned(), "unknown_plan"));
    assert_eq!(field_code(&unknown), field_code(&hidden));
}

#[tokio::test]
async fn terms_that_are_not_sold_are_refused_by_field() {
    let house = House::default();
    let mut yen = fixture::sign_up("acme", "starter");
    yen.currency = Some(Currency::JPY);
    let mut by_use = fixture::sign_up("acme", "starter");
    by_use.cycle = Some(Cycle::PayAsYouGo);
    let mut weak = fixture::sign_up("acme", "starter");
    weak.owner.password = Some(fixture::password("short"));

    assert_eq!(
        field_code(&refused(&house, &yen).await),
        ("currency".to_owned(), "currency_not_offered")
    );
    assert_eq!(
        field_code(&refused(&house, &by_use).await),
        ("billing_cycle".to_owned(), "cycle_not_offered")
    );
    assert_eq!(field_code(&refused(&house, &weak).await).0, "owner_password");
    assert_eq!(house.store.tenant_count(), 0);
}

#[tokio::test]
async fn a_time_zone_that_is_not_on_the_map_is_refused_by_field() {
    let house = House::default();
    let mut nowhere = fixture::sign_up("acme", "free");
    nowhere.timezone = Some(Timezone::try_from("Europe/Atlantis").unwrap());
    let mut tokyo = fixture::sign_up("acme", "free");
    tokyo.timezone = Some(Timezone::try_from("Asia/Tokyo").unwrap());

    let refusal = refused(&house, &nowhere).await;
    let made = house.sign_up().found(&public(), &tokyo, None).await.unwrap();

    assert_eq!(field_code(&refusal), ("timezone".to_owned(), "invalid_value"));
    let rows = house.store.tenant_rows(made.tenant.id());
    assert_eq!(rows.entitlements.unwrap().zone.name(), "Asia/Tokyo");
}

#[tokio::test]
async fn a_plan_without_a_trial_bills_its_first_period_without_a_payment_method() {
    let house = House::default();

    let made = house.found("acme", "team").await;

    let book = house.store.book(made.tenant.id());
    assert_eq!(made.subscription.status().as_str(), "active");
    assert_eq!(book.invoices[0].status(), InvoiceStatus::Open);
    assert_eq!(book.invoices[0].amount_due().to_string(), "199.00 USD");
    assert!(house.store.actions().contains(&"invoice.finalized"));
    assert!(house.gateway.charges().is_empty());
}

#[tokio::test]
async fn the_receipt_is_left_with_the_sign_up_and_serves_once() {
    let house = House::default();
    let mut again = fixture::sign_up("globex", "free");
    again.owner.email = email("other@globex.example");

    let service = house.sign_up();
    let request = fixture::sign_up("acme", "free");
    service.found(&public(), &request, Some(&receipt())).await.unwrap();
    let twin = service.found(&public(), &again, Some(&receipt())).await.unwrap_err();

    assert_eq!(house.store.commits()[0].receipt, Some(receipt()));
    assert_eq!(twin.code(), IDEMPOTENCY_KEY_USED);
    assert_eq!(house.store.tenant_count(), 1);
}

#[tokio::test]
async fn what_the_founder_tells_is_kept() {
    let house = House::default();
    let mut request = fixture::sign_up("acme", "free");
    request.name = name("Acme 株式会社");
    request.billing_email = None;

    let made = house.sign_up().found(&public(), &request, None).await.unwrap();

    assert_eq!(made.tenant.name().as_str(), "Acme 株式会社");
    assert_eq!(made.tenant.profile().billing_email, *made.owner.email());
    let registered = house.store.person_rows(made.owner.user()).user;
    assert_eq!(registered.as_ref().map(User::name), Some("Olive Owner"));
    let founded = house.store.events().remove(0);
    assert!(changed(&founded, "name"), "{founded:?}");
}

fn changed(event: &Event, field: &str) -> bool {
    event
        .changes
        .iter()
        .any(|change| change.field == field && change.before == Value::Null)
}

#[tokio::test]
async fn a_network_founds_no_more_tenants_than_its_budget() {
    let mut house = House::default();
    house.sign_up_limits.budget = Some(Budget::hourly(std::num::NonZeroU32::new(2).unwrap()));
    let service = house.sign_up();
    let from = |address: &str| {
        Founder::Public(Origin {
            address: address.parse().ok(),
            ..Origin::default()
        })
    };
    let founding = async |number: u32, address: &str| {
        let mut request = fixture::sign_up(&format!("acme-{number}"), "free");
        request.owner.email = email(&format!("ada{number}@example.com"));
        service.found(&from(address), &request, None).await
    };

    assert!(founding(1, "2001:db8:1:2::1").await.is_ok());
    assert!(founding(2, "2001:db8:1:2::2").await.is_ok());
    let refused = founding(3, "2001:db8:1:2:ffff::3").await.unwrap_err();

    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Exhausted, "rate_limited"));
    assert_eq!(refused.retry_after_s(), Some(1_800));
    assert!(founding(4, "2001:db8:1:3::1").await.is_ok(), "another network");
    house.clock.advance(Duration::minutes(30));
    assert!(founding(5, "2001:db8:1:2::1").await.is_ok());
}

#[tokio::test]
async fn throw_away_mailboxes_are_refused_where_that_is_wanted() {
    let mut house = House::default();
    let mut request = fixture::sign_up("acme", "free");
    request.owner.email = email("eve@mailinator.com");
    house.sign_up_limits.refuse_disposable = true;

    assert_eq!(
        field_code(&refused(&house, &request).await),
        ("owner_email".to_owned(), "disposable_mail_domain")
    );

    house.sign_up_limits.refuse_disposable = false;
    assert!(house.sign_up().found(&public(), &request, None).await.is_ok());
}
