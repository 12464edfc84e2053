//! Keeps every promise of `tenantry-store-contract` on every database, and the promises that only
//! this store makes: row security, migrations, entities that fit the schema.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like tests; the lint knows only functions marked as such"
)]

mod activity;
mod billing;
mod connections;
mod identity;
mod lifecycle;
mod platform_security;
mod quota_security;
mod quotas;
mod row_security;
mod schema;
mod tenancy;

use std::sync::Arc;

use tenantry_activity::audit::{AuditPurge, OwnActs};
use tenantry_activity::feed::{CommitListener, InvalidationFeed};
use tenantry_activity::job::JobQueue;
use tenantry_activity::receipt::ReceiptStore;
use tenantry_activity::store::ActivityStore;
use tenantry_billing::directory::{DueSubscriptions, OverdueInvoices, PendingPayments};
use tenantry_billing::store::BillingStore;
use tenantry_identity::directory::{ApiKeyDirectory, PlatformKeyDirectory, SessionDirectory};
use tenantry_identity::platform_key::PlatformKeyStore;
use tenantry_identity::service_account::ServiceAccountDirectory;
use tenantry_identity::signing_key::SigningKeyStore;
use tenantry_identity::store::IdentityStore;
use tenantry_identity::support::SupportDirectory;
use tenantry_kernel::BudgetKeeper;
use tenantry_lifecycle::catalog::PlanArchive;
use tenantry_lifecycle::operators::OperatorDirectory;
use tenantry_lifecycle::store::LifecycleStore;
use tenantry_quotas::alert::AlertDirectory;
use tenantry_quotas::audit::Bookkeeper;
use tenantry_quotas::closing::LedgerMarks;
use tenantry_quotas::directory::EntitlementSource;
use tenantry_quotas::engine::{AccountReader, LedgerStore};
use tenantry_quotas::insight::UsageDirectory;
use tenantry_quotas::reservation::ExpiredReservations;
use tenantry_quotas::store::QuotaStore;
use tenantry_store_contract::activity::ActivityHarness;
use tenantry_store_contract::billing::BillingHarness;
use tenantry_store_contract::identity::IdentityHarness;
use tenantry_store_contract::lifecycle::LifecycleHarness;
use tenantry_store_contract::quotas::QuotaHarness;
use tenantry_store_contract::tenancy::TenancyHarness;
use tenantry_store_seaorm::SeaOrmStore;
use tenantry_tenancy::branding::BrandDirectory;
use tenantry_tenancy::directory::{AccessDirectory, TenantDirectory, TenantProfiles};
use tenantry_tenancy::joining::{JoinDirectory, JoinRequestPurge};
use tenantry_tenancy::store::TenancyStore;
use tenantry_test_support::{Engine, TestStore};

/// The store under test.
struct Subject(TestStore);

impl Subject {
    const fn store(&self) -> &SeaOrmStore {
        &self.0.store
    }
}

impl TenancyHarness for Subject {
    fn tenancy(&self) -> &dyn TenancyStore {
        self.store()
    }
    fn access(&self) -> &dyn AccessDirectory {
        self.store()
    }
    fn tenants(&self) -> &dyn TenantDirectory {
        self.store()
    }
    fn brands(&self) -> &dyn BrandDirectory {
        self.store()
    }
    fn joins(&self) -> &dyn JoinDirectory {
        self.store()
    }
    fn join_purge(&self) -> &dyn JoinRequestPurge {
        self.store()
    }
    fn profiles(&self) -> &dyn TenantProfiles {
        self.store()
    }
}

impl ActivityHarness for Subject {
    fn activity(&self) -> &dyn ActivityStore {
        self.store()
    }
    fn audit_purge(&self) -> &dyn AuditPurge {
        self.store()
    }
    fn own_acts(&self) -> &dyn OwnActs {
        self.store()
    }
    fn jobs(&self) -> &dyn JobQueue {
        self.store()
    }
    fn feed(&self) -> &dyn InvalidationFeed {
        self.store()
    }
    fn budgets(&self) -> &dyn BudgetKeeper {
        self.store()
    }
    fn receipts(&self) -> &dyn ReceiptStore {
        self.store()
    }
    fn listen(&self, listener: Arc<dyn CommitListener>) {
        self.store().on_commit(listener);
    }
    fn has_concurrent_writers(&self) -> bool {
        self.0.database().engine() == Engine::Postgres
    }
}

impl BillingHarness for Subject {
    fn billing(&self) -> &dyn BillingStore {
        self.store()
    }
    fn due(&self) -> &dyn DueSubscriptions {
        self.store()
    }
    fn pending(&self) -> &dyn PendingPayments {
        self.store()
    }
    fn overdue(&self) -> &dyn OverdueInvoices {
        self.store()
    }
}

impl QuotaHarness for Subject {
    fn quotas(&self) -> &dyn QuotaStore {
        self.store()
    }
    fn entitlements(&self) -> &dyn EntitlementSource {
        self.store()
    }
    fn ledger(&self) -> &dyn LedgerStore {
        self.store()
    }
    fn accounts(&self) -> &dyn AccountReader {
        self.store()
    }
    fn marks(&self) -> &dyn LedgerMarks {
        self.store()
    }
    fn expired(&self) -> &dyn ExpiredReservations {
        self.store()
    }
    fn alerted(&self) -> &dyn AlertDirectory {
        self.store()
    }
    fn usage_directory(&self) -> &dyn UsageDirectory {
        self.store()
    }
    fn bookkeeper(&self) -> &dyn Bookkeeper {
        self.store()
    }
}

impl IdentityHarness for Subject {
    fn identity(&self) -> &dyn IdentityStore {
        self.store()
    }
    fn api_key_directory(&self) -> &dyn ApiKeyDirectory {
        self.store()
    }
    fn platform_key_store(&self) -> &dyn PlatformKeyStore {
        self.store()
    }
    fn platform_key_directory(&self) -> &dyn PlatformKeyDirectory {
        self.store()
    }
    fn session_directory(&self) -> &dyn SessionDirectory {
        self.store()
    }
    fn service_account_directory(&self) -> &dyn ServiceAccountDirectory {
        self.store()
    }
    fn support_directory(&self) -> &dyn SupportDirectory {
        self.store()
    }
    fn signing_keys(&self) -> &dyn SigningKeyStore {
        self.store()
    }
}

impl LifecycleHarness for Subject {
    fn lifecycle(&self) -> &dyn LifecycleStore {
        self.store()
    }
    fn archive(&self) -> &dyn PlanArchive {
        self.store()
    }
    fn operators(&self) -> &dyn OperatorDirectory {
        self.store()
    }
}

/// Keeps one promise on every database.
async fn keeps(promise: impl AsyncFn(&Subject)) {
    for engine in Engine::ALL {
        let Some(store) = TestStore::on(engine).await else {
            continue;
        };
        // Shown with the failure, if there is one.
        eprintln!("on {engine}");
        let subject = Subject(store);
        promise(&subject).await;
        subject.0.close().await;
    }
}
