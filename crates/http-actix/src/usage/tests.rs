use std::sync::Arc;

use actix_web::test::TestRequest;
use actix_web::web::{Data, ServiceConfig};
use serde_json::json;
use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{Code, Page};
use tenantry_quotas::account::Held;
use tenantry_quotas::counter::{Act, MockUsageCounter, Order, Outcome};
use tenantry_quotas::directory::MockPlanLadder;
use tenantry_quotas::engine::MockAccountReader;
use tenantry_quotas::meter::MeterKind;
use tenantry_quotas::permissions::{CONSUME_USAGE, READ_USAGE};
use tenantry_quotas::testing::{FakeQuotaStore, FakeQuotaUnit, counted, entitlements, meter, ports, used_up};
use tenantry_quotas::usage::{UsagePorts, UsageService};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::testing::{Reply, ask, with_json};

const PATH: &str = "/api/v1/tenants/acme/usage";
const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const RESETS: OffsetDateTime = datetime!(2026-04-01 0:00 UTC);

async fn send(unit: FakeQuotaUnit, counter: MockUsageCounter, request: TestRequest) -> Reply {
    send_with(unit, holding(0), counter, request).await
}

async fn send_with(
    unit: FakeQuotaUnit,
    accounts: MockAccountReader,
    counter: MockUsageCounter,
    request: TestRequest,
) -> Reply {
    let messages = meter("messages", MeterKind::Counter);
    let mut ladder = MockPlanLadder::new();
    ladder
        .expect_lifting()
        .returning(|_, _, _| Code::try_from("starter").ok());
    let service = UsageService::new(UsagePorts {
        store: Arc::new(FakeQuotaStore::with(unit)),
        accounts: Arc::new(accounts),
        counter: Arc::new(counter),
        ladder: Arc::new(ladder),
        clock: Arc::new(FixedClock::at(NOW)),
        ..ports(entitlements(&[(&messages, Some(1_000))]), vec![messages])
    });
    let more = |config: &mut ServiceConfig| {
        config.app_data(Data::new(service));
    };
    ask(&[CONSUME_USAGE, READ_USAGE], more, request).await
}

fn holding(used: i64) -> MockAccountReader {
    let mut accounts = MockAccountReader::new();
    accounts
        .expect_standing()
        .returning(move |limits| Ok(vec![Held::posted(used); limits.len()]));
    accounts
}

fn amount_of(order: &Order) -> i64 {
    match &order.act {
        Act::Consume(items) => items[0].value,
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn counting_names_the_operation_by_the_idempotency_key() {
    let mut counter = MockUsageCounter::new();
    counter
        .expect_submit()
        .withf(|_, order| order.operation.as_str() == "order-17" && amount_of(order) == 1)
        .times(1)
        .return_once(|_, _| {
            Ok(Outcome {
                replayed: true,
                ..counted("messages", 46, Some(1_000), Some(RESETS))
            })
        });
    let request = TestRequest::post()
        .uri(PATH)
        .insert_header(("idempotency-key", "order-17"));

    let reply = send(
        FakeQuotaUnit::default(),
        counter,
        with_json(request, &json!({"meter": "messages"})),
    )
    .await;

    let expected = json!({"meter": "messages", "used": 46, "limit": 1000, "remaining": 954,
        "resets_at": "2026-04-01T00:00:00Z"});
    assert_eq!((reply.status, reply.json()), (201, expected));
    assert_eq!(reply.header("idempotency-replayed"), "true");
}

#[actix_web::test]
async fn a_refusal_names_the_meter_and_the_way_out() {
    let mut counter = MockUsageCounter::new();
    let messages = meter("messages", MeterKind::Counter);
    let granted = entitlements(&[(&messages, Some(1_000))]);
    let refusal = used_up(granted, &messages, 1_000, NOW);
    counter.expect_submit().return_once(|_, _| Err(refusal));

    let reply = send(
        FakeQuotaUnit::default(),
        counter,
        with_json(TestRequest::post().uri(PATH), &json!({"meter": "messages"})),
    )
    .await;

    let problem = reply.json();
    assert_eq!((reply.status, reply.code().as_str()), (429, "quota_exceeded"));
    assert_eq!(
        (&problem["meter"], &problem["limit"], &problem["used"]),
        (&json!("messages"), &json!(1000), &json!(1000))
    );
    assert_eq!(
        (&problem["resets_at"], &problem["upgrade_to"]),
        (&json!("2026-04-01T00:00:00Z"), &json!("starter"))
    );
}

#[actix_web::test]
async fn amounts_that_are_none_never_reach_the_counter() {
    for (amount, status) in [
        (json!(0), 422),
        (json!(-1), 422),
        (json!(1.5), 422),
        (json!("1"), 422),
        (json!(null), 422),
    ] {
        let body = json!({"meter": "messages", "amount": amount});

        let reply = send(
            FakeQuotaUnit::default(),
            MockUsageCounter::new(),
            with_json(TestRequest::post().uri(PATH), &body),
        )
        .await;

        assert_eq!(
            (reply.status, &reply.json()["errors"][0]["field"]),
            (status, &json!("amount")),
            "{body}"
        );
    }
}

#[actix_web::test]
async fn every_meter_is_a_row_with_one_decimal() {
    let quotas = send_with(
        FakeQuotaUnit::default(),
        holding(234),
        MockUsageCounter::new(),
        TestRequest::get().uri("/api/v1/tenants/acme/quotas"),
    )
    .await;
    let usage = send_with(
        FakeQuotaUnit::default(),
        holding(234),
        MockUsageCounter::new(),
        TestRequest::get().uri(PATH),
    )
    .await;

    assert_eq!(quotas.body, usage.body);
    let row = &quotas.json()["data"][0];
    assert_eq!(
        (&row["meter"], &row["limit"], &row["used"]),
        (&json!("messages"), &json!(1000), &json!(234))
    );
    assert!(String::from_utf8_lossy(&quotas.body).contains("\"percentage\":23.4,"));
}

#[actix_web::test]
async fn a_check_answers_without_counting() {
    let check = |amount: i64| {
        let body = json!({"meter": "messages", "amount": amount});
        with_json(TestRequest::post().uri("/api/v1/tenants/acme/quotas/check"), &body)
    };

    let fits = send_with(
        FakeQuotaUnit::default(),
        holding(990),
        MockUsageCounter::new(),
        check(10),
    )
    .await;
    let too_much = send_with(
        FakeQuotaUnit::default(),
        holding(990),
        MockUsageCounter::new(),
        check(11),
    )
    .await;

    assert_eq!(
        (fits.status, &fits.json()["allowed"], &fits.json()["remaining"]),
        (200, &json!(true), &json!(10))
    );
    assert_eq!((too_much.status, &too_much.json()["allowed"]), (200, &json!(false)));
}

#[actix_web::test]
async fn an_unknown_meter_is_named() {
    let mut unit = FakeQuotaUnit::default();
    unit.usage.expect_list_entries().return_once(|_, _| {
        Ok(Page {
            items: Vec::new(),
            next: None,
        })
    });

    let unknown = send(
        FakeQuotaUnit::default(),
        MockUsageCounter::new(),
        TestRequest::get().uri("/api/v1/tenants/acme/usage-logs?meter=nothing"),
    )
    .await;
    let known = send(
        unit,
        MockUsageCounter::new(),
        TestRequest::get().uri("/api/v1/tenants/acme/usage-logs?meter=Messages"),
    )
    .await;

    assert_eq!((unknown.status, unknown.code().as_str()), (422, "unknown_meter"));
    assert_eq!(
        (known.status, known.json()),
        (200, json!({"data": [], "next_cursor": null}))
    );
}
