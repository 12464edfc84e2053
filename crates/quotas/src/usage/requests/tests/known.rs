//! Terms that are known of earlier calls.

use std::sync::atomic::AtomicU32;

use super::*;
use crate::testing::code;

/// A service over a plan of 10 calls per minute, and how often the plan was asked for.
fn counted(
    granted: impl Fn(tenantry_kernel::TenantId) -> Option<Entitlements> + Send + Sync + 'static,
) -> (RequestService, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let mut source = MockEntitlementSource::new();
    source.expect_of().returning(move |tenant| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(granted(tenant).map(Arc::new))
    });
    let rates = MockRateLimiter::deciding(|limit| stands(true, limit.pace.calls(), 3));
    let plain = service(
        calls(MeterKind::Rate),
        entitlements(&[]),
        rates,
        MockLeasedCounter::new(),
    );
    let ports = UsagePorts {
        entitlements: Arc::new(source),
        ..plain.ports
    };
    (RequestService::new(ports), asked)
}

fn of_class(class: RouteClass) -> Call {
    Call {
        class: Some(class),
        own: PerMinute::new(60),
        ..Call::default()
    }
}

async fn policies(service: &RequestService, class: RouteClass, known: &KnownTerms) -> Vec<&'static str> {
    let admitted = service
        .admit_again(&scope(), of_class(class), known)
        .get()
        .await
        .unwrap();
    admitted.stands.iter().map(|stand| stand.policy).collect()
}

#[tokio::test]
async fn the_plan_is_asked_for_once_for_each_class_and_every_call_counts() {
    let meter = calls(MeterKind::Rate);
    let (service, asked) = counted(move |_| Some(entitlements(&[(&meter, Some(10))])));
    let known = KnownTerms::default();

    for _ in 0..3 {
        for class in [RouteClass::Read, RouteClass::Heavy] {
            assert_eq!(policies(&service, class, &known).await, ["api_key", "plan"]);
        }
    }

    assert_eq!(asked.load(Ordering::SeqCst), 2);
    policies(&service, RouteClass::Read, &KnownTerms::default()).await;
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn what_a_pool_grants_is_asked_for_every_time() {
    let pool = tenantry_kernel::TenantId::from_uuid(Uuid::from_u128(50));
    let (service, asked) = counted(move |tenant| {
        Some(Entitlements {
            pool: (tenant != pool).then_some(pool),
            ..entitlements(&[])
        })
    });
    let known = KnownTerms::default();

    for _ in 0..3 {
        policies(&service, RouteClass::Read, &known).await;
    }

    assert_eq!(asked.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn a_member_whose_plan_could_not_be_read_is_held_to_it_once_it_can() {
    let meter = calls(MeterKind::Rate);
    let is_away = Arc::new(AtomicBool::new(true));
    let away = Arc::clone(&is_away);
    let (service, _) = counted(move |_| {
        let found = !away.load(Ordering::SeqCst);
        found.then(|| entitlements(&[(&meter, None)]))
    });
    let plan = PlanRates {
        per_user: PerMinute::new(120),
        ..PlanRates::default()
    };
    let service = service.with_plans(book(plan), Arc::new(NoPlaceLimits));
    let known = KnownTerms::default();
    let member = TenantScope::for_test(1, &[]);
    let held = async || {
        let admitted = service
            .admit_again(&member, of_class(RouteClass::Read), &known)
            .get()
            .await
            .unwrap();
        admitted.stands.len()
    };

    assert_eq!(held().await, 0);
    is_away.store(false, Ordering::SeqCst);
    assert_eq!(held().await, 1);
}

#[test]
fn the_hard_limit_of_a_meter_is_that_of_its_leading_allowance() {
    use crate::account::Subject;
    use crate::entitlement::{Allowance, Enforcement, LimitOverride, Share};
    use crate::period::Period;

    let now = datetime!(2025-06-15 12:00 UTC);
    let meter = calls(MeterKind::Counter);
    let allowance = |period, share, limit, enforcement| Allowance {
        period,
        share,
        limit,
        enforcement,
        grace_percent: 10,
        ..Allowance::unlimited(&meter)
    };
    let changed = |limit, ends| LimitOverride {
        meter: meter.code.clone(),
        subject: Subject::Tenant,
        limit,
        reason: String::new(),
        at: now,
        expires_at: ends,
    };
    let of_another = Allowance {
        meter: code("other"),
        ..allowance(Period::CalendarMonth, Share::Tenant, Some(1), Enforcement::Hard)
    };
    let day = allowance(Period::Day, Share::Tenant, Some(100), Enforcement::Hard);
    let month = allowance(Period::CalendarMonth, Share::Tenant, Some(1_000), Enforcement::Hard);
    let soft = allowance(Period::CalendarMonth, Share::Tenant, Some(1_000), Enforcement::Soft);
    let per_user = allowance(Period::CalendarMonth, Share::User, Some(5), Enforcement::Hard);
    let granted = [
        vec![],
        vec![of_another],
        vec![day.clone()],
        vec![day, per_user.clone(), month],
        vec![soft],
        vec![per_user],
    ];
    let overrides = [
        vec![],
        vec![changed(Some(50), None)],
        vec![changed(None, None)],
        vec![changed(Some(50), Some(now))],
    ];

    for allowances in &granted {
        for overrides in &overrides {
            let entitled = Entitlements {
                allowances: allowances.clone(),
                overrides: overrides.clone(),
                ..entitlements(&[])
            };
            let copied = entitled.allowance(&meter, now).hard_limit();
            assert_eq!(entitled.hard_limit(&meter, now), copied, "{allowances:?} {overrides:?}");
        }
    }
}
