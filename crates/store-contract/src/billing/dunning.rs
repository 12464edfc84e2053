//! Dunning cases, and which tenants they lead to.

use tenantry_billing::dunning::DunningCase;
use tenantry_billing::invoice::{Invoice, InvoiceNumber, Purpose};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{SystemScope, TenantId};

use super::{BillingHarness, NOW, begin, draft, found_with_credit, invoice_id, keep_invoices, read};

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

fn issued(number: u128) -> Invoice {
    let mut invoice = draft(number, Purpose::Manual, 0);
    let as_number = InvoiceNumber(i64::try_from(number).unwrap());
    invoice.finalize(as_number, NOW).unwrap();
    invoice
}

async fn keep(store: &impl BillingHarness, tenant: u128, case: &DunningCase, next_at: Option<OffsetDateTime>) {
    let mut unit = begin(store, tenant).await;
    unit.dunning_cases().record(case, next_at).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
}

async fn stored(store: &impl BillingHarness, tenant: u128, number: u128) -> Option<DunningCase> {
    let mut unit = read(store, tenant).await;
    unit.dunning_cases().find(invoice_id(number)).await.unwrap()
}

/// A case comes back whole in every state, and is written over.
pub async fn a_case_comes_back_whole_and_is_written_over(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_invoices(store, 1, &[issued(1), issued(3)]).await;
    let opened = DunningCase::open(invoice_id(1), NOW);
    let ended = DunningCase {
        retried_days: 65_535,
        suspended_at: Some(NOW + Duration::days(14)),
        cancelled_at: Some(NOW + Duration::days(30) + Duration::MICROSECOND),
        ..opened.clone()
    };

    keep(store, 1, &opened, Some(NOW)).await;
    assert_eq!(stored(store, 1, 1).await, Some(opened));
    keep(store, 1, &ended, None).await;

    assert_eq!(stored(store, 1, 1).await, Some(ended));
    assert_eq!(stored(store, 1, 3).await, None);
}

/// What one tenant's invoice came to is nobody else's.
pub async fn cases_are_their_tenants_only(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    for number in [1, 2] {
        keep_invoices(store, number, &[issued(1)]).await;
    }
    let mine = DunningCase::open(invoice_id(1), NOW);
    let theirs = DunningCase {
        retried_days: 3,
        ..mine.clone()
    };

    keep(store, 1, &mine, Some(NOW)).await;
    assert_eq!(stored(store, 2, 1).await, None);
    keep(store, 2, &theirs, Some(NOW)).await;

    assert_eq!(stored(store, 1, 1).await, Some(mine));
    assert_eq!(stored(store, 2, 1).await, Some(theirs));
}

/// Tenants are found from their first open invoice on, then on the day of each next step, once each however many
/// invoices they owe, and no longer once those are settled or nothing follows.
pub async fn tenants_with_an_unpaid_invoice_are_found_on_its_days(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let worker = SystemScope::for_test(&[]);
    let overdue = async |at, limit| store.overdue().overdue(&worker, at, limit).await.unwrap();
    keep_invoices(store, 1, &[draft(1, Purpose::Manual, 0)]).await;
    assert_eq!(overdue(NOW, 10).await, []);

    keep_invoices(store, 1, &[issued(3), issued(4)]).await;
    keep_invoices(store, 2, &[issued(5)]).await;
    assert_eq!(overdue(NOW, 10).await, [tenant(1), tenant(2)]);
    assert_eq!(overdue(NOW, 1).await, [tenant(1)]);

    let day = NOW + Duration::DAY;
    keep(store, 1, &DunningCase::open(invoice_id(3), NOW), Some(day)).await;
    keep(
        store,
        1,
        &DunningCase::open(invoice_id(4), NOW),
        Some(day + Duration::DAY),
    )
    .await;
    keep(store, 2, &DunningCase::open(invoice_id(5), NOW), None).await;
    assert_eq!(overdue(day - Duration::MICROSECOND, 10).await, []);
    assert_eq!(overdue(day, 10).await, [tenant(1)]);
    assert_eq!(overdue(day + Duration::WEEK, 10).await, [tenant(1)]);

    let mut unit = begin(store, 1).await;
    for number in [3, 4] {
        let mut paid = issued(number);
        paid.pay(NOW).unwrap();
        unit.invoices().update(&paid).await.unwrap();
    }
    unit.commit(Vec::new()).await.unwrap();
    assert_eq!(overdue(day + Duration::WEEK, 10).await, []);
}
