//! Domains of addresses through the service, over mocks.

use std::sync::Arc;

use tenantry_kernel::testing::{CountingEntropy, FixedClock, SequentialIds};

use super::*;
use crate::testing::{FakeTenancy, MockTxtResolver, NOW, Outcome, mail_domain};

fn service(fake: FakeTenancy, resolver: MockTxtResolver) -> (MailDomainService, Outcome) {
    let (store, outcome) = fake.into_store();
    let ports = DomainPorts {
        store,
        resolver: Arc::new(resolver),
        clock: Arc::new(FixedClock::at(NOW)),
        ids: Arc::new(SequentialIds::default()),
        entropy: Arc::new(CountingEntropy::default()),
    };
    (MailDomainService::new(ports), outcome)
}

fn manager() -> TenantScope {
    TenantScope::for_test(1, &[DOMAINS_MANAGE])
}

fn domain(text: &str) -> EmailDomain {
    EmailDomain::try_from(text).unwrap()
}

fn answering(records: &'static [&'static str]) -> MockTxtResolver {
    let mut resolver = MockTxtResolver::new();
    resolver
        .expect_lookup()
        .withf(|name| name == "_tenantry.acme.example")
        .returning(|_| Ok(records.iter().map(|&record| record.to_owned()).collect()));
    resolver
}

#[tokio::test]
async fn what_anybody_can_have_is_claimed_by_nobody() {
    let (service, outcome) = service(FakeTenancy::default(), MockTxtResolver::new());

    for (text, code) in [
        ("gmail.com", "free_mail_domain"),
        ("Docomo.ne.jp", "free_mail_domain"),
        ("x.mailinator.com", "free_mail_domain"),
        ("bücher.example", "invalid_value"),
    ] {
        let refused = service.add(&manager(), domain(text)).await.unwrap_err();
        let fields = refused.fields();
        assert_eq!((fields[0].field.as_str(), fields[0].code), ("domain", code), "{text}");
    }
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn claims_are_bounded_and_made_by_those_who_may() {
    let mut fake = FakeTenancy::default();
    fake.mail_domains.expect_count().returning(|| Ok(MAX_MAIL_DOMAINS));
    let (service, outcome) = service(fake, MockTxtResolver::new());
    let reader = TenantScope::for_test(1, &[DOMAINS_READ]);

    let full = service.add(&manager(), domain("acme.example")).await.unwrap_err();
    let denied = service.add(&reader, domain("acme.example")).await.unwrap_err();

    assert_eq!((full.code(), denied.code()), ("too_many_domains", "permission_denied"));
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn a_domain_is_proved_by_its_own_record_alone() {
    let claimed = || Ok(Some(mail_domain(1, "acme.example")));
    let mut without = FakeTenancy::default();
    without.mail_domains.expect_find().returning(move |_| claimed());
    let (unproved, nothing) = service(without, answering(&["tenantry-verification=token1"]));
    let mut with = FakeTenancy::default();
    with.mail_domains.expect_find().returning(move |_| claimed());
    with.mail_domains
        .expect_update()
        .withf(|domain| domain.verified_at() == Some(NOW))
        .return_once(|_| Ok(()));
    let (proved, outcome) = service(with, answering(&["tenantry-mail-verification=token1"]));
    let id = mail_domain(1, "acme.example").id();

    let refused = unproved.verify(&manager(), id).await.unwrap_err();
    let verified = proved.verify(&manager(), id).await.unwrap();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Conflict, "domain_not_verified")
    );
    assert!(refused.to_string().contains("_tenantry.acme.example"));
    assert_eq!(nothing.events(), None);
    assert_eq!(verified.verified_at(), Some(NOW));
    assert_eq!(outcome.actions(), ["email_domain.verified"]);
}
