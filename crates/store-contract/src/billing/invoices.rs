//! Invoices and their lines.

use tenantry_billing::invoice::{Invoice, InvoiceNumber, Purpose};
use tenantry_billing::period::Period;
use tenantry_billing::plan::Cycle;
use tenantry_billing::proration::CountedSpan;
use tenantry_billing::subscription::{Prepaid, Transition};
use tenantry_billing::testing::terms;
use tenantry_kernel::Code;
use tenantry_kernel::time::Duration;

use super::{
    BillingHarness, NOW, active, begin, draft, found_with_credit, invoice_id, keep_invoices, keep_subscription, plan,
    read, usd,
};
use crate::{is_stale, next_page};

async fn stored(store: &impl BillingHarness, tenant: u128, number: u128) -> Option<Invoice> {
    let mut unit = read(store, tenant).await;
    unit.invoices().find(invoice_id(number)).await.unwrap()
}

/// An invoice issued as `number`.
fn issued(number: u128) -> Invoice {
    let mut invoice = draft(number, Purpose::Manual, 0);
    invoice
        .finalize(InvoiceNumber(i64::try_from(number).unwrap()), NOW)
        .unwrap();
    invoice
}

/// Every field of every purpose and status comes back as it went, lines in order, to the last fraction.
pub async fn an_invoice_comes_back_whole(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let pro = plan("pro", 9_900);
    let subscription = active(1, &pro, NOW);
    keep_subscription(store, 1, &subscription).await;
    let transition = Transition {
        at: NOW,
        terms: terms(&pro, Cycle::Yearly),
        trialing: true,
        period: subscription.period(),
        anchor: subscription.anchor(),
        prepaid: Some(Prepaid {
            from: NOW,
            amount: usd(123),
        }),
        counted: Some(CountedSpan {
            meters: vec![Code::try_from("messages").unwrap()],
            from: NOW - Duration::DAY,
            until: NOW,
            mark: 7,
        }),
    };
    let change = Purpose::ChangePlan {
        to: Box::new(transition),
    };
    let renewal = Purpose::Renewal {
        period: subscription.period(),
    };
    let mut paid = issued(3);
    paid.pay(NOW + Duration::microseconds(1)).unwrap();
    let mut void = issued(4);
    void.void(NOW + Duration::HOUR).unwrap();
    let mut given_up = draft(5, change.clone(), 500);
    given_up.discard(NOW).unwrap();
    let owned = Invoice::draft(
        invoice_id(6),
        Some(subscription.id()),
        renewal.clone(),
        super::lines(6),
        usd(1_000),
        NOW,
    );
    let all = [
        draft(1, change, 0),
        draft(2, renewal, 1_000_000),
        paid,
        void,
        given_up,
        owned.unwrap(),
    ];

    keep_invoices(store, 1, &all).await;

    for (number, invoice) in (1..).zip(all) {
        assert_eq!(stored(store, 1, number).await, Some(invoice));
    }
}

/// One tenant's invoices are nobody else's, not even by number or line.
pub async fn invoices_are_their_tenants_only(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_invoices(store, 1, &[issued(1)]).await;

    let mut unit = begin(store, 2).await;
    assert_eq!(unit.invoices().find(invoice_id(1)).await.unwrap(), None);
    assert_eq!(unit.invoices().open().await.unwrap(), Vec::new());
    let page = unit.invoices().list(next_page::<()>(10, None)).await.unwrap();
    assert_eq!(page.items, Vec::new());
    assert!(is_stale(&unit.invoices().update(&issued(1)).await));
    unit.invoices().insert(&issued(1)).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(stored(store, 1, 1).await, Some(issued(1)));
    assert_eq!(stored(store, 2, 1).await, Some(issued(1)));
}

/// Issued invoices are listed newest first, in pages; drafts are not.
pub async fn issued_invoices_are_listed_newest_first_in_pages(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_invoices(
        store,
        1,
        &[issued(1), draft(2, Purpose::Manual, 0), issued(3), issued(4)],
    )
    .await;
    let mut unit = read(store, 1).await;

    let first = unit.invoices().list(next_page::<()>(2, None)).await.unwrap();
    let second = unit.invoices().list(next_page(2, Some(&first))).await.unwrap();

    assert_eq!(first.items, [issued(4), issued(3)]);
    assert_eq!((second.items, second.next), (vec![issued(1)], None));
}

/// What is owed is found, oldest first, until it is settled.
pub async fn open_invoices_are_found_until_they_are_settled(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_invoices(store, 1, &[issued(1), draft(2, Purpose::Manual, 0), issued(3)]).await;
    let open = async || read(store, 1).await.invoices().open().await.unwrap();
    assert_eq!(open().await, [issued(1), issued(3)]);

    let mut unit = begin(store, 1).await;
    let mut first = issued(1);
    first.pay(NOW).unwrap();
    unit.invoices().update(&first).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(open().await, [issued(3)]);
}

/// Who read before another wrote is refused.
pub async fn an_invoice_that_changed_since_it_was_read_is_stale(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_invoices(store, 1, &[issued(1)]).await;
    let (mut paid, mut void) = (issued(1), issued(1));
    paid.pay(NOW).unwrap();
    void.void(NOW).unwrap();

    let mut unit = begin(store, 1).await;
    unit.invoices().update(&paid).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    let mut unit = begin(store, 1).await;
    let late = unit.invoices().update(&void).await;

    assert!(is_stale(&late), "{late:?}");
    drop(unit);
    let stored = stored(store, 1, 1).await.unwrap();
    assert_eq!((stored.status(), stored.version()), (paid.status(), 2));
}

/// An invoice without lines that follow from their basis is never handed out: amounts survive exactly.
pub async fn amounts_survive_exactly(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_invoices(store, 1, &[issued(1)]).await;

    let stored = stored(store, 1, 1).await.unwrap();

    let period = Period::new(NOW, stored.lines()[1].basis.period().end()).unwrap();
    assert_eq!(stored.lines()[1].basis.period(), period);
    for line in stored.lines() {
        assert_eq!(line.basis.recompute().unwrap(), line.amount());
    }
}
