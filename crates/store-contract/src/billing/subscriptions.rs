//! Subscriptions.

use tenantry_billing::plan::Cycle;
use tenantry_billing::subscription::{Prepaid, Quantity, SUBSCRIPTION_ONE_LIVE, Subscription, Terms, Transition};
use tenantry_billing::testing::terms;
use tenantry_kernel::Currency;
use tenantry_kernel::time::Duration;

use super::{
    BillingHarness, NOW, active, begin, found_with_credit, keep_subscription, plan, read, subscription_id, usd,
};
use crate::{is_stale, refused_by};

async fn stored(store: &impl BillingHarness, tenant: u128, number: u128) -> Option<Subscription> {
    let mut unit = read(store, tenant).await;
    unit.subscriptions().find(subscription_id(number)).await.unwrap()
}

fn seats(number: u32) -> Terms {
    Terms {
        quantity: Quantity::try_from(number).unwrap(),
        ..terms(&plan("team", 500), Cycle::Yearly)
    }
}

/// Every field comes back as it went, in every state.
pub async fn a_subscription_comes_back_whole_in_every_state(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let pro = plan("pro", 9_900);
    let trial = Subscription::start_trial(subscription_id(1), seats(7), Currency::USD, 14, NOW).unwrap();
    let mut cancelling = active(2, &pro, NOW);
    cancelling.cancel_at_period_end().unwrap();
    let mut changing = active(3, &pro, NOW);
    changing.schedule(seats(1_000_000)).unwrap();
    let mut behind = active(4, &plan("free", 0), NOW);
    behind.fall_behind(NOW + Duration::microseconds(3)).unwrap();
    let mut over = active(5, &pro, NOW);
    over.cancel(NOW + Duration::HOUR).unwrap();

    for (number, subscription) in (1..).zip([trial, cancelling, changing, behind, over]) {
        // One live at a time: each is looked at within its own unit.
        let mut unit = begin(store, 1).await;
        unit.subscriptions().insert(&subscription).await.unwrap();
        let found = unit.subscriptions().find(subscription_id(number)).await.unwrap();
        assert_eq!(found, Some(subscription));
    }
}

/// One tenant's subscription is nobody else's.
pub async fn a_subscription_is_its_tenants_only(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let acmes = active(1, &plan("pro", 9_900), NOW);
    keep_subscription(store, 1, &acmes).await;

    let mut unit = begin(store, 2).await;
    assert_eq!(unit.subscriptions().find(acmes.id()).await.unwrap(), None);
    assert_eq!(unit.subscriptions().live().await.unwrap(), None);
    assert_eq!(unit.subscriptions().latest().await.unwrap(), None);
    assert!(is_stale(&unit.subscriptions().update(&acmes).await));
    unit.subscriptions().insert(&acmes).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(stored(store, 1, 1).await, Some(acmes.clone()));
    assert_eq!(stored(store, 2, 1).await, Some(acmes));
}

/// A tenant has one live subscription, and as many past ones as it likes.
pub async fn a_tenant_has_one_live_subscription(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let pro = plan("pro", 9_900);
    let mut first = active(1, &pro, NOW);
    keep_subscription(store, 1, &first).await;

    let mut unit = begin(store, 1).await;
    let refused = unit.subscriptions().insert(&active(2, &pro, NOW)).await;
    assert_eq!(refused_by(refused), SUBSCRIPTION_ONE_LIVE);
    drop(unit);

    first.cancel(NOW).unwrap();
    let mut unit = begin(store, 1).await;
    unit.subscriptions().update(&first).await.unwrap();
    assert_eq!(unit.subscriptions().live().await.unwrap(), None);
    assert_eq!(unit.subscriptions().latest().await.unwrap().unwrap().id(), first.id());
    unit.subscriptions().insert(&active(2, &pro, NOW)).await.unwrap();
    assert_eq!(
        unit.subscriptions().live().await.unwrap().unwrap().id(),
        subscription_id(2)
    );
    assert_eq!(
        unit.subscriptions().latest().await.unwrap().unwrap().id(),
        subscription_id(2)
    );
    unit.commit(Vec::new()).await.unwrap();
}

/// An update writes everything and counts the version up; who read before it is refused.
pub async fn a_subscription_that_changed_since_it_was_read_is_stale(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let early = active(1, &plan("pro", 9_900), NOW);
    keep_subscription(store, 1, &early).await;
    let mut changed = early.clone();
    let transition = Transition {
        at: NOW,
        terms: seats(3),
        trialing: false,
        period: early.period(),
        anchor: early.anchor(),
        prepaid: Some(Prepaid {
            from: NOW + Duration::DAY,
            amount: usd(777),
        }),
        counted: None,
    };
    changed.apply(&transition).unwrap();

    let mut unit = begin(store, 1).await;
    unit.subscriptions().update(&changed).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    let mut unit = begin(store, 1).await;
    let late = unit.subscriptions().update(&early).await;

    assert!(is_stale(&late), "{late:?}");
    drop(unit);
    let stored = stored(store, 1, 1).await.unwrap();
    assert_eq!(stored.version(), early.version() + 1);
    assert_eq!((stored.terms(), stored.prepaid()), (changed.terms(), changed.prepaid()));
}
