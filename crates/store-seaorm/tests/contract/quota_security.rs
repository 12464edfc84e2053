//! The last fence around usage, on PostgreSQL: requests read their own, the engine reaches usage only.

#![expect(clippy::unwrap_used, reason = "clippy excuses test functions, not their helpers")]

use std::sync::Arc;

use sea_orm::DatabaseConnection;
use tenantry_kernel::TenantScope;
use tenantry_quotas::account::Held;
use tenantry_quotas::alert::Alert;
use tenantry_quotas::closing::LedgerMarks;
use tenantry_quotas::engine::{BatchWrites, LedgerStore, Posting, Rollup, RollupKey, bucket_of};
use tenantry_quotas::ledger::{EntryKind, LedgerEntry, OperationId, UsageEntryId};
use tenantry_quotas::limit::{Limit, Reach, User};
use tenantry_quotas::meter::MeterKind;
use tenantry_quotas::reservation::{Reservation, ReservationId, ReservationStatus, ReservedItem};
use tenantry_quotas::store::QuotaStore;
use tenantry_quotas::testing::{entitlements, meter};
use tenantry_tenancy::testing::{NOW, tenant_id};
use tenantry_test_support::TestStore;

use crate::row_security::{as_role, two_tenants, uuid};

/// Two tenants that counted one operation each, and raw SQL.
async fn two_that_counted() -> Option<(TestStore, DatabaseConnection)> {
    let (subject, raw) = two_tenants().await?;
    for number in [1, 2] {
        let scope = TenantScope::for_test(number, &[]);
        let mut unit = QuotaStore::begin(&subject.store, &scope).await.unwrap();
        unit.entitlements().replace(&entitlements(&[])).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
        count_one(&subject, number).await;
    }
    Some((subject, raw))
}

/// Counts one, with everything that a batch can write.
async fn count_one(subject: &TestStore, number: u128) {
    let tenant = tenant_id(number);
    let messages = meter("messages", MeterKind::Counter);
    let granted = Arc::new(entitlements(&[(&messages, None)]));
    let reach = Reach {
        tenant,
        entitlements: granted,
        pool: None,
    };
    let limit = Limit::leading(&reach, &messages, true, NOW);
    let account = limit.account.clone();
    let entry = LedgerEntry {
        id: UsageEntryId::from_uuid(uuid(number)),
        operation: OperationId::from(uuid(number)),
        line: 0,
        kind: EntryKind::Usage,
        digest: [0; 32],
        account: account.key.clone(),
        amount: 1,
        value: 1,
        member: Some("ann".to_owned()),
        used_after: 1,
        limit: None,
        resets_at: None,
        description: None,
        subject: None,
        user: None,
        pool: None,
        actor_kind: "api_key".to_owned(),
        actor_id: String::new(),
        at: NOW,
        recorded_at: NOW,
    };
    let item = ReservedItem {
        meter: messages.code.clone(),
        amount: 1,
        user: User::default(),
        subject: None,
        description: None,
        accounts: vec![account.clone()],
        used: None,
    };
    let reservation = Reservation {
        id: ReservationId::from_uuid(uuid(number)),
        operation: OperationId::from(uuid(number)),
        digest: [0; 32],
        live: true,
        items: vec![item],
        status: ReservationStatus::Held,
        created_at: NOW,
        expires_at: NOW,
        ended_at: None,
    };
    let rolled_up = RollupKey {
        tenant,
        meter: messages.code.clone(),
        live: true,
        bucket: bucket_of(NOW),
        user: String::new(),
        key: String::new(),
    };
    let alert = Alert {
        account: account.clone(),
        threshold_percent: 80,
        limit: 1,
        used: 1,
        at: NOW,
    };
    let posting = Posting {
        held: Held::posted(1),
        within: None,
    };
    let writes = BatchWrites {
        entries: vec![(tenant, entry)],
        accounts: [(account.clone(), posting)].into(),
        members: [(account, "ann".into())].into(),
        alerts: vec![alert],
        reservations: vec![(tenant, reservation)],
        rollups: [(
            rolled_up,
            Rollup {
                amount: 1,
                operations: 1,
            },
        )]
        .into(),
        ..BatchWrites::default()
    };
    let mut batch = subject.store.begin_batch().await.unwrap();
    batch.lock(&[limit]).await.unwrap();
    batch.write(&writes).await.unwrap();
    batch.commit().await.unwrap();
}

/// What the engine writes and a tenant reads.
const USAGE: [&str; 6] = [
    "quota_account",
    "usage_ledger",
    "usage_member",
    "usage_rollup",
    "quota_reservation",
    "quota_alert",
];

#[tokio::test]
async fn a_request_reads_the_usage_of_its_tenant_and_no_other() {
    let Some((_subject, raw)) = two_that_counted().await else {
        return;
    };

    for table in USAGE.into_iter().chain(["tenant_plan"]) {
        let sql = format!("select count(*) from {table}");
        let counts = [None, Some(1), Some(3)].map(|tenant| (tenant, i64::from(tenant == Some(1))));
        for (tenant, expected) in counts {
            let seen = as_role(&raw, "tenantry_app", tenant, None, &sql).await.unwrap();
            assert_eq!(seen, expected, "{table} as {tenant:?}");
        }
    }
}

#[tokio::test]
async fn a_request_cannot_write_usage() {
    let Some((_subject, raw)) = two_that_counted().await else {
        return;
    };

    for table in USAGE {
        for sql in [
            format!("delete from {table} returning 1::bigint"),
            format!("update {table} set tenant_id = tenant_id returning 1::bigint"),
            format!("insert into {table} select * from {table} returning 1::bigint"),
        ] {
            let refused = as_role(&raw, "tenantry_app", Some(1), None, &sql).await;
            assert!(
                format!("{refused:?}").contains("permission denied"),
                "{sql}: {refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_engine_reaches_the_usage_of_all_tenants_and_nothing_else() {
    let Some((_subject, raw)) = two_that_counted().await else {
        return;
    };

    for table in USAGE {
        let sql = format!("select count(*) from {table}");
        assert_eq!(
            as_role(&raw, "tenantry_quota", None, None, &sql).await.unwrap(),
            2,
            "{table}"
        );
    }
    for table in [
        "tenant",
        "membership",
        "audit_log",
        "entitlement",
        "quota_gauge",
        "usage_closing",
        "job",
    ] {
        let sql = format!("select count(*) from {table}");
        let refused = as_role(&raw, "tenantry_quota", None, None, &sql).await;
        assert!(
            format!("{refused:?}").contains("permission denied"),
            "{table}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn the_ledger_is_neither_changed_nor_removed() {
    let Some((_subject, raw)) = two_that_counted().await else {
        return;
    };

    for role in ["tenantry_app", "tenantry_worker", "tenantry_quota"] {
        for sql in [
            "update usage_ledger set amount = 1 returning 1::bigint",
            "delete from usage_ledger returning 1::bigint",
        ] {
            let refused = as_role(&raw, role, Some(1), None, sql).await;
            assert!(
                format!("{refused:?}").contains("permission denied"),
                "{role}: {refused:?}"
            );
        }
    }
}

async fn is_denied(raw: &DatabaseConnection, role: &str, tenant: Option<u128>, sql: &str) -> bool {
    let refused = as_role(raw, role, tenant, None, sql).await;
    format!("{refused:?}").contains("permission denied")
}

#[tokio::test]
async fn a_request_says_that_it_told_an_alert_and_changes_nothing_else_of_it() {
    let Some((_subject, raw)) = two_that_counted().await else {
        return;
    };
    let told =
        "with told as (update quota_alert set told_at = 1 where told_at is null returning 1) select count(*) from told";

    assert_eq!(as_role(&raw, "tenantry_app", None, None, told).await.unwrap(), 0);
    assert_eq!(as_role(&raw, "tenantry_app", Some(1), None, told).await.unwrap(), 1);
    for sql in [
        "update quota_alert set used = 0 returning 1::bigint",
        "delete from quota_alert returning 1::bigint",
    ] {
        assert!(is_denied(&raw, "tenantry_app", Some(1), sql).await, "{sql}");
    }
}

#[tokio::test]
async fn what_reservations_hold_and_the_mark_are_the_engines_alone() {
    let Some((_subject, raw)) = two_that_counted().await else {
        return;
    };

    for (table, rows) in [("quota_hold", 2), ("usage_mark", 1)] {
        let sql = format!("select count(*) from {table}");
        assert_eq!(as_role(&raw, "tenantry_quota", None, None, &sql).await.unwrap(), rows);
        for role in ["tenantry_app", "tenantry_worker"] {
            assert!(is_denied(&raw, role, Some(1), &sql).await, "{table} as {role}");
        }
    }
}

#[tokio::test]
async fn what_was_closed_is_neither_changed_nor_removed() {
    let Some((subject, raw)) = two_that_counted().await else {
        return;
    };
    let mark = subject.store.take().await.unwrap();
    let messages = meter("messages", MeterKind::Counter).code;
    for number in [1, 2] {
        let mut unit = QuotaStore::begin(&subject.store, &TenantScope::for_test(number, &[]))
            .await
            .unwrap();
        let closed = unit.closings().close(&messages, NOW, NOW, mark, NOW).await;
        closed.unwrap();
        unit.commit(Vec::new()).await.unwrap();
    }

    let count = "select count(*) from usage_closing";
    assert_eq!(as_role(&raw, "tenantry_app", Some(1), None, count).await.unwrap(), 1);
    for role in ["tenantry_app", "tenantry_worker", "tenantry_quota"] {
        for sql in [
            "update usage_closing set used = 1 returning 1::bigint",
            "delete from usage_closing returning 1::bigint",
        ] {
            assert!(is_denied(&raw, role, Some(1), sql).await, "{role}: {sql}");
        }
    }
}

#[tokio::test]
async fn the_engine_and_the_worker_read_no_more_of_a_tenant_than_they_need() {
    let Some((_subject, raw)) = two_that_counted().await else {
        return;
    };

    for (role, table, seen, hidden) in [
        ("tenantry_quota", "tenant_plan", "revision", "plan_code"),
        ("tenantry_quota", "quota_override", "expires_at", "reason"),
        ("tenantry_worker", "usage_rollup", "amount", "used_by"),
        ("tenantry_worker", "usage_rollup", "bucket", "key_id"),
        ("tenantry_worker", "quota_reservation", "expires_at", "items"),
    ] {
        let sql = |column: &str| format!("select count({column}) from {table}");
        let allowed = as_role(&raw, role, None, None, &sql(seen)).await;
        assert!(allowed.is_ok(), "{role} {table}.{seen}: {allowed:?}");
        assert!(
            is_denied(&raw, role, None, &sql(hidden)).await,
            "{role} {table}.{hidden}"
        );
    }
    for table in ["quota_account", "usage_ledger", "usage_member"] {
        let sql = format!("select count(*) from {table}");
        assert!(is_denied(&raw, "tenantry_worker", None, &sql).await, "{table}");
    }
}
