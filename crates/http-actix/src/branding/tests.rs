use std::sync::Arc;

use actix_web::test::TestRequest;
use actix_web::web::{Data, ServiceConfig};
use serde_json::json;
use tenantry_kernel::testing::FixedClock;
use tenantry_tenancy::branding::Branding;
use tenantry_tenancy::branding::service::BrandingService;
use tenantry_tenancy::permissions::{SETTINGS_MANAGE, TENANT_READ};
use tenantry_tenancy::testing::{FakeTenancy, NOW};

use crate::testing::{Reply, ask, with_json};

const PATH: &str = "/api/v1/tenants/acme/branding";

async fn send(fake: FakeTenancy, request: TestRequest) -> Reply {
    let (store, _) = fake.into_store();
    let service = BrandingService::new(store, Arc::new(FixedClock::at(NOW)));
    let more = |config: &mut ServiceConfig| {
        config.app_data(Data::new(service));
    };
    ask(&[TENANT_READ, SETTINGS_MANAGE], more, request).await
}

#[actix_web::test]
async fn every_wrong_field_is_told_at_once() {
    let body = json!({
        "display_name": "", "logo_url": "http://acme.example/x.png", "primary_color": "red",
        "support_email": "nobody", "support_url": "javascript:alert(1)", "footer": "a\nb",
    });

    let reply = send(FakeTenancy::default(), with_json(TestRequest::put().uri(PATH), &body)).await;

    assert_eq!((reply.status, reply.code().as_str()), (422, "validation_failed"));
    let fields: Vec<String> = reply.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        fields,
        [
            "display_name",
            "logo_url",
            "primary_color",
            "support_email",
            "support_url",
            "footer"
        ]
    );
}

#[actix_web::test]
async fn a_replacement_is_told_as_it_is_kept() {
    let mut fake = FakeTenancy::default();
    fake.branding.expect_find().returning(|| Ok(Branding::default()));
    fake.branding.expect_put().returning(|_| Ok(()));
    let body = json!({"primary_color": "#AABBCC"});

    let reply = send(fake, with_json(TestRequest::put().uri(PATH), &body)).await;

    assert_eq!((reply.status, &reply.json()["primary_color"]), (200, &json!("#aabbcc")));
    assert_eq!(reply.json()["footer"], json!(null));
}
