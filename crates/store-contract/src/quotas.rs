//! What quotas' ports promise.

pub mod entitlements;
pub mod gauges;
pub mod ledger;

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::time::macros::datetime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{StoreError, TenantId, TenantScope};
use tenantry_quotas::account::{AccountKey, TenantAccount};
use tenantry_quotas::directory::EntitlementSource;
use tenantry_quotas::engine::{BatchWrites, LedgerStore, OperationRef, Posting};
use tenantry_quotas::ledger::{Amount, LedgerEntry, OperationId, UsageEntryId};
use tenantry_quotas::period::Period;
use tenantry_quotas::store::{QuotaStore, QuotaUnit};
use tenantry_quotas::testing::code;

use crate::tenancy::TenancyHarness;

/// How to reach quotas' ports. Its tenants are founded through tenancy's.
pub trait QuotaHarness: TenancyHarness {
    /// Opens units.
    fn quotas(&self) -> &dyn QuotaStore;
    /// Looks up before a scope exists.
    fn entitlements(&self) -> &dyn EntitlementSource;
    /// Opens batches.
    fn ledger(&self) -> &dyn LedgerStore;
}

pub(crate) const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
pub(crate) const MARCH: OffsetDateTime = datetime!(2026-03-01 0:00 UTC);
pub(crate) const APRIL: OffsetDateTime = datetime!(2026-04-01 0:00 UTC);

pub(crate) async fn begin(store: &impl QuotaHarness, tenant: u128) -> Box<dyn QuotaUnit> {
    store.quotas().begin(&TenantScope::for_test(tenant, &[])).await.unwrap()
}

pub(crate) async fn read(store: &impl QuotaHarness, tenant: u128) -> Box<dyn QuotaUnit> {
    store.quotas().read(&TenantScope::for_test(tenant, &[])).await.unwrap()
}

pub(crate) const fn tenant_id(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

/// The account of a meter in March.
pub(crate) fn account(meter: &str) -> AccountKey {
    AccountKey {
        meter: code(meter),
        live: true,
        period: Period::CalendarMonth,
        period_start: MARCH,
    }
}

pub(crate) fn of_tenant(tenant: u128, key: AccountKey) -> TenantAccount {
    TenantAccount {
        tenant: tenant_id(tenant),
        key,
    }
}

pub(crate) fn operation(name: &str) -> OperationId {
    OperationId::try_from(name.to_owned()).unwrap()
}

/// An entry on the March account of `messages`, with everything an entry can have.
pub(crate) fn entry(number: u128, amount: i64, used_after: i64) -> LedgerEntry {
    LedgerEntry {
        id: UsageEntryId::from_uuid(Uuid::from_u128(number)),
        operation: operation(&format!("operation {number}")),
        digest: [7; 32],
        account: account("messages"),
        amount: Amount::try_from(amount).unwrap(),
        used_after,
        limit: Some(1_000),
        resets_at: Some(APRIL),
        description: Some("Ein Grüßchen 👋".to_owned()),
        subject: Some("user 17".to_owned()),
        actor_kind: "api_key".to_owned(),
        actor_id: "key 3".to_owned(),
        at: NOW,
    }
}

/// What a batch writes that counts these entries of a tenant on their accounts.
pub(crate) fn writes(tenant: u128, entries: &[LedgerEntry]) -> BatchWrites {
    let mut writes = BatchWrites::default();
    for entry in entries {
        let posting = Posting {
            posted: entry.used_after,
            within: entry.limit,
        };
        let account = of_tenant(tenant, entry.account.clone());
        writes.accounts.insert(account, posting);
        writes.entries.push((tenant_id(tenant), entry.clone()));
    }
    writes
}

/// Locks, looks, writes and commits, as the engine does.
pub(crate) async fn land(store: &impl QuotaHarness, writes: &BatchWrites) -> Result<(), StoreError> {
    let accounts: Vec<_> = writes.accounts.keys().cloned().collect();
    let mut operations: Vec<_> = writes.entries.iter().map(reference).collect();
    operations.sort();
    let mut batch = store.ledger().begin_batch().await?;
    batch.lock(&accounts).await?;
    batch.known(&operations).await?;
    batch.write(writes).await?;
    batch.commit().await
}

pub(crate) fn reference((tenant, entry): &(TenantId, LedgerEntry)) -> OperationRef {
    OperationRef {
        tenant: *tenant,
        operation: entry.operation.clone(),
    }
}
