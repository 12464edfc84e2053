//! The last fence around usage, on PostgreSQL: requests read their own, the engine reaches usage only.

#![expect(clippy::unwrap_used, reason = "clippy excuses test functions, not their helpers")]

use sea_orm::DatabaseConnection;
use tenantry_kernel::TenantScope;
use tenantry_quotas::account::{AccountKey, TenantAccount};
use tenantry_quotas::engine::{BatchWrites, LedgerStore, Posting};
use tenantry_quotas::ledger::{Amount, LedgerEntry, OperationId, UsageEntryId};
use tenantry_quotas::period::Period;
use tenantry_quotas::store::QuotaStore;
use tenantry_quotas::testing::{code, entitlements};
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

async fn count_one(subject: &TestStore, number: u128) {
    let account = AccountKey {
        meter: code("messages"),
        live: true,
        period: Period::CalendarMonth,
        period_start: NOW,
    };
    let entry = LedgerEntry {
        id: UsageEntryId::from_uuid(uuid(number)),
        operation: OperationId::from(uuid(number)),
        digest: [0; 32],
        account: account.clone(),
        amount: Amount::ONE,
        used_after: 1,
        limit: None,
        resets_at: None,
        description: None,
        subject: None,
        actor_kind: "api_key".to_owned(),
        actor_id: String::new(),
        at: NOW,
    };
    let account = TenantAccount {
        tenant: tenant_id(number),
        key: account,
    };
    let mut writes = BatchWrites::default();
    writes.entries.push((tenant_id(number), entry));
    let posting = Posting {
        posted: 1,
        within: None,
    };
    writes.accounts.insert(account.clone(), posting);
    let mut batch = subject.store.begin_batch().await.unwrap();
    batch.lock(&[account]).await.unwrap();
    batch.write(&writes).await.unwrap();
    batch.commit().await.unwrap();
}

const USAGE: [&str; 2] = ["quota_account", "usage_ledger"];

#[tokio::test]
async fn a_request_reads_the_usage_of_its_tenant_and_no_other() {
    let Some((_subject, raw)) = two_that_counted().await else {
        return;
    };

    for table in ["quota_account", "usage_ledger", "tenant_plan"] {
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
            format!("update {table} set meter = 'other' returning 1::bigint"),
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
        "tenant_plan",
        "quota_gauge",
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
