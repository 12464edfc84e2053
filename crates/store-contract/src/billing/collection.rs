//! The charge flow over a real store: crashes and races come to one charge and one invoice.

use std::sync::Arc;

use tenantry_billing::change::{Effect, When, Wish, plan_change};
use tenantry_billing::invoice::{InvoiceStatus, Purpose};
use tenantry_billing::payment::{CollectError, Collection, Draft, PayWith, PaymentAttempt, Prepared, Settlement};
use tenantry_billing::plan::Cycle;
use tenantry_billing::proration::Counts;
use tenantry_billing::renewal;
use tenantry_billing::subscription::Quantity;
use tenantry_billing::testing::TestGateway;
use tenantry_kernel::testing::SequentialIds;
use tenantry_kernel::time::Duration;

use super::{BillingHarness, NOW, active, begin, found_with_credit, keep_subscription, plan, read, usd};
use crate::next_page;

struct Flow<'a, S> {
    store: &'a S,
    gateway: Arc<TestGateway>,
    collection: Collection,
}

impl<'a, S: BillingHarness> Flow<'a, S> {
    /// Two tenants on starter since half a month.
    async fn new(store: &'a S) -> Self {
        found_with_credit(store, 0).await;
        for tenant in [1, 2] {
            let starter = active(1, &plan("starter", 2_900), NOW - Duration::days(14));
            keep_subscription(store, tenant, &starter).await;
        }
        let gateway = Arc::new(TestGateway::default());
        let collection = Collection::new(gateway.clone(), Arc::new(SequentialIds::default()));
        Self {
            store,
            gateway,
            collection,
        }
    }

    /// Step 1 of an upgrade of tenant 1, committed.
    async fn prepare(&self, pay_with: &PayWith) -> Result<PaymentAttempt, CollectError> {
        let mut unit = begin(self.store, 1).await;
        let subscription = unit.subscriptions().live().await?.unwrap();
        let wish = Wish {
            cycle: Cycle::Monthly,
            quantity: Quantity::ONE,
            when: Some(When::Now),
            has_method: true,
        };
        let (from, to) = (plan("starter", 2_900), plan("pro", 9_900));
        let outcome = plan_change(&subscription, &from, &to, &wish, &Counts::none(), NOW).unwrap();
        let Effect::Now(to) = outcome.effect else {
            panic!("the change is to happen now");
        };
        let draft = Draft {
            subscription: Some(subscription.id()),
            purpose: Purpose::ChangePlan { to },
            lines: outcome.lines,
        };
        let prepared = self.collection.prepare(&mut *unit, draft, pay_with, NOW).await?;
        let Prepared::Pending { attempt, events, .. } = prepared else {
            panic!("money is due");
        };
        unit.commit(events).await?;
        Ok(*attempt)
    }

    /// Steps 2 and 3, as a worker that found the attempt pending.
    async fn resume(&self, attempt: &PaymentAttempt) -> Settlement {
        let outcome = self.collection.resume(attempt).await.unwrap();
        let mut unit = begin(self.store, 1).await;
        let settlement = self
            .collection
            .settle(&mut *unit, attempt.id, &outcome, NOW)
            .await
            .unwrap();
        unit.commit(settlement.events.clone()).await.unwrap();
        settlement
    }

    async fn card(&self, token: &str) -> PayWith {
        self.collection.pay_with(Some(token)).await.unwrap()
    }

    async fn assert_upgraded_once(&self) {
        assert_eq!(self.gateway.charges().len(), 1);
        let mut unit = read(self.store, 1).await;
        let invoices = unit.invoices().list(next_page::<()>(10, None)).await.unwrap().items;
        assert_eq!(invoices.len(), 1);
        assert_eq!(invoices[0].status(), InvoiceStatus::Paid { at: NOW });
        assert_eq!(invoices[0].number().unwrap().0, 1);
        assert_eq!(invoices[0].amount_due(), self.gateway.charges()[0].amount);
        let live = unit.subscriptions().live().await.unwrap().unwrap();
        assert_eq!(live.plan().code.as_str(), "pro");
        assert!(unit.payment_methods().default_method().await.unwrap().is_some());
        drop(unit);
        let mut other = read(self.store, 2).await;
        let live = other.subscriptions().live().await.unwrap().unwrap();
        assert_eq!(live.plan().code.as_str(), "starter");
    }
}

/// A crash after the charge comes to one charge and one invoice, also when two workers resume it at once.
pub async fn a_payment_that_two_resume_is_recorded_once(store: &impl BillingHarness) {
    let flow = Flow::new(store).await;
    let card = flow.card("card_ok").await;
    let attempt = flow.prepare(&card).await.unwrap();
    flow.collection.charge(&attempt).await.unwrap();

    let (first, second) = tokio::join!(flow.resume(&attempt), flow.resume(&attempt));

    assert!(first.repeated != second.repeated);
    flow.assert_upgraded_once().await;
}

/// Of two upgrades at once one goes ahead, the other hears of it.
pub async fn of_two_upgrades_at_once_one_goes_ahead(store: &impl BillingHarness) {
    let flow = Flow::new(store).await;
    let card = flow.card("card_ok").await;

    let (first, second) = tokio::join!(flow.prepare(&card), flow.prepare(&card));

    let (winner, loser) = if first.is_ok() {
        (first, second)
    } else {
        (second, first)
    };
    assert!(matches!(loser, Err(CollectError::InProgress)), "{loser:?}");
    flow.resume(&winner.unwrap()).await;
    flow.assert_upgraded_once().await;
}

/// A refused card leaves subscription, methods and numbers as they were.
pub async fn a_refused_card_leaves_everything_as_it_was(store: &impl BillingHarness) {
    let flow = Flow::new(store).await;
    let before = read(store, 1).await.subscriptions().live().await.unwrap();
    let card = flow.card("card_declined").await;
    let refused = flow.prepare(&card).await.unwrap();

    flow.resume(&refused).await;

    let mut unit = read(store, 1).await;
    assert_eq!(unit.subscriptions().live().await.unwrap(), before);
    assert_eq!(unit.payment_methods().default_method().await.unwrap(), None);
    assert_eq!(unit.payment_attempts().pending().await.unwrap(), None);
    assert_eq!(
        unit.invoices().list(next_page::<()>(10, None)).await.unwrap().items,
        Vec::new()
    );
    drop(unit);
    let good = flow.card("card_ok").await;
    let attempt = flow.prepare(&good).await.unwrap();
    flow.resume(&attempt).await;
    flow.assert_upgraded_once().await;
}

/// Two billing runs at once bill a period once.
pub async fn two_billing_runs_at_once_bill_a_period_once(store: &impl BillingHarness) {
    let flow = Flow::new(store).await;
    let starter = plan("starter", 2_900);
    let due = NOW + Duration::days(40);
    let run = async || {
        let mut unit = begin(store, 1).await;
        unit.billing_accounts().lock().await.unwrap();
        let live = unit.subscriptions().live().await.unwrap().unwrap();
        let renewal = renewal::plan(&live, &starter, &starter, &Counts::none(), due).unwrap();
        let Some(renewal) = renewal else {
            return false;
        };
        tokio::task::yield_now().await;
        let draft = Draft {
            subscription: Some(live.id()),
            purpose: renewal.purpose(),
            lines: renewal.lines,
        };
        unit.subscriptions().update(&renewal.subscription).await.unwrap();
        let issued = flow.collection.issue(&mut *unit, draft, due).await.unwrap();
        unit.commit(issued.unwrap().1).await.unwrap();
        true
    };

    let (first, second) = tokio::join!(run(), run());

    assert!(first != second, "{first} {second}");
    let open = read(store, 1).await.invoices().open().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].amount_due(), usd(2_900));
}
