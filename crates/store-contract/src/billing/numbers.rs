//! The series of invoice numbers.

use tenantry_billing::invoice::Purpose;

use super::{BillingHarness, NOW, begin, draft, found_with_credit};

/// How many finalize at once.
const FINALIZERS: u128 = 32;

/// Numbers count up over all tenants.
pub async fn numbers_count_up_over_all_tenants(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let mut numbers = Vec::new();

    for tenant in [1, 2, 1] {
        let mut unit = begin(store, tenant).await;
        numbers.push(unit.invoice_numbers().next().await.unwrap().0);
        unit.commit(Vec::new()).await.unwrap();
    }

    assert_eq!(numbers, [1, 2, 3]);
}

/// A unit may take several; one that is dropped gives its numbers back.
pub async fn a_dropped_unit_gives_its_numbers_back(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let mut dropped = begin(store, 1).await;
    assert_eq!(dropped.invoice_numbers().next().await.unwrap().0, 1);
    assert_eq!(dropped.invoice_numbers().next().await.unwrap().0, 2);
    drop(dropped);

    let mut unit = begin(store, 2).await;
    assert_eq!(unit.invoice_numbers().next().await.unwrap().0, 1);
    unit.commit(Vec::new()).await.unwrap();
}

/// Many finalize at once, some of them in vain: of the numbers that were committed none is missing and none is twice.
pub async fn the_series_has_no_gap_under_concurrency(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let finalize = async |number: u128| {
        let mut unit = begin(store, number % 2 + 1).await;
        let mut invoice = draft(number, Purpose::Manual, 0);
        let taken = unit.invoice_numbers().next().await.unwrap();
        invoice.finalize(taken, NOW).unwrap();
        unit.invoices().insert(&invoice).await.unwrap();
        // The others get every chance to take the same one.
        tokio::task::yield_now().await;
        if number.is_multiple_of(4) {
            return None;
        }
        unit.commit(Vec::new()).await.unwrap();
        Some(taken.0)
    };

    let taken = futures_util::future::join_all((1..=FINALIZERS).map(finalize)).await;

    let mut committed: Vec<i64> = taken.into_iter().flatten().collect();
    committed.sort_unstable();
    let expected: Vec<i64> = (1..=24).collect();
    assert_eq!(committed, expected);
}
