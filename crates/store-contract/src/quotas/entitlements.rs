//! Entitlements and overrides.

use tenantry_kernel::Event;
use tenantry_quotas::entitlement::{Allowance, Enforcement, Entitlements, LimitOverride};
use tenantry_quotas::period::Period;
use tenantry_quotas::testing::{code, entitlements};

use super::{MARCH, NOW, QuotaHarness, begin, read, tenant_id};
use crate::tenancy::found_two;

fn allowance(meter: &str, period: Period, limit: Option<i64>) -> Allowance {
    Allowance {
        meter: code(meter),
        limit,
        enforcement: Enforcement::Hard,
        overage: false,
        period,
    }
}

fn free() -> Entitlements {
    let soft = Allowance {
        enforcement: Enforcement::Soft,
        overage: true,
        ..allowance("storage", Period::Lifetime, Some(100_000_000))
    };
    Entitlements {
        allowances: vec![
            allowance("messages", Period::Day, Some(0)),
            allowance("messages", Period::CalendarMonth, Some(1_000)),
            soft,
            allowance("tokens", Period::AnniversaryMonth, None),
        ],
        features: ["api_access", "legal_ai"].map(code).into(),
        timezone: "Asia/Tokyo".to_owned(),
        anchor: MARCH,
        ..entitlements(&[])
    }
}

async fn grant(store: &impl QuotaHarness, tenant: u128, granted: &Entitlements) {
    let mut unit = begin(store, tenant).await;
    unit.entitlements().replace(granted).await.unwrap();
    unit.commit(vec![Event::new("subscription.started", tenant)])
        .await
        .unwrap();
}

async fn stored(store: &impl QuotaHarness, tenant: u128) -> Option<Entitlements> {
    let found = read(store, tenant).await.entitlements().find().await.unwrap();
    sorted(found)
}

/// The order of allowances means nothing.
fn sorted(entitlements: Option<Entitlements>) -> Option<Entitlements> {
    entitlements.map(|mut found| {
        found
            .allowances
            .sort_by(|a, b| (&a.meter, a.period).cmp(&(&b.meter, b.period)));
        found
    })
}

fn change(limit: Option<i64>) -> LimitOverride {
    LimitOverride {
        meter: code("messages"),
        limit,
        reason: "launch week".to_owned(),
        at: NOW,
    }
}

/// What was granted comes back as it went, for its own tenant, with and without a scope.
pub async fn what_is_granted_comes_back_whole_for_its_tenant(store: &impl QuotaHarness) {
    found_two(store).await;
    grant(store, 1, &free()).await;

    let looked_up = store.entitlements().of(tenant_id(1)).await.unwrap();

    assert_eq!(stored(store, 1).await, Some(free()));
    assert_eq!(sorted(looked_up.as_deref().cloned()), Some(free()));
    assert_eq!(stored(store, 2).await, None);
    assert_eq!(store.entitlements().of(tenant_id(2)).await.unwrap(), None);
}

/// A plan change leaves nothing of the plan before, and keeps what operators changed.
pub async fn a_plan_change_replaces_all_but_the_overrides(store: &impl QuotaHarness) {
    found_two(store).await;
    grant(store, 1, &free()).await;
    grant(store, 2, &free()).await;
    let mut unit = begin(store, 1).await;
    unit.entitlements().put_override(&change(None)).await.unwrap();
    unit.commit(vec![Event::new("quota.overridden", "messages")])
        .await
        .unwrap();
    let pro = Entitlements {
        plan: code("pro"),
        plan_version: "v2".to_owned(),
        allowances: vec![allowance("messages", Period::CalendarMonth, Some(100_000))],
        features: [code("custom_branding")].into(),
        anchor: NOW,
        ..free()
    };

    grant(store, 1, &pro).await;

    let expected = Entitlements {
        overrides: vec![change(None)],
        ..pro
    };
    assert_eq!(stored(store, 1).await, Some(expected));
    assert_eq!(stored(store, 2).await, Some(free()));
}

/// An override is set, changed and taken away by its own tenant's unit only.
pub async fn an_override_is_set_changed_and_taken_away(store: &impl QuotaHarness) {
    found_two(store).await;
    grant(store, 1, &free()).await;
    for limit in [Some(5_000), Some(7_000)] {
        let mut unit = begin(store, 1).await;
        unit.entitlements().put_override(&change(limit)).await.unwrap();
        unit.commit(vec![Event::new("quota.overridden", "messages")])
            .await
            .unwrap();
    }
    assert_eq!(stored(store, 1).await.unwrap().overrides, [change(Some(7_000))]);

    let mut foreign = begin(store, 2).await;
    let none = foreign.entitlements().delete_override(&code("messages")).await.unwrap();
    foreign.commit(Vec::new()).await.unwrap();
    let mut own = begin(store, 1).await;
    let gone = own.entitlements().delete_override(&code("messages")).await.unwrap();
    own.commit(vec![Event::new("quota.override_removed", "messages")])
        .await
        .unwrap();

    assert_eq!((none, gone), (false, true));
    assert_eq!(stored(store, 1).await, Some(free()));
}

/// A unit that is dropped grants nothing.
pub async fn a_dropped_unit_grants_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    let mut unit = begin(store, 1).await;
    unit.entitlements().replace(&free()).await.unwrap();

    drop(unit);

    assert_eq!(stored(store, 1).await, None);
}
