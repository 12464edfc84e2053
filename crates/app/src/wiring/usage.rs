//! What counts usage, and what it stands on.

use std::sync::Arc;

use tenantry_cache::CachedEntitlements;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::retention::PlanRetention;
use tenantry_quota_engine::{EngineOptions, GroupCommitCounter, LeasedRequests};
use tenantry_quotas::leased::LeasedCounter;
use tenantry_quotas::rate::RateLimiter;
use tenantry_quotas::usage::UsagePorts;
use tenantry_store_seaorm::SeaOrmStore;

use super::Sources;

/// The engine of this node. It must be stopped in order: what it holds of slices is given back, and what waits is
/// counted.
#[derive(Clone)]
pub(super) struct Counting {
    counter: Arc<GroupCommitCounter>,
    leased: Arc<LeasedRequests>,
}

impl Counting {
    /// Starts the engine on the current runtime.
    pub(super) fn start(
        store: &Arc<SeaOrmStore>,
        entitlements: &Arc<CachedEntitlements>,
        catalog: &Catalog,
        sources: &Sources,
    ) -> Self {
        let counter = Arc::new(GroupCommitCounter::start(
            store.clone(),
            sources.ids.clone(),
            Arc::new(catalog.meters().clone()),
            EngineOptions::default(),
        ));
        let leased = LeasedRequests::new(counter.clone(), entitlements.clone(), sources.ids.clone());
        Self {
            counter,
            leased: Arc::new(leased),
        }
    }

    /// What the usage services need.
    pub(super) fn ports(
        &self,
        store: &Arc<SeaOrmStore>,
        entitlements: &Arc<CachedEntitlements>,
        catalog: &Arc<Catalog>,
        rates: &Arc<dyn RateLimiter>,
        sources: &Sources,
    ) -> UsagePorts {
        UsagePorts {
            store: store.clone(),
            tenants: store.clone(),
            accounts: store.clone(),
            entitlements: entitlements.clone(),
            counter: self.counter.clone(),
            leased: self.leased.clone(),
            rates: rates.clone(),
            meters: Arc::new(catalog.meters().clone()),
            ladder: catalog.clone(),
            retention: Arc::new(PlanRetention::new(
                catalog.clone(),
                store.clone(),
                sources.clock.clone(),
            )),
            clock: sources.clock.clone(),
            ids: sources.ids.clone(),
        }
    }

    /// Gives back what nobody used for a while.
    pub(super) async fn sweep(&self) {
        self.leased.sweep().await;
    }

    /// Gives back what is held unused, counts what waits, and stops.
    pub(super) async fn shut_down(&self) {
        self.leased.give_back().await;
        self.counter.shut_down().await;
    }
}
