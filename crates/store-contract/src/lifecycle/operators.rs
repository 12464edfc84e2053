//! What operators see across tenants.

use tenantry_billing::plan::Cycle;
use tenantry_billing::testing::terms;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{Currency, Note, PageRequest, SystemScope};
use tenantry_lifecycle::operators::{Headcount, SubscriptionGroup};
use tenantry_tenancy::directory::TenantFilter;
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::tenant::{SuspensionCause, TenantState};
use tenantry_tenancy::testing::{self, member, tenant_id};

use super::LifecycleHarness;
use crate::billing::{NOW, active, begin, keep_subscription, plan};
use crate::next_page;
use crate::tenancy::{add_members, begin as begin_tenancy, found_two};

fn scope() -> SystemScope {
    SystemScope::for_test(&[])
}

async fn suspend(store: &impl LifecycleHarness, number: u128) {
    let mut unit = begin_tenancy(store, number).await;
    let mut tenant = unit.tenants().find().await.unwrap().unwrap();
    let event = tenant
        .suspend(&Note::try_from("unpaid").unwrap(), SuspensionCause::Operator, NOW)
        .unwrap();
    unit.tenants().update(&tenant).await.unwrap();
    unit.commit(vec![event]).await.unwrap();
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

/// Tenants are listed in pages and found by state, name and slug, as in the list of ids.
pub async fn tenants_are_listed_in_pages_and_by_filter(store: &impl LifecycleHarness) {
    found_two(store).await;
    let initech = testing::tenant(3, "initech");
    let mut unit = begin_tenancy(store, 3).await;
    unit.tenants().insert(&initech).await.unwrap();
    unit.commit(vec![initech.founded()]).await.unwrap();
    suspend(store, 2).await;
    let ids = async |filter: TenantFilter, page: PageRequest| {
        let page = store.operators().tenants(&scope(), &filter, page).await.unwrap();
        page.items.iter().map(|card| card.id).collect::<Vec<_>>()
    };
    let everyone = TenantFilter::default;
    let ten = || next_page::<()>(10, None);

    let first = store
        .operators()
        .tenants(&scope(), &everyone(), next_page::<()>(2, None))
        .await
        .unwrap();
    assert_eq!(first.items.len(), 2);
    assert_eq!(ids(everyone(), next_page(2, Some(&first))).await, [tenant_id(3)]);
    assert_eq!(ids(everyone(), ten()).await, [tenant_id(1), tenant_id(2), tenant_id(3)]);
    let state = |state| TenantFilter {
        status: Some(state),
        ..everyone()
    };
    assert_eq!(ids(state(TenantState::Suspended), ten()).await, [tenant_id(2)]);
    assert_eq!(
        ids(state(TenantState::Active), ten()).await,
        [tenant_id(1), tenant_id(3)]
    );
    let named = |text: &str| TenantFilter {
        text: Some(text.to_owned()),
        ..everyone()
    };
    assert_eq!(ids(named("INITE"), ten()).await, [tenant_id(3)]);
    assert_eq!(ids(named("100%"), ten()).await, []);
}

/// A card shows the state of its tenant.
pub async fn a_card_shows_whether_the_tenant_is_suspended(store: &impl LifecycleHarness) {
    found_two(store).await;
    suspend(store, 2).await;

    let cards = store
        .operators()
        .tenants(&scope(), &TenantFilter::default(), next_page::<()>(10, None))
        .await
        .unwrap();

    let states: Vec<TenantState> = cards.items.iter().map(|card| card.state).collect();
    assert_eq!(states, [TenantState::Active, TenantState::Suspended]);
}

/// Who pays late is a group of their own, and who left is in none.
pub async fn groups_tell_late_payers_apart_and_leave_out_who_left(store: &impl LifecycleHarness) {
    found_two(store).await;
    let pro = plan("pro", 9_900);
    let mut left = active(1, &pro, NOW);
    keep_subscription(store, 1, &left).await;
    let mut unit = begin(store, 1).await;
    left.cancel(NOW).unwrap();
    unit.subscriptions().update(&left).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    keep_subscription(store, 1, &active(2, &pro, NOW)).await;
    let mut late = active(1, &pro, NOW);
    late.fall_behind(NOW).unwrap();
    keep_subscription(store, 2, &late).await;

    let groups = store.operators().subscription_groups(&scope()).await.unwrap();

    let found: Vec<_> = groups
        .iter()
        .map(|group| (group.status.as_str(), group.count))
        .collect();
    assert_eq!(found, [("active", 1), ("past_due", 1)]);
}

/// An installation without anybody is counted too.
pub async fn nobody_is_counted_as_nobody(store: &impl LifecycleHarness) {
    let heads = store.operators().headcount(&scope()).await.unwrap();

    assert_eq!(heads, Headcount::default());
    let groups = store.operators().subscription_groups(&scope()).await.unwrap();
    assert_eq!(groups, []);
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
    suspend(store, 2).await;

    let heads = store.operators().headcount(&scope()).await.unwrap();

    let expected = Headcount {
        active_tenants: 1,
        suspended_tenants: 1,
        members: 2,
        users: 2,
    };
    assert_eq!(heads, expected);
}
