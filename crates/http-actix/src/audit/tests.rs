use std::sync::Arc;

use actix_web::test::TestRequest;
use actix_web::web::{Data, ServiceConfig};
use serde_json::json;
use tenantry_activity::audit::{AuditService, RecordedChange, ResourceFilter};
use tenantry_activity::permissions::AUDIT_READ;
use tenantry_activity::testing::{FakeActivity, MockAuditRetention, entry};
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Cursor, Page, Value};
use time::macros::datetime;

use crate::testing::{Reply, ask};

const PATH: &str = "/api/v1/tenants/acme/audit-logs";

async fn send(fake: FakeActivity, request: TestRequest) -> Reply {
    let mut everything = MockAuditRetention::new();
    everything.expect_kept_from().returning(|_| Ok(None));
    let service = AuditService::new(fake.into_store(), Arc::new(everything));
    let more = |config: &mut ServiceConfig| {
        config.app_data(Data::new(service));
    };
    ask(&[AUDIT_READ], more, request).await
}

#[actix_web::test]
async fn an_entry_tells_who_what_and_from_where_and_keeps_secrets_masked() {
    let mut fake = FakeActivity::default();
    fake.audit.expect_list().return_once(|_, _| {
        let mut rotated = entry(1, "api_key.rotated");
        rotated.address = Some("203.0.113.7".parse().unwrap());
        rotated.changes = vec![RecordedChange {
            field: "key".to_owned(),
            before: Value::Masked,
            after: Value::Masked,
        }];
        Ok(Page {
            items: vec![rotated],
            next: Some(Cursor(Uuid::from_u128(1))),
        })
    });

    let reply = send(fake, TestRequest::get().uri(PATH)).await;

    let row = &reply.json()["data"][0];
    assert_eq!(
        (&row["action"], &row["actor"]["type"]),
        (&json!("api_key.rotated"), &json!("member"))
    );
    assert_eq!(
        (&row["ip_address"], &row["request_id"]),
        (&json!("203.0.113.7"), &json!(null))
    );
    assert_eq!(
        row["changes"],
        json!([{"field": "key", "before": "***", "after": "***"}])
    );
    assert!(reply.json()["next_cursor"].is_string());
}

#[actix_web::test]
async fn the_query_becomes_the_filter() {
    let mut fake = FakeActivity::default();
    fake.audit
        .expect_list()
        .withf(|filter, page| {
            filter.action.as_deref() == Some("invoice.")
                && filter.resource == Some(ResourceFilter::Kind("invoice".to_owned()))
                && filter.from == Some(datetime!(2026-01-31 9:30 UTC))
                && page.limit() == 5
        })
        .return_once(|_, _| {
            Ok(Page {
                items: Vec::new(),
                next: None,
            })
        });
    let query = "action=invoice.&resource=invoice&from=2026-01-31T10:30:00%2B01:00&limit=5";

    let reply = send(fake, TestRequest::get().uri(&format!("{PATH}?{query}"))).await;

    assert_eq!(
        (reply.status, reply.json()["data"].as_array().map(Vec::len)),
        (200, Some(0))
    );
}

#[actix_web::test]
async fn times_that_are_none_are_all_named() {
    let reply = send(
        FakeActivity::default(),
        TestRequest::get().uri(&format!("{PATH}?from=today&to=1")),
    )
    .await;

    let fields: Vec<_> = reply.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["field"].clone())
        .collect();
    assert_eq!((reply.status, fields), (422, vec![json!("from"), json!("to")]));
}
