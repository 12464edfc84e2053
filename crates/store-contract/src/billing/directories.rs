//! Look-ups across tenants for the worker.

use tenantry_billing::invoice::Purpose;
use tenantry_billing::payment::Source;
use tenantry_billing::payment_method::PaymentMethodId;
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{SystemScope, TenantId};

use super::payments::attempt;
use super::{BillingHarness, NOW, active, begin, draft, found_with_credit, keep_invoices, keep_subscription, plan};

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

/// Tenants are due from the very end of their period on, longest due first, until they are cancelled.
pub async fn tenants_are_due_when_their_period_is_over(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let pro = plan("pro", 9_900);
    let mut first = active(1, &pro, NOW);
    let second = active(1, &pro, NOW - Duration::DAY);
    keep_subscription(store, 1, &first).await;
    keep_subscription(store, 2, &second).await;
    let worker = SystemScope::for_test(&[]);
    let due = async |at, limit| store.due().due(&worker, at, limit).await.unwrap();

    assert_eq!(due(second.period().end() - Duration::MICROSECOND, 10).await, []);
    assert_eq!(due(second.period().end(), 10).await, [tenant(2)]);
    assert_eq!(due(first.period().end(), 10).await, [tenant(2), tenant(1)]);
    assert_eq!(due(first.period().end(), 1).await, [tenant(2)]);

    let mut unit = begin(store, 1).await;
    first.cancel(NOW).unwrap();
    unit.subscriptions().update(&first).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    assert_eq!(due(first.period().end(), 10).await, [tenant(2)]);
}

/// Tenants whose payment was cut off are found by its age, until it is settled.
pub async fn tenants_with_a_payment_that_was_cut_off_are_found(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let source = Source::OnFile(PaymentMethodId::from_uuid(Uuid::from_u128(1)));
    for number in [1, 2] {
        keep_invoices(store, number, &[draft(1, Purpose::Manual, 0)]).await;
        let mut begun = attempt(1, 1, source.clone());
        begun.created_at = NOW + Duration::MINUTE * i32::from(number == 1);
        let mut unit = begin(store, number).await;
        unit.payment_attempts().insert(&begun).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
    }
    let worker = SystemScope::for_test(&[]);
    let pending = async |before, limit| store.pending().pending(&worker, before, limit).await.unwrap();

    assert_eq!(pending(NOW - Duration::MICROSECOND, 10).await, []);
    assert_eq!(pending(NOW, 10).await, [tenant(2)]);
    assert_eq!(pending(NOW + Duration::HOUR, 10).await, [tenant(2), tenant(1)]);
    assert_eq!(pending(NOW + Duration::HOUR, 1).await, [tenant(2)]);

    let mut settled = attempt(1, 1, source);
    settled.status = tenantry_billing::payment::AttemptStatus::Failed {
        code: "card_declined".to_owned(),
        at: NOW,
    };
    let mut unit = begin(store, 2).await;
    unit.payment_attempts().settle(&settled).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    assert_eq!(pending(NOW + Duration::HOUR, 10).await, [tenant(1)]);
}
