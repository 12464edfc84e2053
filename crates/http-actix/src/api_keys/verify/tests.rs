use std::sync::Arc;

use actix_web::test::TestRequest;
use actix_web::web::ServiceConfig;
use serde_json::json;
use tenantry_identity::api_key::{ApiKey, ApiKeyRecord, ApiKeyText, KeyPrefix, PlainKeyReader};
use tenantry_identity::directory::{MockApiKeyDirectory, MockSessionDirectory};
use tenantry_identity::service_account::MockServiceAccountDirectory;
use tenantry_identity::testing::fixtures;
use tenantry_kernel::testing::{CountingEntropy, FixedClock, test_authority};
use tenantry_kernel::{ApiKeyId, Permission, TenantId};
use tenantry_lifecycle::key_check::KeyCheckParts;
use tenantry_quotas::counter::{Act, MockUsageCounter};
use tenantry_quotas::meter::MeterKind;
use tenantry_quotas::testing::{counted, entitlements, meter, ports, used_up};
use tenantry_quotas::usage::{RequestService, UsagePorts, UsageService};
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::testing::{MockAccessDirectory, tenant_access, tenant_id};
use time::macros::datetime;

use super::*;
use crate::fixture::catalog;
use crate::testing::{PlainCipher, Reply, ask, with_json};

const PATH: &str = "/api/v1/api-keys/verify";

fn text_of(tenant: TenantId) -> ApiKeyText {
    let id = ApiKeyId::from_uuid(tenantry_kernel::uuid::Uuid::from_u128(5));
    let prefix = KeyPrefix::try_from("tk").unwrap();
    ApiKeyText::mint(&prefix, true, tenant, id, &CountingEntropy::default())
}

/// A key of tenant 1 that may send.
fn key() -> ApiKey {
    let record = fixtures::api_key(5).record().clone();
    ApiKey::restore(ApiKeyRecord {
        permissions: [Permission::declared("whatsapp.send").unwrap()].into_iter().collect(),
        fingerprint: text_of(tenant_id(1)).fingerprint(&PlainCipher),
        ..record
    })
}

async fn verify(stored: Option<ApiKey>, counter: MockUsageCounter, body: serde_json::Value) -> Reply {
    let mut keys = MockApiKeyDirectory::new();
    keys.expect_find()
        .returning(move |_, _| Ok(stored.clone().map(Arc::new)));
    keys.expect_touch().returning(|_, _, _| Ok(()));
    let mut directory = MockAccessDirectory::new();
    directory
        .expect_tenant()
        .returning(|_| Ok(Some(Arc::new(tenant_access(1, "acme")))));
    let catalog = Arc::new(catalog());
    let book = Arc::new(catalog.roles().clone());
    let clock = Arc::new(FixedClock::at(datetime!(2026-03-01 12:00 UTC)));
    let messages = meter("messages", MeterKind::Counter);
    let ports = UsagePorts {
        counter: Arc::new(counter),
        meters: Arc::new(catalog.meters().clone()),
        ladder: catalog.clone(),
        clock: clock.clone(),
        ..ports(entitlements(&[(&messages, Some(10))]), Vec::new())
    };
    let mut sessions = MockSessionDirectory::new();
    sessions.expect_may_sign_in().returning(|_| Ok(true));
    let service = KeyCheckService::new(KeyCheckParts {
        accounts: Arc::new(MockServiceAccountDirectory::new()),
        sessions: Arc::new(sessions),
        catalog,
        keys: Arc::new(keys),
        requests: Arc::new(RequestService::new(ports.clone())),
        usage: Arc::new(UsageService::new(ports)),
        texts: Arc::new(PlainKeyReader::new(Arc::new(PlainCipher))),
        clock,
        gate: Gate::new(test_authority(), Arc::new(directory), book),
    });
    let more = |config: &mut ServiceConfig| {
        config.app_data(Data::new(service));
    };
    ask(
        &[API_KEYS_VERIFY],
        more,
        with_json(TestRequest::post().uri(PATH), &body),
    )
    .await
}

fn shown() -> String {
    text_of(tenant_id(1)).to_text().into_inner()
}

#[actix_web::test]
async fn a_good_key_is_checked_and_counted_in_one_step() {
    let mut counter = MockUsageCounter::new();
    counter
        .expect_submit()
        .withf(|_, order| matches!(&order.act, Act::Consume(items) if items[0].value == 3))
        .times(1)
        .return_once(|_, _| Ok(counted("messages", 3, Some(10), None)));
    let body = json!({"key": shown(), "permission": "whatsapp.send", "meter": "messages", "amount": 3});

    let reply = verify(Some(key()), counter, body).await;

    let verdict = reply.json();
    assert_eq!(
        (reply.status, &verdict["valid"], &verdict["code"]),
        (200, &json!(true), &json!("valid"))
    );
    assert_eq!(verdict["tenant_id"], tenant_id(1).to_string());
    assert_eq!(verdict["permissions"], json!(["whatsapp.send"]));
    assert_eq!(
        (&verdict["quota"]["used"], &verdict["quota"]["remaining"]),
        (&json!(3), &json!(7))
    );
}

#[actix_web::test]
async fn junk_unknown_and_foreign_keys_answer_alike() {
    let foreign = text_of(tenant_id(2)).to_text().into_inner();
    let junk = verify(Some(key()), MockUsageCounter::new(), json!({"key": "tk_live_junk"})).await;
    let unknown = verify(None, MockUsageCounter::new(), json!({ "key": shown() })).await;
    let other = verify(Some(key()), MockUsageCounter::new(), json!({ "key": foreign })).await;

    let expected = json!({"valid": false, "code": "api_key_invalid", "tenant_id": null, "key_id": null,
        "permissions": [], "ratelimit": null, "quota": null});
    for reply in [junk, unknown, other] {
        assert_eq!((reply.status, reply.json()), (200, expected.clone()));
    }
}

#[actix_web::test]
async fn a_key_without_the_permission_counts_nothing() {
    let mut bare = key().record().clone();
    bare.permissions = tenantry_kernel::PermissionSet::default();
    let body = json!({"key": shown(), "permission": "WhatsApp.Send", "meter": "messages"});

    let reply = verify(Some(ApiKey::restore(bare)), MockUsageCounter::new(), body).await;

    assert_eq!(
        (&reply.json()["valid"], &reply.json()["code"]),
        (&json!(false), &json!("permission_denied"))
    );
}

#[actix_web::test]
async fn a_revoked_an_expired_and_a_misplaced_key_say_so() {
    let at = |edit: fn(&mut ApiKeyRecord)| {
        let mut record = key().record().clone();
        edit(&mut record);
        Some(ApiKey::restore(record))
    };
    let revoked = at(|record| record.revoked_at = Some(datetime!(2026-02-01 0:00 UTC)));
    let expired = at(|record| record.expires_at = Some(datetime!(2026-02-01 0:00 UTC)));
    let misplaced = at(|record| record.allowed_ips = vec!["203.0.113.0/24".parse().unwrap()]);

    for (stored, code) in [
        (revoked, "api_key_revoked"),
        (expired, "api_key_expired"),
        (misplaced.clone(), "address_not_allowed"),
    ] {
        let reply = verify(stored, MockUsageCounter::new(), json!({ "key": shown() })).await;
        assert_eq!(reply.json()["code"], code);
    }
    let placed = verify(
        misplaced,
        MockUsageCounter::new(),
        json!({"key": shown(), "ip": "203.0.113.7"}),
    )
    .await;
    assert_eq!(placed.json()["code"], "valid");
}

#[actix_web::test]
async fn a_used_up_quota_is_an_answer_that_names_the_meter() {
    let mut counter = MockUsageCounter::new();
    let messages = meter("messages", MeterKind::Counter);
    let granted = entitlements(&[(&messages, Some(10))]);
    let refusal = used_up(granted, &messages, 10, datetime!(2026-03-01 12:00 UTC));
    counter.expect_submit().return_once(|_, _| Err(refusal));

    let reply = verify(Some(key()), counter, json!({"key": shown(), "meter": "messages"})).await;

    let verdict = reply.json();
    assert_eq!(
        (reply.status, &verdict["valid"], &verdict["code"]),
        (200, &json!(false), &json!("quota_exceeded"))
    );
    assert_eq!(
        (&verdict["quota"]["meter"], &verdict["quota"]["remaining"]),
        (&json!("messages"), &json!(0))
    );
}

#[actix_web::test]
async fn a_question_that_makes_no_sense_is_422() {
    for (body, field) in [
        (json!({"key": shown(), "permission": "no.such"}), "permission"),
        (json!({"key": shown(), "meter": "nothing"}), "meter"),
        (json!({"key": shown(), "amount": 2}), "amount"),
        (json!({"key": shown(), "ip": "here"}), "ip"),
    ] {
        let reply = verify(Some(key()), MockUsageCounter::new(), body).await;
        assert_eq!(
            (reply.status, &reply.json()["errors"][0]["field"]),
            (422, &json!(field))
        );
    }
}
