//! The tenant through the service, over mocks.

use tenantry_kernel::DomainError as _;
use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::time::Duration;

use super::*;
use crate::testing::{FakeTenancy, MockAccessDirectory, NOW, Outcome, tenant, tenant_id};
use crate::text::DisplayName;

fn service(fake: FakeTenancy, taken: &'static [&'static str]) -> (TenantService, Outcome) {
    let (store, outcome) = fake.into_store();
    let mut directory = MockAccessDirectory::new();
    directory
        .expect_tenant_by_slug()
        .returning(move |slug| Ok(taken.contains(&slug).then(|| tenant_id(9))));
    let clock = Arc::new(FixedClock::at(NOW + Duration::DAY));
    let reserved = Arc::new(ReservedSlugs::default());
    (TenantService::new(store, Arc::new(directory), clock, reserved), outcome)
}

fn renamed(name: &str) -> ProfileChange {
    ProfileChange {
        name: Some(DisplayName::try_from(name).unwrap()),
        ..ProfileChange::default()
    }
}

fn holding_acme() -> FakeTenancy {
    let mut fake = FakeTenancy::default();
    fake.tenants.expect_find().returning(|| Ok(Some(tenant(1, "acme"))));
    fake
}

#[tokio::test]
async fn a_reader_sees_the_tenant_but_never_writes_it() {
    let (service, outcome) = service(holding_acme(), &[]);
    let scope = TenantScope::for_test(1, &[TENANT_READ]);

    assert_eq!(service.show(&scope).await.unwrap().slug().as_str(), "acme");
    assert!(matches!(
        service.update(&scope, renamed("X"), None).await,
        Err(TenantError::Denied(_))
    ));
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn an_update_is_written_with_its_event_and_answers_the_next_version() {
    let mut fake = holding_acme();
    fake.tenants
        .expect_update()
        .withf(|tenant| tenant.version() == 1 && tenant.name().as_str() == "Acme Ltd")
        .return_once(|_| Ok(()));
    let (service, outcome) = service(fake, &[]);
    let scope = TenantScope::for_test(1, &[TENANT_UPDATE]);

    let updated = service.update(&scope, renamed("Acme Ltd"), Some(1)).await.unwrap();

    assert_eq!((updated.version(), updated.updated_at()), (2, NOW + Duration::DAY));
    assert_eq!(outcome.actions(), ["tenant.updated"]);
}

#[tokio::test]
async fn an_update_on_an_old_version_changes_nothing() {
    let (service, outcome) = service(holding_acme(), &[]);
    let scope = TenantScope::for_test(1, &[TENANT_UPDATE]);

    let refused = service.update(&scope, renamed("Acme Ltd"), Some(7)).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Stale, "precondition_failed")
    );
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn an_update_that_changes_nothing_is_not_written() {
    let (service, outcome) = service(holding_acme(), &[]);
    let scope = TenantScope::for_test(1, &[TENANT_UPDATE]);

    let same = service.update(&scope, renamed("acme"), Some(1)).await.unwrap();

    assert_eq!(same.version(), 1);
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn a_free_slug_is_available_without_suggestions() {
    let (service, _) = service(FakeTenancy::default(), &[]);

    let answer = service.availability("ACME").await.unwrap();

    assert_eq!(
        answer,
        SlugAvailability {
            available: true,
            reason: None,
            suggestions: vec![]
        }
    );
}

#[tokio::test]
async fn a_taken_slug_comes_with_three_free_ones() {
    let (service, _) = service(FakeTenancy::default(), &["acme", "acme-team"]);

    let answer = service.availability("acme").await.unwrap();

    assert_eq!(answer.reason, Some(Unavailable::Taken));
    let suggestions: Vec<_> = answer.suggestions.iter().map(Slug::as_str).collect();
    assert_eq!(suggestions, ["acme-hq", "acme-app", "acme-2"]);
}

#[tokio::test]
async fn reserved_and_invalid_slugs_are_unavailable_for_their_reason() {
    let (service, _) = service(FakeTenancy::default(), &[]);

    let reserved = service.availability("admin").await.unwrap();
    let invalid = service.availability("Acme & Söhne").await.unwrap();

    assert_eq!(reserved.reason, Some(Unavailable::Reserved));
    assert_eq!(invalid.reason, Some(Unavailable::Invalid(InvalidSlug::Characters)));
    assert_eq!(invalid.suggestions[0].as_str(), "acme-sohne");
}
