//! Admitting calls, over doubles.

use std::num::NonZeroU32;
use std::time::Duration;

use tenantry_kernel::TenantId;
use tenantry_kernel::id::ApiKeyId;
use tenantry_kernel::testing::{FixedClock, SequentialIds};
use tenantry_kernel::uuid::Uuid;
use time::macros::datetime;

use super::*;
use crate::counter::{ConsumeError, Consumed, MockUsageCounter};
use crate::directory::{MockEntitlementSource, MockPlanLadder};
use crate::entitlement::Entitlements;
use crate::meter::{Meter, MeterBook};
use crate::rate::MockRateLimiter;
use crate::requests::MockRequestCounter;
use crate::testing::{FakeQuotaStore, FakeQuotaUnit, entitlements, meter};

fn key() -> ApiKeyId {
    ApiKeyId::from_uuid(Uuid::from_u128(7))
}

fn calls(kind: MeterKind) -> Meter {
    Meter {
        source: MeterSource::Requests,
        ..meter("api_calls", kind)
    }
}

fn stands(allowed: bool, limit: u32, remaining: u32) -> Pace {
    Pace {
        allowed,
        limit,
        remaining,
        reset_after: Duration::from_secs(6),
        retry_after: if allowed {
            Duration::ZERO
        } else {
            Duration::from_millis(5_001)
        },
    }
}

fn service(
    meter: Meter,
    granted: Entitlements,
    rates: MockRateLimiter,
    requests: MockRequestCounter,
) -> RequestService {
    let mut source = MockEntitlementSource::new();
    let granted = Arc::new(granted);
    source.expect_of().returning(move |_| Ok(Some(Arc::clone(&granted))));
    let mut ladder = MockPlanLadder::new();
    ladder.expect_lifting().return_const(None);
    RequestService::new(UsagePorts {
        store: Arc::new(FakeQuotaStore::with(FakeQuotaUnit::default())),
        entitlements: Arc::new(source),
        counter: Arc::new(MockUsageCounter::new()),
        requests: Arc::new(requests),
        rates: Arc::new(rates),
        meters: Arc::new(MeterBook::new(vec![meter]).unwrap()),
        ladder: Arc::new(ladder),
        clock: Arc::new(FixedClock::at(datetime!(2025-06-15 12:00 UTC))),
        ids: Arc::new(SequentialIds::default()),
    })
}

fn scope() -> TenantScope {
    TenantScope::for_test_as(1, Principal::ApiKey { key: key(), live: true }, &[])
}

fn own(calls: u32) -> Option<PerMinute> {
    NonZeroU32::new(calls).map(PerMinute)
}

#[tokio::test]
async fn people_are_not_counted_as_calls() {
    let meter = calls(MeterKind::Counter);
    let granted = entitlements(&[(&meter, Some(0))]);
    let service = service(meter, granted, MockRateLimiter::new(), MockRequestCounter::new());

    let admitted = service.admit(&TenantScope::for_test(1, &[]), None).await;

    assert_eq!(admitted.unwrap(), Admitted::default());
}

#[tokio::test]
async fn the_tighter_of_two_paces_is_told() {
    let meter = calls(MeterKind::Rate);
    let granted = entitlements(&[(&meter, Some(10))]);
    let mut rates = MockRateLimiter::new();
    rates.expect_peek().returning(|_, pace| stands(true, pace.calls(), 5));
    rates.expect_call().times(2).returning(|subject, pace| match subject {
        RateSubject::ApiKey(_) => stands(true, pace.calls(), 3),
        _ => stands(true, pace.calls(), 4),
    });
    let service = service(meter, granted, rates, MockRequestCounter::new());

    let admitted = service.admit(&scope(), own(60)).await.unwrap();

    assert_eq!(admitted.pace, Some(stands(true, 60, 3)));
}

#[tokio::test]
async fn a_call_that_comes_too_fast_for_the_tenant_does_not_count_on_the_key() {
    let meter = calls(MeterKind::Rate);
    let granted = entitlements(&[(&meter, Some(10))]);
    let mut rates = MockRateLimiter::new();
    let tenant = TenantId::from_uuid(Uuid::from_u128(1));
    rates.expect_peek().returning(move |subject, pace| match subject {
        RateSubject::Tenant(of, ..) => stands(*of != tenant, pace.calls(), 0),
        _ => stands(true, pace.calls(), 3),
    });
    rates.expect_call().never();
    let service = service(meter, granted, rates, MockRequestCounter::new());

    let refused = service.admit(&scope(), own(60)).await.unwrap_err();

    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Exhausted, "rate_limited"));
    assert_eq!(refused.retry_after_s(), Some(6));
}

#[tokio::test]
async fn a_plan_without_calls_admits_none() {
    let meter = calls(MeterKind::Rate);
    let granted = entitlements(&[(&meter, Some(0))]);
    let service = service(meter, granted, MockRateLimiter::new(), MockRequestCounter::new());

    assert!(matches!(
        service.admit(&scope(), None).await,
        Err(AdmitError::TooFast(_))
    ));
}

#[tokio::test]
async fn monthly_calls_are_counted_and_refused_with_their_meter() {
    let meter = calls(MeterKind::Counter);
    let granted = entitlements(&[(&meter, Some(1_000))]);
    let mut requests = MockRequestCounter::new();
    let count = requests.expect_count();
    count.return_once(|_, _, _, _, _| {
        Err(ConsumeError::Exceeded {
            limit: 1_000,
            used: 1_000,
            resets_at: None,
        })
    });
    let service = service(meter, granted, MockRateLimiter::new(), requests);

    let refused = service.admit(&scope(), None).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Exhausted, "quota_exceeded")
    );
    assert_eq!(refused.details()[0], ("meter", Value::from("api_calls")));
}

#[tokio::test]
async fn a_call_within_the_month_is_admitted() {
    let meter = calls(MeterKind::Counter);
    let granted = entitlements(&[(&meter, Some(1_000))]);
    let mut requests = MockRequestCounter::new();
    requests.expect_count().once().return_once(|_, _, _, _, _| {
        Ok(Consumed {
            used: 1,
            limit: Some(1_000),
            resets_at: None,
            replayed: false,
        })
    });
    let service = service(meter, granted, MockRateLimiter::new(), requests);

    assert_eq!(service.admit(&scope(), None).await.unwrap().pace, None);
}
