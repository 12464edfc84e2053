//! Which limits hold for whom.

use super::*;
use crate::entitlement::LimitOverride;
use crate::meter::MeterKind;
use crate::period::Period;
use crate::testing::{code, entitlements, meter};
use crate::zone::Zone;
use tenantry_kernel::uuid::Uuid;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

fn reach(entitlements: Entitlements) -> Reach {
    Reach {
        tenant: tenant(1),
        entitlements: Arc::new(entitlements),
        pool: None,
    }
}

fn ada() -> User {
    User {
        name: Some("ada".into()),
        key: None,
    }
}

fn each_user(limit: i64) -> Allowance {
    Allowance {
        limit: Some(limit),
        share: Share::User,
        ..Allowance::unlimited(&meter("messages", MeterKind::Counter))
    }
}

fn shown(limits: &[Limit]) -> Vec<(u128, String, Option<i64>)> {
    limits
        .iter()
        .map(|limit| {
            let tenant = limit.account.tenant.as_uuid().as_u128();
            (tenant, limit.account.key.subject.to_string(), limit.hard())
        })
        .collect()
}

#[test]
fn a_users_limit_holds_beside_the_tenants_where_there_is_a_user() {
    let messages = meter("messages", MeterKind::Counter);
    let mut granted = entitlements(&[(&messages, Some(1_000))]);
    granted.allowances.push(each_user(10));
    let reach = reach(granted);

    let with = Limit::all_of(&reach, &messages, &ada(), true, NOW);
    let without = Limit::all_of(&reach, &messages, &User::default(), true, NOW);

    assert_eq!(
        shown(&with),
        [(1, String::new(), Some(1_000)), (1, "user:ada".to_owned(), Some(10))]
    );
    assert_eq!(shown(&without), [(1, String::new(), Some(1_000))]);
}

#[test]
fn an_operator_limits_one_user_where_the_plan_limits_none_and_changes_one_where_it_does() {
    let messages = meter("messages", MeterKind::Counter);
    let change = LimitOverride {
        meter: code("messages"),
        subject: Subject::user("ada"),
        limit: Some(3),
        reason: "abuse".to_owned(),
        at: NOW,
        expires_at: None,
    };
    let bare = Entitlements {
        overrides: vec![change],
        ..entitlements(&[(&messages, Some(1_000))])
    };
    let mut limiting = bare.clone();
    limiting.allowances.push(each_user(10));

    for granted in [bare, limiting] {
        let limits = Limit::all_of(&reach(granted), &messages, &ada(), true, NOW);

        assert_eq!(
            shown(&limits),
            [(1, String::new(), Some(1_000)), (1, "user:ada".to_owned(), Some(3))]
        );
    }
}

#[test]
fn a_pooled_tenant_counts_in_the_pool_too() {
    let messages = meter("messages", MeterKind::Counter);
    let mut pool = entitlements(&[(&messages, Some(5_000))]);
    pool.allowances.push(each_user(10));
    let reach = Reach {
        pool: Some((tenant(9), Arc::new(pool))),
        ..reach(entitlements(&[(&messages, Some(1_000))]))
    };

    let limits = Limit::all_of(&reach, &messages, &ada(), true, NOW);

    assert_eq!(
        shown(&limits),
        [(1, String::new(), Some(1_000)), (9, String::new(), Some(5_000))]
    );
}

#[test]
fn a_month_begins_at_the_tenants_midnight_and_rolls_over_from_the_one_before() {
    let messages = meter("messages", MeterKind::Counter);
    let mut granted = entitlements(&[(&messages, Some(1_000))]);
    granted.zone = Zone::or_utc("Asia/Tokyo");
    granted.allowances[0].rollover = Some(100);

    let limit = Limit::leading(&reach(granted.clone()), &messages, true, NOW);
    let mut newcomer = granted;
    newcomer.anchor = datetime!(2025-06-02 0:00 UTC);
    let first = Limit::leading(&reach(newcomer), &messages, true, NOW);

    assert_eq!(limit.account.key.period_start, datetime!(2025-05-31 15:00 UTC));
    assert_eq!(limit.resets_at, Some(datetime!(2025-06-30 15:00 UTC)));
    let before = limit.rolls_over_from.unwrap().key;
    assert_eq!(
        (before.period, before.period_start),
        (Period::CalendarMonth, datetime!(2025-04-30 15:00 UTC))
    );
    assert_eq!(first.rolls_over_from, None);
}
