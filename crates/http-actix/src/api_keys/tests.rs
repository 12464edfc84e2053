use std::sync::Arc;

use actix_web::test::TestRequest;
use actix_web::web::{Data, ServiceConfig};
use serde_json::json;
use tenantry_identity::api_key::{ApiKeyService, ApiKeySettings, KeyPrefix, KeyRules};
use tenantry_identity::permissions::{API_KEYS_MANAGE, API_KEYS_READ};
use tenantry_identity::testing::{FakeIdentityStore, Mocks, fixtures, mint};
use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{Clock, Page};
use time::macros::datetime;

use crate::testing::{Reply, ask, with_json};

const PATH: &str = "/api/v1/tenants/acme/api-keys";

async fn send(mocks: Mocks, request: TestRequest) -> Reply {
    let service = ApiKeyService::new(
        Arc::new(FakeIdentityStore::over(mocks)),
        Arc::new(FixedClock::at(datetime!(2026-03-01 12:00 UTC))),
        mint(),
        ApiKeySettings {
            prefix: KeyPrefix::try_from("tk").unwrap(),
            registry: [API_KEYS_READ, API_KEYS_MANAGE].into_iter().collect(),
            rules: KeyRules::default(),
        },
    );
    let more = |config: &mut ServiceConfig| {
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(datetime!(2026-03-01 12:00 UTC)));
        config.app_data(Data::new(service)).app_data(Data::from(clock));
    };
    ask(&[API_KEYS_READ, API_KEYS_MANAGE], more, request).await
}

#[actix_web::test]
async fn a_new_key_shows_its_secret_and_where_it_lives() {
    let mut mocks = Mocks::default();
    mocks.api_keys.expect_insert().returning(|_, _| Ok(()));
    let body = json!({"name": "Server", "permissions": ["*"], "rate_limit": 60, "environment": "test"});

    let reply = send(mocks, with_json(TestRequest::post().uri(PATH), &body)).await;

    let key = reply.json();
    assert_eq!(
        (reply.status, &key["environment"], &key["rate_limit"]),
        (201, &json!("test"), &json!(60))
    );
    assert!(key["key"].as_str().unwrap().starts_with("tk_test_"));
    assert_eq!(key["permissions"], json!(["api_keys.manage", "api_keys.read"]));
    assert!(reply.header("location").ends_with(key["id"].as_str().unwrap()));
}

#[actix_web::test]
async fn a_list_shows_no_secrets() {
    let mut mocks = Mocks::default();
    mocks.api_keys.expect_list().return_once(|_, _| {
        Ok(Page {
            items: vec![fixtures::api_key(1)],
            next: None,
        })
    });

    let reply = send(mocks, TestRequest::get().uri(PATH)).await;

    let row = &reply.json()["data"][0];
    assert_eq!(reply.status, 200);
    assert_eq!((row.get("key"), row.get("fingerprint")), (None, None));
    assert!(row["hint"].is_string());
}

#[actix_web::test]
async fn a_key_that_cannot_be_is_refused_with_every_reason() {
    let body = json!({"name": "", "permissions": ["api_keys.read", "no.such"], "rate_limit": 0, "allowed_ips": ["x"]});

    let reply = send(Mocks::default(), with_json(TestRequest::post().uri(PATH), &body)).await;

    assert_eq!((reply.status, reply.code().as_str()), (422, "validation_failed"));
    assert!(
        reply.json()["errors"].as_array().unwrap().len() >= 4,
        "{:?}",
        reply.json()
    );
}

#[actix_web::test]
async fn a_key_of_nobody_is_404_to_show_rotate_and_revoke() {
    let one = format!("{PATH}/00000000-0000-0000-0000-000000000009");
    let rotate = format!("{one}/rotate");
    for request in [
        TestRequest::get().uri(&one),
        TestRequest::delete().uri(&one),
        TestRequest::post().uri(&rotate),
    ] {
        let mut mocks = Mocks::default();
        mocks.api_keys.expect_find().returning(|_| Ok(None));

        let reply = send(mocks, request).await;

        assert_eq!((reply.status, reply.code().as_str()), (404, "not_found"));
    }
}
