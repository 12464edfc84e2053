//! Use cases of usage over doubles.

mod checks;

use std::sync::Arc;

use tenantry_kernel::id::ApiKeyId;
use tenantry_kernel::testing::{FixedClock, SequentialIds};
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Code, DomainError, ErrorKind, Principal, Value};
use time::macros::datetime;

use super::*;
use crate::account::Held;
use crate::counter::{ConsumeError, MockUsageCounter, Refused};
use crate::directory::{MockEntitlementSource, MockPlanLadder, MockUsageRetention};
use crate::engine::MockAccountReader;
use crate::entitlement::{Allowance, Enforcement, Entitlements, Share};
use crate::insight::MockUsageDirectory;
use crate::leased::MockLeasedCounter;
use crate::meter::MeterBook;
use crate::period::Period;
use crate::rate::{MockRateLimiter, Pace};
use crate::testing::{FakeQuotaStore, FakeQuotaUnit, code, entitlements, meter};

struct Fixture {
    unit: FakeQuotaUnit,
    counter: MockUsageCounter,
    leased: MockLeasedCounter,
    accounts: MockAccountReader,
    rates: MockRateLimiter,
    ladder: MockPlanLadder,
    granted: Option<Entitlements>,
}

const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);
const NEXT_MONTH: OffsetDateTime = datetime!(2025-07-01 0:00 UTC);

fn keeping_all() -> MockUsageRetention {
    let mut retention = MockUsageRetention::new();
    retention.expect_shown_from().returning(|_| Ok(None));
    retention
}

fn messages() -> Meter {
    meter("messages", MeterKind::Counter)
}

fn users() -> Meter {
    Meter {
        source: MeterSource::Members,
        ..meter("users", MeterKind::Gauge)
    }
}

fn api_calls() -> Meter {
    Meter {
        source: MeterSource::Requests,
        ..meter("api_calls", MeterKind::Rate)
    }
}

fn fixture() -> Fixture {
    let mut leased = MockLeasedCounter::new();
    leased.expect_unused().return_const(0);
    Fixture {
        unit: FakeQuotaUnit::default(),
        counter: MockUsageCounter::new(),
        leased,
        accounts: MockAccountReader::new(),
        rates: MockRateLimiter::new(),
        ladder: MockPlanLadder::new(),
        granted: Some(entitlements(&[
            (&messages(), Some(1_000)),
            (&users(), Some(2)),
            (&api_calls(), Some(10)),
        ])),
    }
}

impl Fixture {
    fn service(self) -> UsageService {
        self.service_with(vec![messages(), users(), api_calls()])
    }

    fn service_with(self, meters: Vec<Meter>) -> UsageService {
        let mut source = MockEntitlementSource::new();
        let granted = self.granted.map(Arc::new);
        source.expect_of().returning(move |_| Ok(granted.clone()));
        UsageService::new(UsagePorts {
            store: Arc::new(FakeQuotaStore::with(self.unit)),
            entitlements: Arc::new(source),
            counter: Arc::new(self.counter),
            leased: Arc::new(self.leased),
            accounts: Arc::new(self.accounts),
            tenants: Arc::new(MockUsageDirectory::new()),
            retention: Arc::new(keeping_all()),
            rates: Arc::new(self.rates),
            meters: Arc::new(MeterBook::new(meters).unwrap()),
            ladder: Arc::new(self.ladder),
            clock: Arc::new(FixedClock::at(NOW)),
            ids: Arc::new(SequentialIds::default()),
        })
    }
}

fn consume(meter: &str, amount: i64) -> Consume {
    Consume::one(meter.to_owned(), amount, None)
}

fn one(order: &Order) -> &Item {
    match &order.act {
        Act::Consume(items) => &items[0],
        other => panic!("{other:?}"),
    }
}

fn counted(used: i64) -> Outcome {
    Outcome {
        lines: vec![Line {
            meter: code("messages"),
            amount: 1,
            used,
            limit: Some(1_000),
            resets_at: Some(NEXT_MONTH),
            standings: Vec::new(),
        }],
        reservation: None,
        replayed: false,
    }
}

/// What an account holds, when it counts for this long.
fn holding(fixture: &mut Fixture, posted: impl Fn(&Limit) -> i64 + Send + 'static) {
    let reader = fixture.accounts.expect_standing();
    reader.returning(move |limits| Ok(limits.iter().map(|limit| Held::posted(posted(limit))).collect()));
}

fn refusal(amount: i64, held: i64) -> ConsumeError {
    let reach = Reach {
        tenant: tenantry_kernel::TenantId::from_uuid(Uuid::from_u128(1)),
        entitlements: Arc::new(entitlements(&[(&messages(), Some(1_000))])),
        pool: None,
    };
    let standing = Standing {
        limit: Limit::leading(&reach, &messages(), true, NOW),
        held: Held::posted(held),
    };
    ConsumeError::Exceeded(Box::new(Refused {
        item: 0,
        amount,
        binding: standing.clone(),
        standings: vec![standing],
    }))
}

fn wanted(meter: &str, amount: i64) -> Wanted {
    Wanted {
        meter: meter.to_owned(),
        amount,
        ..Wanted::default()
    }
}

#[tokio::test]
async fn usage_is_counted_and_what_is_left_is_told() {
    let mut fixture = fixture();
    let expected = |_: &TenantScope, order: &Order| {
        let item = one(order);
        item.meter == messages() && item.value == 3 && order.live && item.at == NOW
    };
    let counter = fixture.counter.expect_submit().withf(expected);
    counter.return_once(|_, _| Ok(counted(45)));
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);

    let told = service.consume(&scope, consume("Messages", 3)).await.unwrap();

    let answer = &told.lines[0];
    assert_eq!(
        (answer.used, answer.limit, answer.remaining()),
        (45, Some(1_000), Some(955))
    );
    assert_eq!(
        (answer.meter.as_str(), answer.resets_at),
        ("messages", Some(NEXT_MONTH))
    );
}

#[tokio::test]
async fn a_viewer_never_reaches_the_counter() {
    let service = fixture().service();
    let scope = TenantScope::for_test(1, &[READ_USAGE]);

    let refused = service.consume(&scope, consume("messages", 1)).await;

    assert!(matches!(refused, Err(UsageError::Denied(_))));
}

#[tokio::test]
async fn texts_with_control_characters_never_reach_the_counter() {
    let service = fixture().service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);
    let item = Wanted {
        description: Some("a\u{0}b".to_owned()),
        subject: Some("line\r\nbreak".to_owned()),
        ..wanted("messages", 1)
    };
    let request = Consume {
        items: vec![item],
        ..consume("messages", 1)
    };

    let refused = service.consume(&scope, request).await.unwrap_err();

    let fields: Vec<_> = refused.fields().into_iter().map(|wrong| wrong.field).collect();
    assert_eq!(fields, ["description", "subject"]);
}

#[tokio::test]
async fn bad_amounts_and_long_texts_are_named_together() {
    let service = fixture().service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);
    let item = Wanted {
        description: Some("é".repeat(501)),
        subject: Some("é".repeat(129)),
        ..wanted("messages", 0)
    };
    let request = Consume {
        items: vec![item],
        ..consume("messages", 0)
    };

    let refused = service.consume(&scope, request).await.unwrap_err();

    let fields: Vec<_> = refused.fields().into_iter().map(|wrong| wrong.field).collect();
    assert_eq!(fields, ["description", "subject", "amount"]);
    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Invalid, "validation_failed")
    );
}

#[tokio::test]
async fn texts_at_their_longest_are_counted() {
    let mut fixture = fixture();
    fixture.counter.expect_submit().return_once(|_, _| Ok(counted(1)));
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);
    let item = Wanted {
        description: Some("é".repeat(500)),
        subject: Some("é".repeat(128)),
        ..wanted("messages", 1)
    };
    let request = Consume {
        items: vec![item],
        ..consume("messages", 1)
    };

    assert!(service.consume(&scope, request).await.is_ok());
}

#[tokio::test]
async fn unknown_meters_and_meters_of_the_system_are_refused() {
    let service = fixture().service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);

    for (text, code) in [
        ("rockets", "unknown_meter"),
        ("users", "meter_not_reportable"),
        ("api_calls", "meter_not_reportable"),
    ] {
        let refused = service.consume(&scope, consume(text, 1)).await.unwrap_err();

        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Invalid, code), "{text}");
        assert_eq!(refused.fields()[0].field, "meter");
    }
}

#[tokio::test]
async fn a_refusal_names_meter_limit_use_reset_and_the_plan_that_lifts_it() {
    let mut fixture = fixture();
    fixture.counter.expect_submit().return_once(|_, _| Err(refusal(2, 999)));
    let asked = |plan: &Code, meter: &Code, needed: &i64| {
        plan.as_str() == "free" && meter.as_str() == "messages" && *needed == 1_001
    };
    fixture
        .ladder
        .expect_lifting()
        .withf(asked)
        .return_const(Some(code("starter")));
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);

    let refused = service.consume(&scope, consume("messages", 2)).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Exhausted, "quota_exceeded")
    );
    assert_eq!(
        refused.details(),
        [
            ("meter", Value::from("messages")),
            ("limit_of", Value::from("tenant")),
            ("limit", Value::Int(1_000)),
            ("used", Value::Int(999)),
            ("resets_at", Value::Time(NEXT_MONTH)),
            ("upgrade_to", Value::from("starter")),
        ]
    );
}

#[tokio::test]
async fn a_test_key_counts_apart() {
    let mut fixture = fixture();
    let counter = fixture.counter.expect_submit().withf(|_, order| !order.live);
    counter.return_once(|_, _| Ok(counted(1)));
    let service = fixture.service();
    let key = Principal::ApiKey {
        key: ApiKeyId::from_uuid(Uuid::from_u128(7)),
        live: false,
    };
    let scope = TenantScope::for_test_as(1, key, &[CONSUME_USAGE]);

    assert!(service.consume(&scope, consume("messages", 1)).await.is_ok());
}

#[tokio::test]
async fn operations_without_a_name_get_one_each() {
    let mut fixture = fixture();
    let names = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&names);
    fixture.counter.expect_submit().times(2).returning(move |_, order| {
        seen.lock().unwrap().push(order.operation);
        Ok(counted(1))
    });
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);

    service.consume(&scope, consume("messages", 1)).await.unwrap();
    service.consume(&scope, consume("messages", 1)).await.unwrap();

    let names = names.lock().unwrap();
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let mut fixture = fixture();
    let busy = fixture.counter.expect_submit();
    busy.return_once(|_, _| Err(ConsumeError::Busy { retry_after_s: 1 }));
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[CONSUME_USAGE]);

    let refused = service.consume(&scope, consume("messages", 1)).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.retry_after_s()),
        (ErrorKind::Unavailable, Some(1))
    );
}

#[tokio::test]
async fn rows_show_every_meter_of_the_catalog_from_where_it_is_counted() {
    let mut fixture = fixture();
    holding(&mut fixture, |_| 45);
    fixture.unit.gauges.expect_used().returning(|_| Ok(2));
    fixture.rates = MockRateLimiter::deciding(|_| Pace {
        allowed: true,
        limit: 10,
        remaining: 7,
        reset_after: std::time::Duration::from_secs(18),
        retry_after: std::time::Duration::ZERO,
    });
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[READ_BASIC_USAGE]);

    let rows = service.rows(&scope).await.unwrap();

    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.meter.code.as_str(),
                row.used,
                row.limit(),
                row.percentage_tenths(),
                row.resets_at,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("messages", 45, Some(1_000), Some(45), Some(NEXT_MONTH)),
            ("users", 2, Some(2), Some(1_000), None),
            (
                "api_calls",
                3,
                Some(10),
                Some(300),
                Some(NOW + time::Duration::seconds(18))
            ),
        ]
    );
}

#[tokio::test]
async fn a_meter_that_the_plan_does_not_name_is_unlimited() {
    let mut fixture = fixture();
    fixture.granted = Some(entitlements(&[]));
    holding(&mut fixture, |_| 45);
    fixture.unit.gauges.expect_used().returning(|_| Ok(2));
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[READ_USAGE]);

    let rows = service.rows(&scope).await.unwrap();

    assert_eq!(rows.len(), 3);
    assert!(
        rows.iter()
            .all(|row| row.limit().is_none() && row.remaining().is_none())
    );
    assert_eq!(rows[0].used, 45);
}

#[tokio::test]
async fn what_this_node_holds_but_has_not_used_is_not_shown_as_used() {
    let mut fixture = fixture();
    fixture.leased = MockLeasedCounter::new();
    fixture.leased.expect_unused().return_const(5);
    holding(&mut fixture, |_| 45);
    fixture.unit.gauges.expect_used().returning(|_| Ok(0));
    fixture.granted = Some(entitlements(&[]));
    let service = fixture.service();
    let scope = TenantScope::for_test(1, &[READ_USAGE]);

    let rows = service.rows(&scope).await.unwrap();

    assert_eq!(rows[0].used, 40);
}
