use tenantry_kernel::testing::SequentialIds;
use tenantry_kernel::{Currency, DomainError, Money, TenantScope};
use time::macros::datetime;

use super::*;
use crate::change::{Effect, When, Wish, plan_change};
use crate::plan::{Cycle, Plan};
use crate::proration::Counts;
use crate::store::BillingStore;
use crate::subscription::{Quantity, Status, Subscription};
use crate::testing::{Book, MemoryBillingStore, TestGateway, flat_plan, terms};

const NOW: OffsetDateTime = datetime!(2026-11-16 00:00:00 UTC);

struct World {
    store: MemoryBillingStore,
    gateway: Arc<TestGateway>,
    collection: Collection,
    scope: TenantScope,
    starter: Plan,
    pro: Plan,
}

impl World {
    /// A tenant on starter since the first of the month, with so much credit.
    async fn new(credit_minor: i64) -> Self {
        let gateway = Arc::new(TestGateway::default());
        let ids = Arc::new(SequentialIds::default());
        let world = Self {
            store: MemoryBillingStore::default(),
            collection: Collection::new(gateway.clone(), ids.clone()),
            gateway,
            scope: TenantScope::for_test(1, &[]),
            starter: flat_plan("starter", 2_900, Currency::USD).unwrap(),
            pro: flat_plan("pro", 9_900, Currency::USD).unwrap(),
        };
        let id = SubscriptionId::from_uuid(ids.next());
        let prepaid = Some(Money::new(2_900, Currency::USD));
        let start = datetime!(2026-11-01 00:00:00 UTC);
        let subscribed = terms(&world.starter, Cycle::Monthly);
        let subscription = Subscription::start_active(id, subscribed, Currency::USD, prepaid, start).unwrap();
        let account = BillingAccount::restore(Money::new(credit_minor, Currency::USD)).unwrap();
        let mut unit = world.store.begin(&world.scope).await.unwrap();
        unit.billing_accounts().insert(&account).await.unwrap();
        unit.subscriptions().insert(&subscription).await.unwrap();
        unit.commit(vec![]).await.unwrap();
        world
    }

    fn book(&self) -> Book {
        self.store.book(self.scope.tenant_id())
    }

    fn subscription(&self) -> Subscription {
        self.book().subscriptions[0].clone()
    }

    fn change_to(&self, to: &Plan) -> Draft {
        let wish = Wish {
            cycle: Cycle::Monthly,
            quantity: Quantity::ONE,
            when: Some(When::Now),
            has_method: true,
        };
        let subscription = self.subscription();
        let outcome = plan_change(&subscription, &self.starter, to, &wish, &Counts::none(), NOW).unwrap();
        let Effect::Now(to) = outcome.effect else {
            panic!("the change is to happen now");
        };
        Draft {
            subscription: Some(subscription.id()),
            purpose: Purpose::ChangePlan { to },
            lines: outcome.lines,
        }
    }

    /// Step 1, committed.
    async fn prepare(&self, token: &str) -> Result<PaymentAttempt, CollectError> {
        let pay_with = self.collection.pay_with(Some(token)).await?;
        let mut unit = self.store.begin(&self.scope).await?;
        let draft = self.change_to(&self.pro);
        let prepared = self.collection.prepare(&mut *unit, draft, &pay_with, NOW).await?;
        let Prepared::Pending { attempt, events, .. } = prepared else {
            panic!("money is due");
        };
        unit.commit(events).await?;
        Ok(*attempt)
    }

    /// Step 3, committed.
    async fn settle(&self, attempt: &PaymentAttempt, outcome: &ChargeOutcome) -> Settlement {
        let mut unit = self.store.begin(&self.scope).await.unwrap();
        let settlement = self
            .collection
            .settle(&mut *unit, attempt.id, outcome, NOW)
            .await
            .unwrap();
        unit.commit(settlement.events.clone()).await.unwrap();
        settlement
    }

    /// What a worker does with whatever is pending.
    async fn resume(&self) {
        let pending = self.book().attempts.into_iter();
        for attempt in pending.filter(|attempt| attempt.status == AttemptStatus::Pending) {
            let outcome = self.collection.resume(&attempt).await.unwrap();
            self.settle(&attempt, &outcome).await;
        }
    }

    fn assert_upgraded_once(&self) {
        let book = self.book();
        assert_eq!(self.gateway.charges().len(), 1);
        assert_eq!(self.gateway.charges()[0].amount, Money::new(3_500, Currency::USD));
        assert_eq!(book.issued_changes().count(), 1);
        assert_eq!(book.invoices[0].status(), InvoiceStatus::Paid { at: NOW });
        assert_eq!(book.invoices[0].number().unwrap().to_string(), "INV-000001");
        assert_eq!(self.subscription().plan().code.as_str(), "pro");
        assert_eq!(book.methods.len(), 1);
        assert!(book.methods[0].is_default);
    }
}

#[tokio::test]
async fn an_upgrade_is_charged_once_numbered_and_applied() {
    let world = World::new(0).await;

    let attempt = world.prepare("card_ok").await.unwrap();
    let outcome = world.collection.charge(&attempt).await.unwrap();
    let settlement = world.settle(&attempt, &outcome).await;

    world.assert_upgraded_once();
    assert_eq!(settlement.subscription.as_ref().unwrap().plan().code.as_str(), "pro");
    let actions: Vec<&str> = settlement.events.iter().map(|event| event.action).collect();
    assert_eq!(
        actions,
        [
            "payment_method.added",
            "invoice.finalized",
            "invoice.paid",
            "subscription.changed"
        ]
    );
}

#[tokio::test]
async fn a_crash_before_the_charge_is_resumed_to_one_charge_and_one_invoice() {
    let world = World::new(0).await;
    world.prepare("card_ok").await.unwrap();

    world.resume().await;
    world.resume().await;

    world.assert_upgraded_once();
}

#[tokio::test]
async fn a_crash_after_the_charge_is_resumed_to_one_charge_and_one_invoice() {
    let world = World::new(0).await;
    let attempt = world.prepare("card_ok").await.unwrap();
    world.collection.charge(&attempt).await.unwrap();

    world.resume().await;

    world.assert_upgraded_once();
    assert_eq!(world.gateway.times_asked(), 1);
}

#[tokio::test]
async fn a_crash_in_the_result_commit_is_resumed_to_one_charge_and_one_invoice() {
    let world = World::new(0).await;
    let attempt = world.prepare("card_ok").await.unwrap();
    let outcome = world.collection.charge(&attempt).await.unwrap();
    let mut unit = world.store.begin(&world.scope).await.unwrap();
    let lost = world.collection.settle(&mut *unit, attempt.id, &outcome, NOW).await;
    assert!(lost.is_ok());
    drop(unit);

    world.resume().await;

    world.assert_upgraded_once();
}

#[tokio::test]
async fn a_time_out_after_the_charge_finds_it_and_does_not_charge_again() {
    let world = World::new(0).await;

    let attempt = world.prepare("card_timeout_after_charge").await.unwrap();
    let outcome = world.collection.charge(&attempt).await.unwrap();
    world.settle(&attempt, &outcome).await;

    world.assert_upgraded_once();
    assert_eq!(world.gateway.times_asked(), 1);
}

#[tokio::test]
async fn a_time_out_that_tells_nothing_stays_pending_and_blocks_a_second_payment() {
    let world = World::new(0).await;
    let attempt = world.prepare("card_timeout_before_charge").await.unwrap();

    let unknown = world.collection.charge(&attempt).await;
    let second = world.prepare("card_ok").await;

    assert!(matches!(unknown, Err(CollectError::ResultUnknown)));
    assert!(matches!(second, Err(CollectError::InProgress)));
    assert_eq!(world.subscription().plan().code.as_str(), "starter");
}

#[tokio::test]
async fn two_that_record_the_same_result_record_it_once() {
    let world = World::new(0).await;
    let attempt = world.prepare("card_ok").await.unwrap();
    let outcome = world.collection.charge(&attempt).await.unwrap();

    let first = world.settle(&attempt, &outcome).await;
    let second = world.settle(&attempt, &outcome).await;

    assert!(!first.repeated && second.repeated);
    assert_eq!(second.events, vec![]);
    assert_eq!(second.into_paid().unwrap().invoice.unwrap().id(), attempt.invoice);
    world.assert_upgraded_once();
}

#[tokio::test]
async fn a_refused_card_leaves_everything_as_it_was() {
    for (token, code) in [
        ("card_declined", "card_declined"),
        ("card_3ds", "action_required"),
        ("card_unreachable", "gateway_unavailable"),
    ] {
        let world = World::new(1_000).await;
        let before = world.subscription();

        let attempt = world.prepare(token).await.unwrap();
        assert_eq!(world.book().account.unwrap().credit().amount_minor(), 0);
        let outcome = world.collection.charge(&attempt).await.unwrap();
        let settlement = world.settle(&attempt, &outcome).await;

        let book = world.book();
        assert_eq!(settlement.settled, Settled::Refused { code: code.to_owned() });
        assert!(settlement.into_paid().is_err());
        assert_eq!(world.subscription(), before);
        assert_eq!(book.account.unwrap().credit().amount_minor(), 1_000);
        assert_eq!(book.methods, vec![]);
        assert_eq!(book.invoices[0].number(), None);
        assert_eq!(world.gateway.charges(), vec![]);
    }
}

#[tokio::test]
async fn a_number_is_not_spent_on_a_refused_payment() {
    let world = World::new(0).await;
    let refused = world.prepare("card_declined").await.unwrap();
    let outcome = world.collection.charge(&refused).await.unwrap();
    world.settle(&refused, &outcome).await;

    let paid = world.prepare("card_ok").await.unwrap();
    let outcome = world.collection.charge(&paid).await.unwrap();
    let settlement = world.settle(&paid, &outcome).await;

    assert_eq!(settlement.invoice.unwrap().number().unwrap().to_string(), "INV-000001");
}

#[tokio::test]
async fn credit_pays_first_and_the_card_pays_the_rest() {
    let world = World::new(1_000).await;

    let attempt = world.prepare("card_ok").await.unwrap();
    let outcome = world.collection.charge(&attempt).await.unwrap();
    let settlement = world.settle(&attempt, &outcome).await;

    let invoice = settlement.invoice.unwrap();
    assert_eq!(invoice.credit_applied().amount_minor(), 1_000);
    assert_eq!(world.gateway.charges()[0].amount.amount_minor(), 2_500);
    assert_eq!(world.book().account.unwrap().credit().amount_minor(), 0);
}

#[tokio::test]
async fn what_credit_covers_is_settled_at_once_without_any_card() {
    let world = World::new(5_000).await;
    let mut unit = world.store.begin(&world.scope).await.unwrap();

    let draft = world.change_to(&world.pro);
    let prepared = world
        .collection
        .prepare(&mut *unit, draft, &PayWith::Default, NOW)
        .await
        .unwrap();
    let Prepared::Settled(settlement) = prepared else {
        panic!("nothing is due");
    };
    unit.commit(settlement.events).await.unwrap();

    assert_eq!(world.subscription().plan().code.as_str(), "pro");
    assert_eq!(world.book().account.unwrap().credit().amount_minor(), 1_500);
    assert_eq!(world.gateway.times_asked(), 0);
}

#[tokio::test]
async fn a_downgrade_now_becomes_credit_and_the_next_invoice_uses_it() {
    let world = World::new(0).await;
    let free = flat_plan("free", 0, Currency::USD).unwrap();
    let mut unit = world.store.begin(&world.scope).await.unwrap();
    let draft = world.change_to(&free);
    let prepared = world
        .collection
        .prepare(&mut *unit, draft, &PayWith::Default, NOW)
        .await
        .unwrap();
    assert!(matches!(prepared, Prepared::Settled(_)));
    unit.commit(vec![]).await.unwrap();

    assert_eq!(world.book().account.unwrap().credit().amount_minor(), 1_450);
    assert_eq!(world.book().invoices[0].amount_due().amount_minor(), 0);
    assert_eq!(world.subscription().plan().code.as_str(), "free");
}

#[tokio::test]
async fn money_that_is_due_needs_a_payment_method() {
    let world = World::new(0).await;
    let mut unit = world.store.begin(&world.scope).await.unwrap();

    let draft = world.change_to(&world.pro);
    let refused = world
        .collection
        .prepare(&mut *unit, draft, &PayWith::Default, NOW)
        .await
        .unwrap_err();

    assert_eq!(refused.code(), "payment_required");
}

#[tokio::test]
async fn a_method_is_a_token_the_gateway_knows_or_the_id_of_one_on_file() {
    let world = World::new(0).await;

    for bad in ["", "1234 5678", "bank_account", "card_\u{e9}"] {
        let refused = world.collection.pay_with(Some(bad)).await.unwrap_err();
        assert_eq!(refused.code(), "invalid_payment_method", "{bad}");
    }
    let id = Uuid::from_u128(7);
    assert_eq!(
        world.collection.pay_with(Some(&id.to_string())).await.unwrap(),
        PayWith::OnFile(PaymentMethodId::from_uuid(id))
    );
    assert_eq!(world.collection.pay_with(None).await.unwrap(), PayWith::Default);
}

#[tokio::test]
async fn a_renewal_is_issued_before_it_is_paid_and_a_refusal_makes_it_past_due_until_it_is() {
    let world = World::new(0).await;
    let due = world.subscription().period().end();
    let renewal = crate::renewal::plan(
        &world.subscription(),
        &world.starter,
        &world.starter,
        &Counts::none(),
        due,
    )
    .unwrap()
    .unwrap();
    let draft = Draft {
        subscription: Some(renewal.subscription.id()),
        purpose: renewal.purpose(),
        lines: renewal.lines,
    };
    let mut unit = world.store.begin(&world.scope).await.unwrap();
    unit.subscriptions().update(&renewal.subscription).await.unwrap();
    let (invoice, events) = world.collection.issue(&mut *unit, draft, due).await.unwrap().unwrap();
    let card = world.collection.pay_with(Some("card_declined")).await.unwrap();
    let begun = world
        .collection
        .begin(&mut *unit, invoice.id(), &card, due)
        .await
        .unwrap();
    unit.commit(events).await.unwrap();

    let outcome = world.collection.charge(&begun.attempt).await.unwrap();
    world.settle(&begun.attempt, &outcome).await;
    assert!(matches!(world.subscription().status(), Status::PastDue { .. }));
    assert_eq!(world.book().invoices[0].status(), InvoiceStatus::Open);

    let mut unit = world.store.begin(&world.scope).await.unwrap();
    let card = world.collection.pay_with(Some("card_ok")).await.unwrap();
    let begun = world
        .collection
        .begin(&mut *unit, invoice.id(), &card, due)
        .await
        .unwrap();
    unit.commit(vec![]).await.unwrap();
    let outcome = world.collection.charge(&begun.attempt).await.unwrap();
    world.settle(&begun.attempt, &outcome).await;
    assert_eq!(world.subscription().status(), Status::Active);
    assert_eq!(world.book().invoices[0].status(), InvoiceStatus::Paid { at: NOW });
}

#[tokio::test]
async fn a_charge_for_a_subscription_that_has_ended_is_kept_as_credit() {
    let world = World::new(0).await;
    let attempt = world.prepare("card_ok").await.unwrap();
    let mut over = world.subscription();
    over.cancel(NOW).unwrap();
    let mut unit = world.store.begin(&world.scope).await.unwrap();
    unit.subscriptions().update(&over).await.unwrap();
    unit.commit(vec![]).await.unwrap();

    let outcome = world.collection.charge(&attempt).await.unwrap();
    let settlement = world.settle(&attempt, &outcome).await;

    assert!(settlement.subscription.is_none());
    assert_eq!(world.book().account.unwrap().credit().amount_minor(), 3_500);
}

#[tokio::test]
async fn no_period_ends_while_a_plan_change_is_being_paid() {
    let world = World::new(0).await;
    let lines = world.change_to(&world.pro).lines;
    world.prepare("card_timeout_before_charge").await.unwrap();
    for lines in [lines, Vec::new()] {
        let draft = Draft {
            subscription: None,
            purpose: Purpose::Manual,
            lines,
        };
        let mut unit = world.store.begin(&world.scope).await.unwrap();

        let refused = world.collection.issue(&mut *unit, draft, NOW).await;

        assert!(matches!(refused, Err(CollectError::InProgress)));
    }
}

#[tokio::test]
async fn a_resumed_charge_that_times_out_is_looked_up_once_more() {
    let world = World::new(0).await;
    world.prepare("card_timeout_after_charge").await.unwrap();

    world.resume().await;

    world.assert_upgraded_once();
}
