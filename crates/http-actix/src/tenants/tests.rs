use std::sync::Arc;

use actix_web::test::TestRequest;
use actix_web::web::Data;
use serde_json::json;
use tenantry_kernel::testing::FixedClock;
use tenantry_tenancy::permissions::{TENANT_READ, TENANT_UPDATE};
use tenantry_tenancy::tenant::ReservedSlugs;
use tenantry_tenancy::tenant::service::TenantService;
use tenantry_tenancy::testing::{FakeTenancy, MockAccessDirectory, NOW, Outcome, tenant};

use crate::testing::{Reply, ask, with_json};

const PATH: &str = "/api/v1/tenants/acme";

fn service(fake: FakeTenancy) -> (Arc<TenantService>, Outcome) {
    let (store, outcome) = fake.into_store();
    let service = TenantService::new(
        store,
        Arc::new(MockAccessDirectory::new()),
        Arc::new(FixedClock::at(NOW)),
        Arc::new(ReservedSlugs::default()),
    );
    (Arc::new(service), outcome)
}

fn acme() -> FakeTenancy {
    let mut fake = FakeTenancy::default();
    fake.tenants.expect_find().returning(|| Ok(Some(tenant(1, "acme"))));
    fake.tenants.expect_update().returning(|_| Ok(()));
    fake
}

async fn send(service: Arc<TenantService>, request: TestRequest) -> Reply {
    let more = |config: &mut actix_web::web::ServiceConfig| {
        config.app_data(Data::from(service));
    };
    ask(&[TENANT_READ, TENANT_UPDATE], more, request).await
}

#[actix_web::test]
async fn a_tenant_is_shown_with_its_tag() {
    let (service, _) = service(acme());

    let reply = send(service, TestRequest::get().uri(PATH)).await;

    assert_eq!(reply.status, 200);
    assert_eq!(
        (&reply.json()["slug"], &reply.json()["status"]),
        (&json!("acme"), &json!("active"))
    );
    assert_eq!(reply.json()["created_at"], "2026-03-01T12:00:00Z");
    assert_eq!(reply.header("etag"), "\"0000000000000001-1\"");
}

#[actix_web::test]
async fn a_patch_changes_what_it_names_and_null_empties() {
    let (service, outcome) = service(acme());
    let body = json!({"name": "Acme Ltd.", "contact_phone": "+81 3 1234 5678", "region": null});

    let reply = send(service, with_json(TestRequest::patch().uri(PATH), &body)).await;

    assert_eq!((reply.status, &reply.json()["name"]), (200, &json!("Acme Ltd.")));
    assert_eq!(reply.json()["phone"], "+81 3 1234 5678");
    let events = outcome.events().unwrap();
    let fields: Vec<_> = events[0].changes.iter().map(|change| change.field).collect();
    assert_eq!(fields, ["name", "phone"]);
}

#[actix_web::test]
async fn a_patch_lists_every_wrong_field_and_writes_nothing() {
    let (service, outcome) = service(FakeTenancy::default());
    let body = json!({"name": "", "billing_email": "nobody", "timezone": "Mars/Phobos"});

    let reply = send(service, with_json(TestRequest::patch().uri(PATH), &body)).await;

    assert_eq!((reply.status, reply.code().as_str()), (422, "validation_failed"));
    let fields: Vec<_> = reply.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["field"].clone())
        .collect();
    assert_eq!(fields, ["name", "billing_email", "timezone"]);
    assert_eq!(outcome.events(), None);
}

#[actix_web::test]
async fn what_is_not_the_callers_to_set_is_an_unknown_field() {
    for field in ["id", "tenant_id", "status", "slug", "created_at"] {
        let (service, _) = service(FakeTenancy::default());
        let body = json!({"name": "Acme", field: "x"});

        let reply = send(service, with_json(TestRequest::patch().uri(PATH), &body)).await;

        assert_eq!(
            (reply.status, &reply.json()["errors"][0]["code"]),
            (422, &json!("unknown_field")),
            "{field}"
        );
    }
}

#[actix_web::test]
async fn a_stale_tag_changes_nothing() {
    let (service, outcome) = service(acme());
    let request = TestRequest::patch()
        .uri(PATH)
        .insert_header(("if-match", "\"0000000000000001-7\""));

    let reply = send(service, with_json(request, &json!({"name": "Other"}))).await;

    assert_eq!((reply.status, reply.code().as_str()), (412, "precondition_failed"));
    assert_eq!(outcome.events(), None);
}

#[actix_web::test]
async fn a_put_needs_the_whole_profile() {
    let (service, _) = service(FakeTenancy::default());

    let reply = send(
        service,
        with_json(TestRequest::put().uri(PATH), &json!({"name": "Acme"})),
    )
    .await;

    assert_eq!(
        (reply.status, &reply.json()["errors"][0]["field"]),
        (422, &json!("billing_email"))
    );
}
