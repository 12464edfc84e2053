//! Keeps every promise of `tenantry-store-contract` on every database, and the promises that only
//! this store makes: row security, migrations, entities that fit the schema.

mod activity;
mod row_security;
mod schema;
mod tenancy;

use std::sync::Arc;

use tenantry_activity::feed::{CommitListener, InvalidationFeed};
use tenantry_activity::job::JobQueue;
use tenantry_activity::receipt::ReceiptStore;
use tenantry_activity::store::ActivityStore;
use tenantry_store_contract::activity::ActivityHarness;
use tenantry_store_contract::tenancy::TenancyHarness;
use tenantry_store_seaorm::SeaOrmStore;
use tenantry_tenancy::directory::{AccessDirectory, TenantDirectory};
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
}

impl ActivityHarness for Subject {
    fn activity(&self) -> &dyn ActivityStore {
        self.store()
    }
    fn jobs(&self) -> &dyn JobQueue {
        self.store()
    }
    fn feed(&self) -> &dyn InvalidationFeed {
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
