use tenantry_kernel::testing::{FixedClock, SequentialIds};
use tenantry_kernel::{Currency, Permission};
use time::macros::datetime;

use super::*;
use crate::account::BillingAccount;
use crate::gateway::MockPaymentGateway;
use crate::testing::{FakeBillingStore, MemoryBillingStore, TestGateway};

fn scope(permissions: &[Permission]) -> TenantScope {
    TenantScope::for_test(1, permissions)
}

fn owner() -> TenantScope {
    scope(&[BILLING_MANAGE, BILLING_READ])
}

fn service(store: Arc<dyn BillingStore>, gateway: Arc<dyn PaymentGateway>) -> PaymentMethodService {
    let clock = Arc::new(FixedClock::at(datetime!(2026-11-21 02:00:00 UTC)));
    PaymentMethodService::new(store, gateway, clock, Arc::new(SequentialIds::default()))
}

async fn over_memory() -> PaymentMethodService {
    let store = MemoryBillingStore::default();
    let mut unit = store.begin(&owner()).await.unwrap();
    unit.billing_accounts()
        .insert(&BillingAccount::open(Currency::USD))
        .await
        .unwrap();
    unit.commit(vec![]).await.unwrap();
    service(Arc::new(store), Arc::new(TestGateway::default()))
}

fn add(token: &str, make_default: bool) -> AddPaymentMethod {
    AddPaymentMethod {
        token: MethodToken::try_from(token).unwrap(),
        make_default,
    }
}

#[tokio::test]
async fn the_first_method_is_the_default_and_a_later_one_may_become_it() {
    let service = over_memory().await;

    let first = service.add(&owner(), add("card_1", false)).await.unwrap();
    let second = service.add(&owner(), add("card_2", false)).await.unwrap();
    service.set_default(&owner(), second.id).await.unwrap();

    assert!(first.is_default && !second.is_default);
    let listed = service.list(&owner(), PageRequest::first()).await.unwrap().items;
    let defaults: Vec<bool> = listed.iter().map(|method| method.is_default).collect();
    assert_eq!(listed[0].id, second.id);
    assert_eq!(defaults, [true, false]);
}

#[tokio::test]
async fn a_method_is_on_file_once() {
    let service = over_memory().await;
    service.add(&owner(), add("card_1", false)).await.unwrap();

    let refused = service.add(&owner(), add("card_1", true)).await;

    assert!(matches!(refused, Err(PaymentMethodError::Exists)));
}

#[tokio::test]
async fn the_default_goes_last() {
    let service = over_memory().await;
    let first = service.add(&owner(), add("card_1", false)).await.unwrap();
    let second = service.add(&owner(), add("card_2", false)).await.unwrap();

    let refused = service.remove(&owner(), first.id).await;
    service.remove(&owner(), second.id).await.unwrap();
    service.remove(&owner(), first.id).await.unwrap();

    assert!(matches!(refused, Err(PaymentMethodError::IsDefault)));
    let left = service.list(&owner(), PageRequest::first()).await.unwrap().items;
    assert_eq!(left, vec![]);
}

#[tokio::test]
async fn what_the_gateway_does_not_know_is_refused_before_anything_is_written() {
    let store = FakeBillingStore::with([]);
    let committed = store.committed();
    let service = service(Arc::new(store), Arc::new(TestGateway::default()));

    let refused = service.add(&owner(), add("bank_1", false)).await.unwrap_err();

    assert_eq!(refused.code(), "invalid_payment_method");
    assert_eq!(refused.fields()[0].field, "token");
    assert_eq!(committed.actions(), None);
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_is_not_taken_for_a_bad_card() {
    let mut gateway = MockPaymentGateway::new();
    gateway.expect_inspect().return_once(|_| Err(GatewayError::TimedOut));
    let service = service(Arc::new(FakeBillingStore::with([])), Arc::new(gateway));

    let refused = service.add(&owner(), add("card_1", false)).await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn reading_does_not_allow_changing() {
    let reader = scope(&[BILLING_READ]);
    let service = service(
        Arc::new(FakeBillingStore::with([])),
        Arc::new(MockPaymentGateway::new()),
    );
    let id = PaymentMethodId::from_uuid(uuid::Uuid::from_u128(1));

    let denied = |outcome: Result<(), PaymentMethodError>| matches!(outcome, Err(PaymentMethodError::Denied(_)));
    assert!(denied(service.add(&reader, add("card_1", true)).await.map(drop)));
    assert!(denied(service.set_default(&reader, id).await.map(drop)));
    assert!(denied(service.remove(&reader, id).await));
    assert!(denied(service.list(&scope(&[]), PageRequest::first()).await.map(drop)));
}

#[tokio::test]
async fn an_unknown_method_is_not_found() {
    let service = over_memory().await;
    let id = PaymentMethodId::from_uuid(uuid::Uuid::from_u128(99));

    assert!(matches!(
        service.remove(&owner(), id).await,
        Err(PaymentMethodError::NotFound)
    ));
    assert!(matches!(
        service.set_default(&owner(), id).await,
        Err(PaymentMethodError::NotFound)
    ));
}
