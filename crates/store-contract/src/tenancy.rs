//! What tenancy's ports promise.

pub mod branding;
pub mod directories;
pub mod domains;
pub mod joining;
pub mod memberships;
pub mod ownership;
pub mod roles;
pub mod security;
pub mod tenants;

use tenantry_kernel::{Event, TenantScope};
use tenantry_tenancy::branding::BrandDirectory;
use tenantry_tenancy::directory::{AccessDirectory, TenantDirectory, TenantProfiles};
use tenantry_tenancy::joining::{JoinDirectory, JoinRequestPurge};
use tenantry_tenancy::membership::Membership;
use tenantry_tenancy::store::{TenancyStore, TenancyUnit};
use tenantry_tenancy::testing;

/// How to reach tenancy's ports.
pub trait TenancyHarness: Sync {
    /// Opens units.
    fn tenancy(&self) -> &dyn TenancyStore;
    /// Looks up before a scope exists.
    fn access(&self) -> &dyn AccessDirectory;
    /// Lists across tenants.
    fn tenants(&self) -> &dyn TenantDirectory;
    /// Shows tenants to anybody.
    fn brands(&self) -> &dyn BrandDirectory;
    /// Looks up where people may come in.
    fn joins(&self) -> &dyn JoinDirectory;
    /// Removes requests that have run out.
    fn join_purge(&self) -> &dyn JoinRequestPurge;
    /// Shows tenants.
    fn profiles(&self) -> &dyn TenantProfiles;
}

/// The scope of tenant `number`, with permissions that no store asks for.
pub(crate) fn scope(number: u128) -> TenantScope {
    TenantScope::for_test(number, &[])
}

/// Begins a unit of tenant `number`.
pub(crate) async fn begin(store: &impl TenancyHarness, number: u128) -> Box<dyn TenancyUnit> {
    store.tenancy().begin(&scope(number)).await.unwrap()
}

/// Begins a reading unit of tenant `number`.
pub(crate) async fn read(store: &impl TenancyHarness, number: u128) -> Box<dyn TenancyUnit> {
    store.tenancy().read(&scope(number)).await.unwrap()
}

/// Founds tenants 1 (`acme`) and 2 (`globex`).
pub(crate) async fn found_two(store: &impl TenancyHarness) {
    for (number, slug) in [(1, "acme"), (2, "globex")] {
        let tenant = testing::tenant(number, slug);
        let mut unit = begin(store, number).await;
        unit.tenants().insert(&tenant).await.unwrap();
        unit.commit(vec![tenant.founded()]).await.unwrap();
    }
}

/// Adds members to a tenant.
pub(crate) async fn add_members(store: &impl TenancyHarness, tenant: u128, members: &[Membership]) {
    let mut unit = begin(store, tenant).await;
    for member in members {
        unit.memberships().insert(member).await.unwrap();
    }
    let events: Vec<Event> = members.iter().map(Membership::created).collect();
    unit.commit(events).await.unwrap();
}
