//! Custom domains through the service, over mocks.

use tenantry_kernel::testing::{CountingEntropy, FixedClock, SequentialIds};
use uuid::Uuid;

use super::*;
use crate::testing::{FakeTenancy, MockTxtResolver, NOW, Outcome};

fn service(fake: FakeTenancy, resolver: MockTxtResolver) -> (DomainService, Outcome) {
    let (store, outcome) = fake.into_store();
    let ports = DomainPorts {
        store,
        resolver: Arc::new(resolver),
        clock: Arc::new(FixedClock::at(NOW)),
        ids: Arc::new(SequentialIds::default()),
        entropy: Arc::new(CountingEntropy::default()),
    };
    let own_zones = vec!["tenants.example".to_owned()];
    (DomainService::new(ports, own_zones), outcome)
}

fn manager() -> TenantScope {
    TenantScope::for_test(1, &[DOMAINS_MANAGE])
}

fn host(name: &str) -> HostName {
    HostName::try_from(name).unwrap()
}

fn claimed() -> CustomDomain {
    let id = CustomDomainId::from_uuid(Uuid::from_u128(1));
    CustomDomain::claim(id, host("app.acme.com"), "t0k3n".to_owned(), NOW)
}

fn answering(records: &'static [&'static str]) -> MockTxtResolver {
    let mut resolver = MockTxtResolver::new();
    resolver
        .expect_lookup()
        .withf(|name| name == "_tenantry.app.acme.com")
        .returning(|_| Ok(records.iter().map(|&record| record.to_owned()).collect()));
    resolver
}

#[tokio::test]
async fn a_claim_is_stored_unverified_with_a_token_of_its_own() {
    let mut fake = FakeTenancy::default();
    fake.custom_domains.expect_count().returning(|| Ok(0));
    fake.custom_domains.expect_insert().times(2).returning(|_| Ok(()));
    let (service, outcome) = service(fake, MockTxtResolver::new());

    let first = service.add(&manager(), host("app.acme.com")).await.unwrap();
    let second = service.add(&manager(), host("app2.acme.com")).await.unwrap();

    assert_eq!((first.verified_at(), first.verification_token().len()), (None, 32));
    assert_ne!(first.verification_token(), second.verification_token());
    assert_eq!(outcome.actions(), ["domain.added", "domain.added"]);
}

#[tokio::test]
async fn the_installations_own_hosts_cannot_be_claimed() {
    let (service, outcome) = service(FakeTenancy::default(), MockTxtResolver::new());

    for own in ["tenants.example", "acme.tenants.example"] {
        let refused = service.add(&manager(), host(own)).await.unwrap_err();
        assert_eq!(
            (refused.kind(), refused.fields()[0].code),
            (ErrorKind::Invalid, "own_host")
        );
    }
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn claims_are_bounded() {
    let mut fake = FakeTenancy::default();
    fake.custom_domains.expect_count().returning(|| Ok(MAX_DOMAINS));
    let (service, outcome) = service(fake, MockTxtResolver::new());

    let refused = service.add(&manager(), host("app.acme.com")).await.unwrap_err();

    assert_eq!(refused.code(), "too_many_domains");
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn a_domain_with_its_record_is_verified() {
    let mut fake = FakeTenancy::default();
    fake.custom_domains.expect_find().returning(|_| Ok(Some(claimed())));
    fake.custom_domains
        .expect_update()
        .withf(|domain| domain.verified_at() == Some(NOW))
        .return_once(|_| Ok(()));
    let (service, outcome) = service(fake, answering(&["v=spf1", "tenantry-verification=t0k3n"]));

    let verified = service.verify(&manager(), claimed().id()).await.unwrap();

    assert_eq!(verified.verified_at(), Some(NOW));
    assert_eq!(outcome.actions(), ["domain.verified"]);
}

#[tokio::test]
async fn a_domain_without_its_record_stays_unverified() {
    let mut fake = FakeTenancy::default();
    fake.custom_domains.expect_find().returning(|_| Ok(Some(claimed())));
    let (service, outcome) = service(fake, answering(&["tenantry-verification=other"]));

    let refused = service.verify(&manager(), claimed().id()).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Conflict, "domain_not_verified")
    );
    assert!(refused.to_string().contains("_tenantry.app.acme.com"));
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn of_two_tenants_the_second_to_prove_a_host_is_refused() {
    let mut fake = FakeTenancy::default();
    fake.custom_domains.expect_find().returning(|_| Ok(Some(claimed())));
    fake.custom_domains
        .expect_update()
        .return_once(|_| Err(StoreError::Conflict(DOMAIN_TAKEN)));
    let (service, outcome) = service(fake, answering(&["tenantry-verification=t0k3n"]));

    let refused = service.verify(&manager(), claimed().id()).await.unwrap_err();

    assert_eq!(refused.code(), "domain_taken");
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn a_silent_dns_is_worth_another_try() {
    let mut fake = FakeTenancy::default();
    fake.custom_domains.expect_find().returning(|_| Ok(Some(claimed())));
    let mut resolver = MockTxtResolver::new();
    resolver
        .expect_lookup()
        .return_once(|_| Err(ResolveError("timed out".into())));
    let (service, _) = service(fake, resolver);

    let refused = service.verify(&manager(), claimed().id()).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.retry_after_s()),
        (ErrorKind::Unavailable, Some(30))
    );
}

#[tokio::test]
async fn a_reader_sees_domains_but_claims_none() {
    let mut fake = FakeTenancy::default();
    fake.custom_domains.expect_list().return_once(|_| {
        Ok(Page {
            items: vec![claimed()],
            next: None,
        })
    });
    let (service, outcome) = service(fake, MockTxtResolver::new());
    let reader = TenantScope::for_test(1, &[DOMAINS_READ]);

    assert_eq!(
        service.list(&reader, PageRequest::first()).await.unwrap().items,
        [claimed()]
    );
    let refused = service.add(&reader, host("app.acme.com")).await;
    assert!(matches!(refused, Err(CustomDomainError::Denied(_))));
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn removing_gives_the_host_up_once() {
    let mut fake = FakeTenancy::default();
    let mut left = Some(claimed());
    fake.custom_domains.expect_find().returning(move |_| Ok(left.take()));
    fake.custom_domains.expect_delete().once().returning(|_| Ok(()));
    let (service, outcome) = service(fake, MockTxtResolver::new());

    service.remove(&manager(), claimed().id()).await.unwrap();
    let again = service.remove(&manager(), claimed().id()).await;

    assert!(matches!(again, Err(CustomDomainError::NotFound)));
    assert_eq!(outcome.actions(), ["domain.removed"]);
}
