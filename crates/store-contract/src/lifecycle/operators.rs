//! What operators see across tenants.

use tenantry_billing::plan::Cycle;
use tenantry_billing::testing::terms;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{Currency, SystemScope};
use tenantry_lifecycle::operators::{Headcount, SubscriptionGroup};
use tenantry_tenancy::directory::TenantFilter;
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::testing::{self, member, tenant_id};

use super::LifecycleHarness;
use crate::billing::{NOW, active, begin, keep_subscription, plan};
use crate::next_page;
use crate::tenancy::{add_members, found_two};

fn scope() -> SystemScope {
    SystemScope::for_test(&[])
}

/// A card shows the tenant and its newest subscription.
pub async fn a_card_shows_the_newest_subscription(store: &impl LifecycleHarness) {
    found_two(store).await;
    let mut old = active(1, &plan("basic", 900), NOW);
    keep_subscription(store, 1, &old).await;
    let mut unit = begin(store, 1).await;
    old.cancel(NOW + Duration::HOUR).unwrap();
    unit.subscriptions().update(&old).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    keep_subscription(store, 1, &active(2, &plan("pro", 9_900), NOW + Duration::DAY)).await;

    let first = store
        .operators()
        .tenants(&scope(), &TenantFilter::default(), next_page::<()>(1, None))
        .await
        .unwrap();
    let second = store
        .operators()
        .tenants(&scope(), &TenantFilter::default(), next_page(1, Some(&first)))
        .await
        .unwrap();

    let acme = &first.items[0];
    let founded = testing::tenant(1, "acme");
    assert_eq!(
        (acme.id, &acme.slug, &acme.name),
        (tenant_id(1), founded.slug(), founded.name())
    );
    assert_eq!(
        (&acme.billing_email, acme.created_at),
        (&founded.profile().billing_email, founded.created_at())
    );
    assert_eq!(acme.plan.as_ref().map(ToString::to_string).as_deref(), Some("pro"));
    assert_eq!(acme.subscription_status.as_deref(), Some("active"));
    assert_eq!(
        (second.items[0].id, second.items[0].plan.clone(), second.next),
        (tenant_id(2), None, None)
    );
}

/// The filter by plan looks at live subscriptions only.
pub async fn tenants_are_found_by_plan(store: &impl LifecycleHarness) {
    found_two(store).await;
    let mut gone = active(1, &plan("pro", 9_900), NOW);
    keep_subscription(store, 1, &gone).await;
    keep_subscription(store, 2, &active(1, &plan("pro", 9_900), NOW)).await;
    let mut unit = begin(store, 1).await;
    gone.cancel(NOW).unwrap();
    unit.subscriptions().update(&gone).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    let on_pro = TenantFilter {
        plan: Some("pro".try_into().unwrap()),
        ..TenantFilter::default()
    };

    let cards = store
        .operators()
        .tenants(&scope(), &on_pro, next_page::<()>(10, None))
        .await
        .unwrap();
    let ids = store
        .tenants()
        .list(&scope(), &on_pro, next_page::<()>(10, None))
        .await
        .unwrap();

    assert_eq!(
        cards.items.iter().map(|card| card.id).collect::<Vec<_>>(),
        [tenant_id(2)]
    );
    assert_eq!(ids.items, [tenant_id(2)]);
}

/// Live subscriptions on the same terms are one group.
pub async fn live_subscriptions_are_grouped_by_their_terms(store: &impl LifecycleHarness) {
    found_two(store).await;
    let pro = plan("pro", 9_900);
    keep_subscription(store, 1, &active(1, &pro, NOW)).await;
    keep_subscription(store, 2, &active(1, &pro, NOW + Duration::DAY)).await;

    let groups = store.operators().subscription_groups(&scope()).await.unwrap();

    let agreed = terms(&pro, Cycle::Monthly);
    let expected = SubscriptionGroup {
        plan: agreed.plan,
        cycle: Cycle::Monthly,
        currency: Currency::USD,
        quantity: agreed.quantity,
        status: "active".to_owned(),
        count: 2,
    };
    assert_eq!(groups, [expected]);
}

/// Members who left take no seat; everything is counted across tenants.
pub async fn heads_are_counted_across_tenants(store: &impl LifecycleHarness) {
    found_two(store).await;
    crate::identity::register_two(store).await;
    let mut left = member(11, SystemRole::Member);
    left.deactivate(NOW).unwrap();
    add_members(store, 1, &[member(10, SystemRole::Owner), left]).await;
    add_members(store, 2, &[member(10, SystemRole::Owner)]).await;

    let heads = store.operators().headcount(&scope()).await.unwrap();

    let expected = Headcount {
        active_tenants: 2,
        suspended_tenants: 0,
        members: 2,
        users: 2,
    };
    assert_eq!(heads, expected);
}
