//! What quotas' ports promise.

pub mod accounts;
pub mod alerts;
pub mod books;
pub mod closings;
pub mod entitlements;
pub mod gauges;
pub mod insights;
pub mod ledger;
pub mod reservations;

use std::collections::BTreeMap;
use std::sync::Arc;

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::time::macros::datetime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{ApiKeyId, Event, StoreError, TenantId, TenantScope};
use tenantry_quotas::account::{AccountKey, Held, Subject, TenantAccount};
use tenantry_quotas::alert::AlertDirectory;
use tenantry_quotas::audit::Bookkeeper;
use tenantry_quotas::closing::LedgerMarks;
use tenantry_quotas::directory::EntitlementSource;
use tenantry_quotas::engine::{
    AccountReader, BatchWrites, LedgerStore, Locked, OperationRef, Posting, RollupKey, bucket_of,
};
use tenantry_quotas::entitlement::{Allowance, Entitlements};
use tenantry_quotas::insight::UsageDirectory;
use tenantry_quotas::ledger::{EntryFilter, EntryKind, LedgerEntry, OperationId, UsageEntryId};
use tenantry_quotas::limit::Limit;
use tenantry_quotas::meter::{Aggregation, MeterKind};
use tenantry_quotas::period::Period;
use tenantry_quotas::reservation::ExpiredReservations;
use tenantry_quotas::store::{QuotaStore, QuotaUnit};
use tenantry_quotas::testing::{code, meter};

use crate::next_page;
use crate::tenancy::TenancyHarness;

/// How to reach quotas' ports. Its tenants are founded through tenancy's.
pub trait QuotaHarness: TenancyHarness {
    /// Opens units.
    fn quotas(&self) -> &dyn QuotaStore;
    /// Looks up before a scope exists.
    fn entitlements(&self) -> &dyn EntitlementSource;
    /// Opens batches.
    fn ledger(&self) -> &dyn LedgerStore;
    /// Looks at accounts.
    fn accounts(&self) -> &dyn AccountReader;
    /// Takes marks.
    fn marks(&self) -> &dyn LedgerMarks;
    /// Finds reservations whose time is up.
    fn expired(&self) -> &dyn ExpiredReservations;
    /// Finds alerts that nobody was told of.
    fn alerted(&self) -> &dyn AlertDirectory;
    /// Compares tenants.
    fn usage_directory(&self) -> &dyn UsageDirectory;
    /// Checks accounts against the ledger.
    fn bookkeeper(&self) -> &dyn Bookkeeper;
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

/// Gives a tenant what a plan grants.
pub(crate) async fn grant(store: &impl QuotaHarness, tenant: u128, granted: &Entitlements) {
    let mut unit = begin(store, tenant).await;
    unit.entitlements().replace(granted).await.unwrap();
    unit.commit(vec![Event::new("subscription.started", tenant)])
        .await
        .unwrap();
}

pub(crate) const fn tenant_id(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

pub(crate) const fn key_id(number: u128) -> ApiKeyId {
    ApiKeyId::from_uuid(Uuid::from_u128(number))
}

/// The tenant's account of a meter in March.
pub(crate) fn account(meter: &str) -> AccountKey {
    AccountKey {
        meter: code(meter),
        live: true,
        subject: Subject::Tenant,
        period: Period::CalendarMonth,
        period_start: MARCH,
    }
}

pub(crate) const fn of_tenant(tenant: u128, key: AccountKey) -> TenantAccount {
    TenantAccount {
        tenant: tenant_id(tenant),
        key,
    }
}

/// The limit that an account is under: an unlimited one of a meter that adds up, of the first revision.
pub(crate) fn limit_on(account: TenantAccount) -> Limit {
    let resets_at = match account.key.period {
        Period::Lifetime => None,
        Period::Day => Some(account.key.period_start + tenantry_kernel::time::Duration::DAY),
        _ => Some(APRIL),
    };
    Limit {
        allowance: Allowance {
            period: account.key.period,
            ..Allowance::unlimited(&meter(account.key.meter.as_str(), MeterKind::Counter))
        },
        account,
        resets_at,
        aggregation: Aggregation::Sum,
        revision: 1,
        rolls_over_from: None,
    }
}

/// The limit of a tenant's meter in March.
pub(crate) fn limit(tenant: u128, meter: &str) -> Limit {
    limit_on(of_tenant(tenant, account(meter)))
}

/// As `limit`, of a part of the tenant.
pub(crate) fn of_subject(limit: &Limit, subject: Subject) -> Limit {
    let mut part = limit.clone();
    part.account.key.subject = subject;
    part
}

pub(crate) fn operation(name: &str) -> OperationId {
    OperationId::try_from(name.to_owned()).unwrap()
}

pub(crate) fn named(tenant: u128, name: &str) -> OperationRef {
    OperationRef {
        tenant: tenant_id(tenant),
        operation: operation(name),
    }
}

/// An entry on the March account of `messages`, with everything an entry can have.
pub(crate) fn entry(number: u128, amount: i64, used_after: i64) -> LedgerEntry {
    LedgerEntry {
        id: UsageEntryId::from_uuid(Uuid::from_u128(number)),
        operation: operation(&format!("operation {number}")),
        line: 0,
        kind: EntryKind::Usage,
        digest: [7; 32],
        account: account("messages"),
        amount,
        value: amount,
        member: Some("Jörg \"J\" O'Neil".to_owned()),
        used_after,
        limit: Some(1_000),
        resets_at: Some(APRIL),
        description: Some("Ein Grüßchen 👋".to_owned()),
        subject: Some("user 17".to_owned()),
        user: Some("user 17".to_owned()),
        pool: None,
        actor_kind: "api_key".to_owned(),
        actor_id: key_id(3).to_string(),
        at: NOW,
        recorded_at: NOW,
    }
}

/// An entry of nobody, with nothing that an entry may lack.
pub(crate) fn bare(number: u128, amount: i64) -> LedgerEntry {
    LedgerEntry {
        member: None,
        limit: None,
        resets_at: None,
        description: None,
        subject: None,
        user: None,
        actor_kind: "worker".to_owned(),
        actor_id: String::new(),
        ..entry(number, amount, 0)
    }
}

/// What a batch writes that counts these entries of a tenant on the accounts of all of these limits.
pub(crate) fn writes(
    tenant: u128,
    limits: &[Limit],
    locked: &BTreeMap<TenantAccount, Locked>,
    entries: &[LedgerEntry],
) -> BatchWrites {
    let mut writes = BatchWrites::default();
    let moved: i64 = entries.iter().map(|entry| entry.amount).sum();
    for limit in limits {
        let held = locked.get(&limit.account).map(|locked| locked.held).unwrap_or_default();
        let held = Held {
            posted: held.posted + moved,
            ..held
        };
        writes
            .accounts
            .insert(limit.account.clone(), Posting { held, within: None });
        if limit.aggregation == Aggregation::Unique {
            let members = entries.iter().filter_map(|entry| entry.member.as_deref());
            writes
                .members
                .extend(members.map(|member| (limit.account.clone(), Arc::from(member))));
        }
    }
    for entry in entries {
        let key = RollupKey {
            tenant: tenant_id(tenant),
            meter: entry.account.meter.clone(),
            live: entry.account.live,
            bucket: bucket_of(entry.at),
            user: entry.user.clone().unwrap_or_default(),
            key: Some(&entry.actor_id)
                .filter(|_| entry.actor_kind == "api_key")
                .cloned()
                .unwrap_or_default(),
        };
        let rollup = writes.rollups.entry(key).or_default();
        rollup.amount += entry.amount;
        rollup.operations += 1;
        writes.entries.push((tenant_id(tenant), entry.clone()));
    }
    writes
}

/// Locks, looks, writes and commits, as the engine does.
pub(crate) async fn count(
    store: &impl QuotaHarness,
    tenant: u128,
    limits: &[Limit],
    entries: &[LedgerEntry],
) -> Result<(), StoreError> {
    let operations: Vec<_> = entries.iter().map(|entry| reference(tenant, entry)).collect();
    let mut batch = store.ledger().begin_batch().await?;
    let locked = batch.lock(limits).await?;
    batch.known(&operations).await?;
    batch.write(&writes(tenant, limits, &locked, entries)).await?;
    batch.commit().await
}

/// As `count`, on the tenant's own accounts that the entries name.
pub(crate) async fn land(store: &impl QuotaHarness, tenant: u128, entries: &[LedgerEntry]) -> Result<(), StoreError> {
    for entry in entries {
        let limit = limit_on(of_tenant(tenant, entry.account.clone()));
        count(store, tenant, &[limit], std::slice::from_ref(entry)).await?;
    }
    Ok(())
}

pub(crate) fn reference(tenant: u128, entry: &LedgerEntry) -> OperationRef {
    OperationRef {
        tenant: tenant_id(tenant),
        operation: entry.operation.clone(),
    }
}

/// What accounts hold, by looking.
pub(crate) async fn standing(store: &impl QuotaHarness, limits: &[Limit]) -> Vec<Held> {
    store.accounts().standing(limits).await.unwrap()
}

/// What accounts have counted, by looking.
pub(crate) async fn posted(store: &impl QuotaHarness, limits: &[Limit]) -> Vec<i64> {
    let held = standing(store, limits).await;
    held.into_iter().map(|held| held.posted).collect()
}

/// What accounts have counted, by locking them in a batch that is dropped.
pub(crate) async fn locked(store: &impl QuotaHarness, limits: &[Limit]) -> Vec<(i64, bool)> {
    let mut batch = store.ledger().begin_batch().await.unwrap();
    let locked = batch.lock(limits).await.unwrap();
    assert_eq!(locked.len(), limits.len());
    let state = |limit: &Limit| (locked[&limit.account].held.posted, locked[&limit.account].opened);
    limits.iter().map(state).collect()
}

pub(crate) async fn entries(store: &impl QuotaHarness, tenant: u128, filter: &EntryFilter) -> Vec<LedgerEntry> {
    let page = read(store, tenant)
        .await
        .usage()
        .list_entries(filter, next_page::<()>(200, None))
        .await;
    page.unwrap().items
}
