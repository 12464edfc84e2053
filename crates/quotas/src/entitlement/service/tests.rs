//! Features and overrides over doubles.

use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{DomainError, ErrorKind};
use time::macros::datetime;

use super::*;
use crate::directory::{MockEntitlementSource, MockPlanLadder};
use crate::meter::MeterKind;
use crate::testing::{FakeQuotaStore, FakeQuotaUnit, code, entitlements, meter};

const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);
const OPERATE: Permission = Permission::known("platform.manage");

fn service(unit: FakeQuotaUnit, granted: Option<Entitlements>) -> (EntitlementService, Arc<FakeQuotaStore>) {
    let store = Arc::new(FakeQuotaStore::with(unit));
    let mut source = MockEntitlementSource::new();
    let granted = granted.map(Arc::new);
    source.expect_of().returning(move |_| Ok(granted.clone()));
    let mut ladder = MockPlanLadder::new();
    ladder.expect_granting().return_const(Some(code("pro")));
    let service = EntitlementService::new(
        Arc::clone(&store) as Arc<dyn QuotaStore>,
        Arc::new(source),
        Arc::new(ladder),
        Arc::new(MeterBook::new(vec![meter("messages", MeterKind::Counter)]).unwrap()),
        Arc::new(FixedClock::at(NOW)),
    );
    (service, store)
}

fn request(limit: Option<i64>, reason: &str) -> OverrideLimit {
    OverrideLimit {
        meter: "messages".to_owned(),
        subject: String::new(),
        limit,
        reason: reason.to_owned(),
        expires_at: None,
    }
}

#[tokio::test]
async fn a_feature_of_the_plan_passes_and_another_must_be_bought() {
    let mut granted = entitlements(&[]);
    granted.features.insert(code("api_access"));
    let (service, _) = service(FakeQuotaUnit::default(), Some(granted));
    let scope = TenantScope::for_test(1, &[]);

    let has = service.require_feature(&scope, &code("api_access")).await;
    let lacks = service.require_feature(&scope, &code("legal_ai")).await.unwrap_err();

    assert!(has.is_ok());
    assert_eq!(
        (lacks.kind(), lacks.code()),
        (ErrorKind::PaymentRequired, "feature_not_in_plan")
    );
    let told = [
        ("feature", Value::from("legal_ai")),
        ("plan", Value::from("free")),
        ("upgrade_to", Value::from("pro")),
    ];
    assert_eq!(lacks.details(), told);
}

#[tokio::test]
async fn a_tenant_without_a_plan_has_no_feature() {
    let (service, _) = service(FakeQuotaUnit::default(), None);

    let refused = service
        .require_feature(&TenantScope::for_test(1, &[]), &code("api_access"))
        .await;

    assert!(matches!(refused, Err(FeatureError::NoPlan)));
}

#[tokio::test]
async fn an_operator_changes_a_limit_and_the_change_is_told() {
    let mut unit = FakeQuotaUnit::default();
    let messages = meter("messages", MeterKind::Counter);
    let granted = entitlements(&[(&messages, Some(1_000))]);
    unit.entitlements.expect_find().return_once(move || Ok(Some(granted)));
    let put = unit.entitlements.expect_put_override();
    put.withf(|change| change.limit == Some(5_000) && change.reason == "launch week")
        .return_once(|_| Ok(()));
    let (service, store) = service(unit, None);
    let scope = TenantScope::for_test(1, &[OPERATE]);

    let changed = service
        .override_limit(&scope, &OPERATE, request(Some(5_000), "launch week"))
        .await
        .unwrap();

    assert_eq!(changed.allowance(&messages, NOW).limit, Some(5_000));
    let events = store.events().unwrap();
    assert_eq!(
        (events[0].action, events[0].resource_id.as_str()),
        ("quota.overridden", "messages")
    );
    assert_eq!(events[0].changes[0].before, Value::Int(1_000));
    assert_eq!(events[0].changes[0].after, Value::Int(5_000));
}

#[tokio::test]
async fn a_tenant_cannot_change_its_own_limits() {
    let (service, store) = service(FakeQuotaUnit::default(), None);
    let scope = TenantScope::for_test(1, &[crate::permissions::CONSUME_USAGE]);

    let refused = service.override_limit(&scope, &OPERATE, request(None, "please")).await;

    assert!(matches!(refused, Err(OverrideError::Denied(_))));
    assert_eq!(store.events(), None);
}

#[tokio::test]
async fn a_change_needs_a_limit_that_can_be_and_a_reason() {
    for (limit, reason, field) in [
        (Some(-1), "because", "limit"),
        (Some(1), "  ", "reason"),
        (Some(1), "a\u{0}b", "reason"),
        (None, &*"a".repeat(501), "reason"),
    ] {
        let (service, store) = service(FakeQuotaUnit::default(), None);
        let scope = TenantScope::for_test(1, &[OPERATE]);

        let refused = service
            .override_limit(&scope, &OPERATE, request(limit, reason))
            .await
            .unwrap_err();

        assert_eq!(refused.fields()[0].field, field);
        assert_eq!(store.events(), None);
    }
}

#[tokio::test]
async fn an_unknown_meter_cannot_be_changed() {
    let (service, _) = service(FakeQuotaUnit::default(), None);
    let scope = TenantScope::for_test(1, &[OPERATE]);
    let request = OverrideLimit {
        meter: "rockets".to_owned(),
        ..request(None, "because")
    };

    let refused = service.override_limit(&scope, &OPERATE, request).await.unwrap_err();

    assert_eq!(refused.code(), "unknown_meter");
}
