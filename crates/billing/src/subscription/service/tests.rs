use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{Currency, Money, Permission};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::super::model::{Status, SubscriptionId};
use super::*;
use crate::gateway::MethodToken;
use crate::invoice::InvoiceId;
use crate::payment::{AttemptStatus, PaymentAttempt, PaymentAttemptId, Source};
use crate::payment_method::PaymentMethodId;
use crate::plan::Cycle;
use crate::testing::{Committed, FakeBillingStore, FakeBillingUnit, flat_plan, terms};

const NOW: OffsetDateTime = datetime!(2026-11-21 02:00:00 UTC);

fn scope(permissions: &[Permission]) -> TenantScope {
    TenantScope::for_test(1, permissions)
}

fn active() -> Subscription {
    let plan = flat_plan("pro", 9_900, Currency::USD).unwrap();
    let id = SubscriptionId::from_uuid(Uuid::from_u128(1));
    Subscription::start_active(id, terms(&plan, Cycle::Monthly), Currency::USD, None, NOW).unwrap()
}

fn pending() -> PaymentAttempt {
    PaymentAttempt {
        id: PaymentAttemptId::from_uuid(Uuid::from_u128(2)),
        invoice: InvoiceId::from_uuid(Uuid::from_u128(3)),
        source: Source::OnFile(PaymentMethodId::from_uuid(Uuid::from_u128(4))),
        token: MethodToken::try_from("card_1").unwrap(),
        amount: Money::new(100, Currency::USD),
        status: AttemptStatus::Pending,
        created_at: NOW,
    }
}

/// A service over one unit that knows this subscription and this attempt.
fn service(subscription: Option<Subscription>, attempt: Option<PaymentAttempt>) -> (SubscriptionService, Committed) {
    let mut unit = FakeBillingUnit::default();
    unit.billing_accounts.expect_lock().returning(|| Ok(None));
    unit.subscriptions.expect_latest().return_once(move || Ok(subscription));
    unit.payment_attempts.expect_pending().return_once(move || Ok(attempt));
    unit.subscriptions.expect_update().returning(|_| Ok(()));
    let store = FakeBillingStore::with([unit]);
    let committed = store.committed();
    (
        SubscriptionService::new(Arc::new(store), Arc::new(FixedClock::at(NOW))),
        committed,
    )
}

#[tokio::test]
async fn a_cancellation_at_the_periods_end_is_scheduled() {
    let (service, committed) = service(Some(active()), None);
    let request = CancelSubscription {
        when: CancelWhen::PeriodEnd,
    };

    let after = service.cancel(&scope(&[BILLING_MANAGE]), request).await.unwrap();

    assert_eq!(after.scheduled(), Some(&ScheduledChange::Cancellation));
    assert_eq!(after.status(), Status::Active);
    assert_eq!(committed.actions(), Some(vec!["subscription.cancellation_scheduled"]));
}

#[tokio::test]
async fn a_cancellation_now_is_final() {
    let (service, committed) = service(Some(active()), None);
    let request = CancelSubscription { when: CancelWhen::Now };

    let after = service.cancel(&scope(&[BILLING_MANAGE]), request).await.unwrap();

    assert_eq!(after.status(), Status::Cancelled { at: NOW });
    assert_eq!(committed.actions(), Some(vec!["subscription.cancelled"]));
}

#[tokio::test]
async fn nothing_is_cancelled_while_a_payment_is_under_way() {
    let (service, committed) = service(Some(active()), Some(pending()));
    let request = CancelSubscription { when: CancelWhen::Now };

    let refused = service.cancel(&scope(&[BILLING_MANAGE]), request).await.unwrap_err();

    assert_eq!(refused.code(), "payment_in_progress");
    assert_eq!(committed.actions(), None);
}

#[tokio::test]
async fn a_scheduled_cancellation_is_undone() {
    let mut cancelling = active();
    cancelling.cancel_at_period_end().unwrap();
    let (service, committed) = service(Some(cancelling), None);

    let after = service.resume(&scope(&[BILLING_MANAGE])).await.unwrap();

    assert_eq!(after.scheduled(), None);
    assert_eq!(committed.actions(), Some(vec!["subscription.resumed"]));
}

#[tokio::test]
async fn there_is_nothing_to_resume_when_nothing_is_scheduled() {
    let (service, committed) = service(Some(active()), None);

    let refused = service.resume(&scope(&[BILLING_MANAGE])).await.unwrap_err();

    assert_eq!(refused.code(), "nothing_scheduled");
    assert_eq!(committed.actions(), None);
}

#[tokio::test]
async fn without_the_permission_the_store_is_never_reached() {
    let store = FakeBillingStore::with([]);
    let service = SubscriptionService::new(Arc::new(store), Arc::new(FixedClock::at(NOW)));
    let request = CancelSubscription { when: CancelWhen::Now };

    let reader = scope(&[BILLING_READ]);
    assert!(matches!(
        service.show(&scope(&[])).await,
        Err(SubscriptionError::Denied(_))
    ));
    assert!(matches!(
        service.cancel(&reader, request).await,
        Err(SubscriptionError::Denied(_))
    ));
    assert!(matches!(
        service.resume(&reader).await,
        Err(SubscriptionError::Denied(_))
    ));
}

#[tokio::test]
async fn a_tenant_that_never_subscribed_has_none_to_show() {
    let (service, _) = service(None, None);

    let refused = service.show(&scope(&[BILLING_READ])).await;

    assert!(matches!(refused, Err(SubscriptionError::NotFound)));
}
