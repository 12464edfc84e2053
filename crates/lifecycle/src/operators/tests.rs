//! Tests of what operators do.

use tenantry_billing::plan::{Plan, Price};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{DomainError, StoreError};

use super::*;
use crate::testing::House;
use crate::testing::fixture::{self, code};

fn group(plan: &str, cycle: Cycle, status: &str, count: u64) -> SubscriptionGroup {
    SubscriptionGroup {
        plan: PlanRef {
            code: code(plan),
            version: "v1".to_owned(),
        },
        cycle,
        currency: Currency::USD,
        quantity: Quantity::ONE,
        status: status.to_owned(),
        count,
    }
}

fn figures(groups: &[SubscriptionGroup]) -> (String, String) {
    let stats = stats(groups, &fixture::catalog()).unwrap();
    let revenue = &stats.revenue[0];
    (revenue.mrr.to_string(), revenue.arr.to_string())
}

#[test]
fn revenue_is_as_the_reference_system_projects_it() {
    for ([starter, professional, enterprise], mrr, arr) in [
        ([10, 5, 0], "2485.00 USD", "29820.00 USD"),
        ([30, 20, 5], "13945.00 USD", "167340.00 USD"),
        ([100, 50, 10], "34840.00 USD", "418080.00 USD"),
        ([300, 150, 50], "124500.00 USD", "1494000.00 USD"),
    ] {
        let groups = [
            group("starter", Cycle::Monthly, "active", starter),
            group("professional", Cycle::Monthly, "active", professional),
            group("enterprise", Cycle::Monthly, "active", enterprise),
        ];

        assert_eq!(figures(&groups), (mrr.to_owned(), arr.to_owned()));
    }
}

#[test]
fn a_year_counts_a_twelfth_rounded_once_and_trials_count_nothing() {
    let mut parts = fixture::parts();
    let starter = parts
        .offers
        .iter_mut()
        .find(|offer| *offer.code() == code("starter"))
        .unwrap();
    starter.plan = Arc::new(Plan {
        prices: vec![Price::flat(Cycle::Yearly, Money::new(10_000, Currency::USD))],
        ..(*starter.plan).clone()
    });
    let catalog = Catalog::new(parts).unwrap();
    let groups = [
        group("starter", Cycle::Yearly, "active", 2),
        group("starter", Cycle::Yearly, "past_due", 1),
        group("starter", Cycle::Yearly, "trialing", 7),
    ];

    let stats = stats(&groups, &catalog).unwrap();

    assert_eq!(stats.revenue[0].mrr.to_string(), "25.00 USD");
    assert_eq!(stats.revenue[0].arr.to_string(), "300.00 USD");
    assert_eq!(stats.revenue[0].by_plan[0].2, 3);
    assert_eq!(stats.by_status["trialing"], 7);
    assert_eq!(stats.by_plan[&code("starter")], 10);
}

#[tokio::test]
async fn statistics_come_from_the_live_subscriptions() {
    let house = House::default();
    for (slug, plan) in [
        ("acme", "team"),
        ("globex", "team"),
        ("initech", "starter"),
        ("umbrella", "free"),
    ] {
        house.found(slug, plan).await;
    }
    let service = house.operators();

    let stats = service.subscription_stats(&house.operator()).await.unwrap();
    let headcount = service.headcount(&house.operator()).await.unwrap();

    assert_eq!(stats.revenue[0].mrr.to_string(), "398.00 USD");
    assert_eq!(stats.by_status["active"], 3);
    assert_eq!(stats.by_status["trialing"], 1);
    assert_eq!(
        (headcount.active_tenants, headcount.members, headcount.users),
        (4, 4, 4)
    );
}

#[tokio::test]
async fn tenants_are_listed_by_plan_text_and_state() {
    let house = House::default();
    for (slug, plan) in [("acme", "team"), ("globex", "free"), ("initech", "team")] {
        house.found(slug, plan).await;
    }
    let service = house.operators();
    let list = async |filter: TenantFilter| -> Vec<String> {
        let page = service
            .tenants(&house.operator(), &filter, PageRequest::first())
            .await
            .unwrap();
        page.items.iter().map(|card| card.slug.to_string()).collect()
    };

    let team = TenantFilter {
        plan: Some(code("team")),
        ..TenantFilter::default()
    };
    let named = TenantFilter {
        text: Some("GLOB".to_owned()),
        ..TenantFilter::default()
    };

    assert_eq!(list(TenantFilter::default()).await, ["acme", "globex", "initech"]);
    assert_eq!(list(team).await, ["acme", "initech"]);
    assert_eq!(list(named).await, ["globex"]);
}

#[tokio::test]
async fn support_looks_and_never_touches() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let support = house.platform(PlatformRole::Support);
    let reason = Note::try_from("because").unwrap();

    let stats = house.operators().subscription_stats(&support).await;
    let denied = house
        .operators()
        .suspend(&support, made.tenant.id(), &reason)
        .await
        .unwrap_err();

    assert!(stats.is_ok());
    assert_eq!(denied.code(), "permission_denied");
    assert_eq!(house.store.commits().len(), 1);
}

#[tokio::test]
async fn a_suspension_stands_in_the_tenants_log_under_the_operators_name() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let reason = Note::try_from("unpaid").unwrap();
    let service = house.operators();

    let closed = service
        .suspend(&house.operator(), made.tenant.id(), &reason)
        .await
        .unwrap();
    let twice = service
        .suspend(&house.operator(), made.tenant.id(), &reason)
        .await
        .unwrap_err();
    let open = service.reactivate(&house.operator(), made.tenant.id()).await.unwrap();

    assert_eq!(
        (closed.status().state(), open.status().state()),
        (TenantState::Suspended, TenantState::Active)
    );
    assert_eq!(twice.code(), "tenant_already_suspended");
    let commit = &house.store.commits()[1];
    assert_eq!(commit.tenant, Some(made.tenant.id()));
    assert!(matches!(commit.principal, Principal::Operator { .. }));
    let change = commit.events[0]
        .changes
        .iter()
        .find(|change| change.field == "status")
        .unwrap();
    assert_eq!(
        (change.before.clone(), change.after.clone()),
        ("active".into(), "suspended".into())
    );
}

#[tokio::test]
async fn a_tenant_that_changes_meanwhile_is_suspended_all_the_same() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    house.store.fail_commit(StoreError::Contended);
    house.store.fail_commit(StoreError::Stale);

    let reason = Note::try_from("unpaid").unwrap();
    let closed = house
        .operators()
        .suspend(&house.operator(), made.tenant.id(), &reason)
        .await;

    assert!(closed.is_ok());
}

#[tokio::test]
async fn an_unknown_tenant_is_not_found() {
    let house = House::default();
    let unknown = TenantId::from_uuid(tenantry_kernel::uuid::Uuid::from_u128(404));

    let refused = house
        .operators()
        .reactivate(&house.operator(), unknown)
        .await
        .unwrap_err();

    assert_eq!(refused.code(), "not_found");
}
