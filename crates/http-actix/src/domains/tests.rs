use std::sync::Arc;

use actix_web::test::TestRequest;
use actix_web::web::{Data, ServiceConfig};
use serde_json::json;
use tenantry_kernel::testing::{CountingEntropy, FixedClock, SequentialIds};
use tenantry_tenancy::domain::service::{DomainPorts, DomainService};
use tenantry_tenancy::permissions::{DOMAINS_MANAGE, DOMAINS_READ};
use tenantry_tenancy::testing::{FakeTenancy, MockTxtResolver, NOW};

use crate::testing::{Reply, ask, with_json};

const PATH: &str = "/api/v1/tenants/acme/domains";

async fn send(fake: FakeTenancy, request: TestRequest) -> Reply {
    let (store, _) = fake.into_store();
    let ports = DomainPorts {
        store,
        resolver: Arc::new(MockTxtResolver::new()),
        clock: Arc::new(FixedClock::at(NOW)),
        ids: Arc::new(SequentialIds::default()),
        entropy: Arc::new(CountingEntropy::default()),
    };
    let service = DomainService::new(ports, vec!["localhost".to_owned()]);
    let more = |config: &mut ServiceConfig| {
        config.app_data(Data::new(service));
    };
    ask(&[DOMAINS_READ, DOMAINS_MANAGE], more, request).await
}

#[actix_web::test]
async fn a_claimed_host_says_which_record_proves_it() {
    let mut fake = FakeTenancy::default();
    fake.custom_domains.expect_count().returning(|| Ok(0));
    fake.custom_domains.expect_insert().returning(|_| Ok(()));
    let body = json!({"domain": "App.Acme.Example"});

    let reply = send(fake, with_json(TestRequest::post().uri(PATH), &body)).await;

    let domain = reply.json();
    assert_eq!(
        (reply.status, &domain["domain"], &domain["verified"]),
        (201, &json!("app.acme.example"), &json!(false))
    );
    assert_eq!(domain["verification"]["type"], "TXT");
    assert!(
        domain["verification"]["name"]
            .as_str()
            .unwrap()
            .ends_with("app.acme.example")
    );
}

#[actix_web::test]
async fn what_is_no_host_or_not_theirs_is_refused() {
    for host in ["", "no spaces.example", "203.0.113.7", "x.localhost", "localhost"] {
        let body = json!({ "domain": host });

        let reply = send(FakeTenancy::default(), with_json(TestRequest::post().uri(PATH), &body)).await;

        assert_eq!(
            (reply.status, reply.code().as_str()),
            (422, "validation_failed"),
            "{host}"
        );
    }
}
