use std::sync::Arc;

use actix_web::test::TestRequest;
use actix_web::web::{Data, ServiceConfig};
use serde_json::json;
use tenantry_kernel::testing::FixedClock;
use tenantry_tenancy::tenant::ReservedSlugs;
use tenantry_tenancy::tenant::service::TenantService;
use tenantry_tenancy::testing::{FakeTenancy, MockAccessDirectory, NOW, tenant_id};

use crate::testing::{Reply, ask};

async fn send(slug: &str) -> Reply {
    let mut directory = MockAccessDirectory::new();
    directory
        .expect_tenant_by_slug()
        .returning(|slug| Ok((slug == "acme").then(|| tenant_id(1))));
    let service = TenantService::new(
        FakeTenancy::default().into_store().0,
        Arc::new(directory),
        Arc::new(FixedClock::at(NOW)),
        Arc::new(ReservedSlugs::default()),
    );
    let more = |config: &mut ServiceConfig| {
        config.app_data(Data::new(service));
    };
    ask(
        &[],
        more,
        TestRequest::get().uri(&format!("/api/v1/slugs/{slug}/availability")),
    )
    .await
}

#[actix_web::test]
async fn a_slug_is_free_or_says_why_not_and_what_is() {
    let free = send("globex").await;
    let taken = send("acme").await;
    let reserved = send("admin").await;
    let invalid = send("Not%20a%20slug!").await;

    assert_eq!(
        free.json(),
        json!({"available": true, "reason": null, "suggestions": []})
    );
    assert_eq!(taken.json()["reason"], "taken");
    assert_eq!(taken.json()["suggestions"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        (&reserved.json()["reason"], &invalid.json()["reason"]),
        (&json!("reserved"), &json!("invalid"))
    );
}
