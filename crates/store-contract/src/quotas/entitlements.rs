//! Entitlements and overrides.

use std::collections::BTreeMap;

use tenantry_kernel::time::Duration;
use tenantry_kernel::{Event, Value};
use tenantry_quotas::account::Subject;
use tenantry_quotas::entitlement::{Allowance, Enforcement, Entitlements, LimitOverride, Share};
use tenantry_quotas::period::Period;
use tenantry_quotas::testing::{code, entitlements};
use tenantry_quotas::zone::Zone;

use super::{MARCH, NOW, QuotaHarness, begin, grant, key_id, read, tenant_id};
use crate::tenancy::found_two;

fn allowance(meter: &str, period: Period, limit: Option<i64>) -> Allowance {
    Allowance {
        meter: code(meter),
        limit,
        enforcement: Enforcement::Hard,
        overage: false,
        period,
        share: Share::Tenant,
        rollover: None,
        grace_percent: 0,
    }
}

fn free() -> Entitlements {
    let soft = Allowance {
        enforcement: Enforcement::Soft,
        overage: true,
        ..allowance("storage", Period::Lifetime, Some(100_000_000))
    };
    let monthly = Allowance {
        rollover: Some(300),
        grace_percent: 10,
        ..allowance("messages", Period::CalendarMonth, Some(1_000))
    };
    let each = |share, limit| Allowance {
        share,
        ..allowance("messages", Period::CalendarMonth, limit)
    };
    Entitlements {
        allowances: vec![
            allowance("messages", Period::Day, Some(0)),
            monthly,
            each(Share::User, Some(10)),
            each(Share::Key, None),
            soft,
            allowance("tokens", Period::AnniversaryMonth, None),
        ],
        features: ["api_access", "legal_ai"].map(code).into(),
        values: BTreeMap::from([
            (code("retention_days"), Value::Int(90)),
            (code("support"), Value::Text("\"priority\" – 24×7".to_owned())),
            (
                code("regions"),
                Value::List(vec![Value::Text("eu".to_owned()), Value::Null]),
            ),
            (code("sla"), Value::Bool(true)),
            (code("until"), Value::Time(NOW)),
        ]),
        zone: Zone::named("Asia/Tokyo").unwrap(),
        anchor: MARCH,
        ..entitlements(&[])
    }
}

async fn stored(store: &impl QuotaHarness, tenant: u128) -> Option<Entitlements> {
    let found = read(store, tenant).await.entitlements().find().await.unwrap();
    sorted(found)
}

/// The order of allowances and overrides means nothing.
fn sorted(entitlements: Option<Entitlements>) -> Option<Entitlements> {
    entitlements.map(|mut found| {
        let place = |one: &Allowance| (one.meter.clone(), one.period, one.share);
        found.allowances.sort_by_key(place);
        found
            .overrides
            .sort_by(|a, b| (&a.meter, &a.subject).cmp(&(&b.meter, &b.subject)));
        found
    })
}

fn change(limit: Option<i64>) -> LimitOverride {
    LimitOverride {
        meter: code("messages"),
        subject: Subject::Tenant,
        limit,
        reason: "launch week".to_owned(),
        at: NOW,
        expires_at: None,
    }
}

async fn put(store: &impl QuotaHarness, tenant: u128, change: &LimitOverride) {
    let mut unit = begin(store, tenant).await;
    unit.entitlements().put_override(change).await.unwrap();
    unit.commit(vec![Event::new("quota.overridden", "messages")])
        .await
        .unwrap();
}

/// What was granted comes back as it went, for its own tenant, with and without a scope.
pub async fn what_is_granted_comes_back_whole_for_its_tenant(store: &impl QuotaHarness) {
    found_two(store).await;
    grant(store, 1, &free()).await;

    let looked_up = store.entitlements().of(tenant_id(1)).await.unwrap();

    assert_eq!(stored(store, 1).await, sorted(Some(free())));
    assert_eq!(sorted(looked_up.as_deref().cloned()), sorted(Some(free())));
    assert_eq!(stored(store, 2).await, None);
    assert_eq!(store.entitlements().of(tenant_id(2)).await.unwrap(), None);
}

/// A plan change leaves nothing of the plan before. What operators changed, the pool and the time zone stay.
pub async fn a_plan_change_replaces_all_but_the_overrides(store: &impl QuotaHarness) {
    found_two(store).await;
    grant(store, 1, &free()).await;
    grant(store, 2, &free()).await;
    put(store, 1, &change(None)).await;
    let mut unit = begin(store, 1).await;
    unit.entitlements().put_pool(Some(tenant_id(2))).await.unwrap();
    unit.commit(vec![Event::new("quota.pooled", 1_u128)]).await.unwrap();
    let pro = Entitlements {
        plan: code("pro"),
        plan_version: "v2".to_owned(),
        allowances: vec![allowance("messages", Period::CalendarMonth, Some(100_000))],
        features: [code("custom_branding")].into(),
        values: BTreeMap::new(),
        zone: Zone::Utc,
        anchor: NOW,
        ..free()
    };

    grant(store, 1, &pro).await;

    let expected = Entitlements {
        overrides: vec![change(None)],
        zone: free().zone,
        pool: Some(tenant_id(2)),
        revision: 4,
        ..pro
    };
    assert_eq!(stored(store, 1).await, Some(expected));
    assert_eq!(stored(store, 2).await, sorted(Some(free())));
}

/// An override is set, changed and taken away by its own tenant's unit only; of every meter and subject there is one.
pub async fn an_override_is_set_changed_and_taken_away(store: &impl QuotaHarness) {
    found_two(store).await;
    grant(store, 1, &free()).await;
    for limit in [Some(5_000), Some(7_000)] {
        put(store, 1, &change(limit)).await;
    }
    let of = |subject, expires_at| LimitOverride {
        subject,
        expires_at,
        ..change(Some(1))
    };
    let (ann, key) = (
        of(Subject::user("ann"), Some(NOW + Duration::DAY)),
        of(Subject::Key(key_id(7)), None),
    );
    put(store, 1, &ann).await;
    put(store, 1, &key).await;
    let all = [change(Some(7_000)), ann.clone(), key.clone()];
    assert_eq!(stored(store, 1).await.unwrap().overrides, all);

    let mut foreign = begin(store, 2).await;
    let messages = code("messages");
    let none = foreign
        .entitlements()
        .delete_override(&messages, &Subject::Tenant)
        .await
        .unwrap();
    foreign.commit(Vec::new()).await.unwrap();
    let mut own = begin(store, 1).await;
    let gone = own
        .entitlements()
        .delete_override(&messages, &Subject::Tenant)
        .await
        .unwrap();
    own.commit(vec![Event::new("quota.override_removed", "messages")])
        .await
        .unwrap();

    assert_eq!((none, gone), (false, true));
    let left = Entitlements {
        overrides: vec![ann, key],
        revision: 6,
        ..free()
    };
    assert_eq!(stored(store, 1).await, sorted(Some(left)));
}

/// Every change of what a tenant is entitled to has a revision of its own; what changes nothing has none.
pub async fn every_change_counts_the_revision_up(store: &impl QuotaHarness) {
    found_two(store).await;
    let revision = async || stored(store, 1).await.unwrap().revision;
    grant(store, 1, &free()).await;
    grant(store, 2, &free()).await;
    assert_eq!(revision().await, 1);
    grant(store, 1, &free()).await;
    assert_eq!(revision().await, 2);
    put(store, 1, &change(None)).await;
    assert_eq!(revision().await, 3);
    let mut unit = begin(store, 1).await;
    unit.entitlements().put_pool(Some(tenant_id(2))).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    assert_eq!(
        (revision().await, stored(store, 1).await.unwrap().pool),
        (4, Some(tenant_id(2)))
    );
    let mut unit = begin(store, 1).await;
    unit.entitlements().put_pool(None).await.unwrap();
    let unknown = unit
        .entitlements()
        .delete_override(&code("tokens"), &Subject::Tenant)
        .await
        .unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(
        (unknown, revision().await, stored(store, 1).await.unwrap().pool),
        (false, 5, None)
    );
    assert_eq!(stored(store, 2).await.unwrap().revision, 1);
}

/// A unit that is dropped grants nothing.
pub async fn a_dropped_unit_grants_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    let mut unit = begin(store, 1).await;
    unit.entitlements().replace(&free()).await.unwrap();

    drop(unit);

    assert_eq!(stored(store, 1).await, None);
}
