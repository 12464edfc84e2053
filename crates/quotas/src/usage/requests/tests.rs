//! Admitting calls, over doubles.

mod known;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tenantry_kernel::id::ApiKeyId;
use tenantry_kernel::testing::{FixedClock, SequentialIds};
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{DomainError, ErrorKind, Value};
use time::macros::datetime;

use super::*;
use crate::account::Held;
use crate::concurrency::{Full, MockPlaces, Taken};
use crate::counter::{ConsumeError, Line, MockUsageCounter, Refused, Standing};
use crate::directory::{MockEntitlementSource, MockPlanLadder, MockUsageRetention};
use crate::engine::MockAccountReader;
use crate::entitlement::Entitlements;
use crate::insight::MockUsageDirectory;
use crate::leased::MockLeasedCounter;
use crate::limit::Limit;
use crate::meter::{Meter, MeterBook};
use crate::rate::plan::MockPlanRateBook;
use crate::rate::{MockRateLimiter, RateAnswer, RatesUnavailable};
use crate::testing::{FakeQuotaStore, FakeQuotaUnit, entitlements, meter};

fn keeping_all() -> MockUsageRetention {
    let mut retention = MockUsageRetention::new();
    retention.expect_shown_from().returning(|_| Ok(None));
    retention
}

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

fn service(meter: Meter, granted: Entitlements, rates: MockRateLimiter, requests: MockLeasedCounter) -> RequestService {
    let mut source = MockEntitlementSource::new();
    let granted = Arc::new(granted);
    source.expect_of().returning(move |_| Ok(Some(Arc::clone(&granted))));
    let mut ladder = MockPlanLadder::new();
    ladder.expect_lifting().return_const(None);
    RequestService::new(UsagePorts {
        store: Arc::new(FakeQuotaStore::with(FakeQuotaUnit::default())),
        entitlements: Arc::new(source),
        counter: Arc::new(MockUsageCounter::new()),
        leased: Arc::new(requests),
        accounts: Arc::new(MockAccountReader::new()),
        tenants: Arc::new(MockUsageDirectory::new()),
        retention: Arc::new(keeping_all()),
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

fn with_key(calls: u32) -> Call {
    Call {
        own: NonZeroU32::new(calls).map(PerMinute),
        ..Call::default()
    }
}

fn book(rates: PlanRates) -> Arc<MockPlanRateBook> {
    let mut book = MockPlanRateBook::new();
    book.expect_rates_of().return_const(rates);
    book.expect_limits_anything().return_const(!rates.is_empty());
    Arc::new(book)
}

fn line(used: i64) -> Line {
    Line {
        meter: tenantry_kernel::Code::try_from("api_calls").unwrap(),
        amount: 1,
        used,
        limit: Some(1_000),
        resets_at: None,
        standings: Vec::new(),
    }
}

fn used_up() -> ConsumeError {
    let meter = calls(MeterKind::Counter);
    let reach = Reach {
        tenant: tenantry_kernel::TenantId::from_uuid(Uuid::from_u128(1)),
        entitlements: Arc::new(entitlements(&[(&meter, Some(1_000))])),
        pool: None,
    };
    let standing = Standing {
        limit: Limit::leading(&reach, &meter, true, datetime!(2025-06-15 12:00 UTC)),
        held: Held::posted(1_000),
    };
    ConsumeError::Exceeded(Box::new(Refused {
        item: 0,
        amount: 1,
        binding: standing.clone(),
        standings: vec![standing],
    }))
}

#[tokio::test]
async fn people_are_not_counted_as_calls() {
    let meter = calls(MeterKind::Counter);
    let granted = entitlements(&[(&meter, Some(0))]);
    let service = service(meter, granted, MockRateLimiter::new(), MockLeasedCounter::new());

    let admitted = service.admit(&TenantScope::for_test(1, &[]), &Call::default()).await;

    assert_eq!(admitted.unwrap().stands, []);
}

#[tokio::test]
async fn the_tighter_of_two_paces_is_told() {
    let meter = calls(MeterKind::Rate);
    let granted = entitlements(&[(&meter, Some(10))]);
    let rates = MockRateLimiter::deciding(|limit| match limit.subject {
        RateSubject::ApiKey(_) => stands(true, limit.pace.calls(), 3),
        _ => stands(true, limit.pace.calls(), 4),
    });
    let service = service(meter, granted, rates, MockLeasedCounter::new());

    let admitted = service.admit(&scope(), &with_key(60)).await.unwrap();

    assert_eq!(admitted.tightest(), Some(stands(true, 60, 3)));
    let policies: Vec<&str> = admitted.stands.iter().map(|stand| stand.policy).collect();
    assert_eq!(policies, ["api_key", "plan"]);
}

#[tokio::test]
async fn a_refusal_names_the_rate_that_binds_and_how_long_to_wait() {
    let meter = calls(MeterKind::Rate);
    let granted = entitlements(&[(&meter, Some(10))]);
    let rates = MockRateLimiter::deciding(|limit| match limit.subject {
        RateSubject::Tenant(..) => stands(false, limit.pace.calls(), 0),
        _ => stands(true, limit.pace.calls(), 3),
    });
    let service = service(meter, granted, rates, MockLeasedCounter::new());

    let refused = service.admit(&scope(), &with_key(60)).await.unwrap_err();

    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Exhausted, "rate_limited"));
    assert_eq!(refused.retry_after_s(), Some(6));
    let told = [
        ("policy", Value::from("plan")),
        ("limit", Value::Int(10)),
        ("retry_after_s", Value::Int(6)),
    ];
    assert_eq!(refused.details(), told);
}

#[tokio::test]
async fn a_plan_holds_keys_people_and_classes_of_routes_to_rates() {
    let meter = calls(MeterKind::Counter);
    let granted = entitlements(&[(&meter, None)]);
    let rates = MockRateLimiter::deciding(|limit| stands(true, limit.pace.calls(), 1));
    let mut requests = MockLeasedCounter::new();
    requests.expect_count().returning(|_, _| Ok(line(1)));
    let plan = PlanRates {
        per_user: PerMinute::new(120),
        per_key: PerMinute::new(300),
        heavy: PerMinute::new(10),
        ..PlanRates::default()
    };
    let service = service(meter, granted, rates, requests).with_plans(book(plan), Arc::new(NoPlaceLimits));
    let call = |own: u32, class| Call {
        class: Some(class),
        own: PerMinute::new(own),
        person: PerMinute::new(6_000),
        ends: true,
    };
    let held = async |scope: &TenantScope, call: Call| {
        let admitted = service.admit(scope, &call).await.unwrap();
        let stands = admitted.stands.iter();
        stands.map(|stand| (stand.policy, stand.pace.limit)).collect::<Vec<_>>()
    };
    let person = TenantScope::for_test(1, &[]);

    assert_eq!(
        held(&scope(), call(0, RouteClass::Heavy)).await,
        [("api_key", 300), ("heavy", 10)]
    );
    assert_eq!(held(&scope(), call(60, RouteClass::Read)).await, [("api_key", 60)]);
    assert_eq!(held(&scope(), call(900, RouteClass::Read)).await, [("api_key", 300)]);
    assert_eq!(
        held(&person, call(0, RouteClass::Heavy)).await,
        [("person", 6_000), ("member", 120), ("heavy", 10)]
    );
}

#[tokio::test]
async fn a_call_too_many_at_once_counts_on_no_rate() {
    let meter = calls(MeterKind::Rate);
    let granted = entitlements(&[(&meter, Some(10))]);
    let mut rates = MockRateLimiter::new();
    rates.expect_call().never();
    let mut places = MockPlaces::new();
    places.expect_take().returning(|limits| Err(Full(limits[0])));
    let plan = PlanRates {
        concurrent: NonZeroU32::new(20),
        concurrent_per_key: NonZeroU32::new(5),
        ..PlanRates::default()
    };
    let service = service(meter, granted, rates, MockLeasedCounter::new()).with_plans(book(plan), Arc::new(places));
    let call = Call {
        ends: true,
        ..Call::default()
    };

    let refused = service.admit(&scope(), &call).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code(), refused.retry_after_s()),
        (ErrorKind::Exhausted, "too_many_concurrent", Some(1))
    );
    assert_eq!(refused.details()[0], ("policy", Value::from("concurrent_per_key")));
    assert_eq!(refused.details()[1], ("limit", Value::Int(5)));
}

#[tokio::test]
async fn a_call_that_came_too_fast_gives_its_place_back() {
    let meter = calls(MeterKind::Rate);
    let granted = entitlements(&[(&meter, Some(10))]);
    let rates = MockRateLimiter::deciding(|limit| stands(false, limit.pace.calls(), 0));
    let released = Arc::new(AtomicBool::new(false));
    let mut places = MockPlaces::new();
    let seen = Arc::clone(&released);
    places.expect_take().returning(move |_| {
        let seen = Arc::clone(&seen);
        Ok(Taken {
            place: Place::new(move || seen.store(true, Ordering::SeqCst)),
            left: vec![0],
        })
    });
    let plan = PlanRates {
        concurrent: NonZeroU32::new(1),
        ..PlanRates::default()
    };
    let service = service(meter, granted, rates, MockLeasedCounter::new()).with_plans(book(plan), Arc::new(places));
    let call = Call {
        ends: true,
        ..Call::default()
    };

    let refused = service.admit(&scope(), &call).await.unwrap_err();

    assert_eq!(refused.code(), "rate_limited");
    assert!(released.load(Ordering::SeqCst));
}

#[tokio::test]
async fn rates_that_cannot_be_asked_refuse_when_the_operator_says_so() {
    let meter = calls(MeterKind::Rate);
    let granted = entitlements(&[(&meter, Some(10))]);
    let mut rates = MockRateLimiter::new();
    rates
        .expect_call()
        .returning(|_| RateAnswer::Later(Box::pin(async { Err(RatesUnavailable) })));
    let service = service(meter, granted, rates, MockLeasedCounter::new());

    let refused = service.admit(&scope(), &Call::default()).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Unavailable, "unavailable")
    );
}

#[tokio::test]
async fn a_plan_without_calls_admits_none() {
    let meter = calls(MeterKind::Rate);
    let granted = entitlements(&[(&meter, Some(0))]);
    let service = service(meter, granted, MockRateLimiter::new(), MockLeasedCounter::new());

    assert!(matches!(
        service.admit(&scope(), &Call::default()).await,
        Err(AdmitError::TooFast { .. })
    ));
}

#[tokio::test]
async fn monthly_calls_are_counted_and_refused_with_their_meter() {
    let meter = calls(MeterKind::Counter);
    let granted = entitlements(&[(&meter, Some(1_000))]);
    let mut requests = MockLeasedCounter::new();
    let count = requests.expect_count();
    count.return_once(|_, _| Err(used_up()));
    let service = service(meter, granted, MockRateLimiter::new(), requests);

    let refused = service.admit(&scope(), &Call::default()).await.unwrap_err();

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
    let mut requests = MockLeasedCounter::new();
    requests.expect_count().once().return_once(|_, _| Ok(line(1)));
    let service = service(meter, granted, MockRateLimiter::new(), requests);

    let admitted = service.admit(&scope(), &Call::default()).await.unwrap();
    assert_eq!(admitted.tightest(), None);
}
