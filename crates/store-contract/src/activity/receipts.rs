//! Receipts behind `Idempotency-Key`.

use tenantry_kernel::error::IDEMPOTENCY_KEY_USED;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{Event, Permission, Principal, Receipt, TenantScope};
use tenantry_tenancy::testing::{NOW, tenant_id};

use super::{ActivityHarness, commit};
use crate::refused_by;
use crate::tenancy::scope;

const OPERATION: &str = "things.make";

pub(super) fn receipt(key: &str) -> Receipt {
    Receipt {
        operation: OPERATION,
        key: key.into(),
        body_digest: [7; 32],
        platform: false,
    }
}

fn principal(scope: &TenantScope) -> String {
    format!("{}:{}", scope.principal().kind(), scope.principal().identifier())
}

fn event(subject: &str) -> Event {
    Event::new("thing.made", subject)
}

/// A receipt lands with its effect and names what the effect was.
pub async fn a_receipt_lands_with_its_effect(store: &impl ActivityHarness) {
    let one = scope(1).with_receipt(receipt("k"));
    commit(store, &one, vec![event("first"), event("second")]).await;

    let found = store
        .receipts()
        .find(Some(tenant_id(1)), &principal(&one), OPERATION, "k")
        .await
        .unwrap()
        .unwrap();

    assert_eq!(
        (found.subject.as_str(), found.body_digest, found.created_at),
        ("first", [7; 32], NOW)
    );
    assert_eq!((found.status, found.answer), (None, None));
}

/// A key is used once by one principal for one operation; everyone else may use it too.
pub async fn a_key_is_used_once(store: &impl ActivityHarness) {
    let one = scope(1).with_receipt(receipt("k"));
    commit(store, &one, vec![event("first")]).await;

    let again = store
        .tenancy()
        .begin(&one)
        .await
        .unwrap()
        .commit(vec![event("second")])
        .await;

    assert_eq!(refused_by(again), IDEMPOTENCY_KEY_USED);
    commit(store, &scope(2).with_receipt(receipt("k")), vec![event("third")]).await;
    let worker = TenantScope::for_test_as(1, Principal::Worker { job: "test" }, &[Permission::known("x")]);
    commit(store, &worker.with_receipt(receipt("k")), vec![event("fourth")]).await;
    let other = Receipt {
        operation: "things.break",
        ..receipt("k")
    };
    commit(store, &scope(1).with_receipt(other), vec![event("fifth")]).await;
}

/// Of two requests with one key at once, one has its effect.
pub async fn a_key_is_used_once_also_under_concurrency(store: &impl ActivityHarness) {
    let one = scope(1).with_receipt(receipt("k"));
    let attempt = async |subject: &'static str| {
        let unit = store.tenancy().begin(&one).await.unwrap();
        unit.commit(vec![event(subject)]).await
    };

    let (first, second) = tokio::join!(attempt("a"), attempt("b"));

    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert_eq!(
        refused_by(if first.is_ok() { second } else { first }),
        IDEMPOTENCY_KEY_USED
    );
}

/// A receipt is found under exactly the tenant, principal, operation and key that left it.
pub async fn a_receipt_is_its_callers_only(store: &impl ActivityHarness) {
    let one = scope(1).with_receipt(receipt("k"));
    commit(store, &one, vec![event("first")]).await;
    let caller = principal(&one);
    let strangers = [
        (Some(tenant_id(2)), caller.as_str(), OPERATION, "k"),
        (None, caller.as_str(), OPERATION, "k"),
        (Some(tenant_id(1)), "member:else", OPERATION, "k"),
        (Some(tenant_id(1)), caller.as_str(), "things.break", "k"),
        (Some(tenant_id(1)), caller.as_str(), OPERATION, "K"),
    ];

    for (tenant, principal, operation, key) in strangers {
        let found = store.receipts().find(tenant, principal, operation, key).await.unwrap();
        assert_eq!(found, None, "{tenant:?} {principal} {operation} {key}");
    }
}

/// The receipt of a route that knows no tenant yet is the platform's.
pub async fn a_platform_receipt_belongs_to_no_tenant(store: &impl ActivityHarness) {
    let platform = Receipt {
        platform: true,
        ..receipt("k")
    };
    let founder = scope(1).with_receipt(platform.clone());
    commit(store, &founder, vec![event("first")]).await;

    let retried = scope(2).with_receipt(platform);
    let again = store
        .tenancy()
        .begin(&retried)
        .await
        .unwrap()
        .commit(vec![event("second")])
        .await;

    assert_eq!(refused_by(again), IDEMPOTENCY_KEY_USED);
    let found = store.receipts().find(None, "", OPERATION, "k").await.unwrap();
    assert_eq!(found.map(|receipt| receipt.subject), Some("first".to_owned()));
    let of_tenant = store
        .receipts()
        .find(Some(tenant_id(1)), &principal(&founder), OPERATION, "k")
        .await
        .unwrap();
    assert_eq!(of_tenant, None);
}

/// The first answer stays; an answer without a receipt is nobody's.
pub async fn an_answer_is_kept_once(store: &impl ActivityHarness) {
    let one = scope(1).with_receipt(receipt("k"));
    commit(store, &one, vec![event("first")]).await;
    let (caller, tenant) = (principal(&one), Some(tenant_id(1)));
    let receipts = store.receipts();

    receipts
        .save_answer(tenant, &caller, OPERATION, "k", 201, b"one".to_vec())
        .await
        .unwrap();
    receipts
        .save_answer(tenant, &caller, OPERATION, "k", 500, b"two".to_vec())
        .await
        .unwrap();
    receipts
        .save_answer(tenant, &caller, OPERATION, "absent", 201, b"x".to_vec())
        .await
        .unwrap();

    let found = receipts.find(tenant, &caller, OPERATION, "k").await.unwrap().unwrap();
    assert_eq!((found.status, found.answer), (Some(201), Some(b"one".to_vec())));
    assert_eq!(receipts.find(tenant, &caller, OPERATION, "absent").await.unwrap(), None);
}

/// Old receipts of all tenants go, some at a time; young ones stay.
pub async fn old_receipts_are_purged(store: &impl ActivityHarness) {
    for tenant in [1, 2] {
        for key in ["a", "b"] {
            commit(store, &scope(tenant).with_receipt(receipt(key)), vec![event("x")]).await;
        }
    }
    let receipts = store.receipts();

    assert_eq!(receipts.purge(NOW, 10).await.unwrap(), 0);
    assert_eq!(receipts.purge(NOW + Duration::MICROSECOND, 3).await.unwrap(), 3);
    assert_eq!(receipts.purge(NOW + Duration::MICROSECOND, 3).await.unwrap(), 1);
}
