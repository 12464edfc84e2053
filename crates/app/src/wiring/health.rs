//! What probes and scrapers learn of a node.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tenantry_auth_jwt::jwt::JwtSigner;
use tenantry_http_actix::Health;
use tenantry_identity::token::TokenSigner;
use tenantry_kernel::async_trait;
use tenantry_store_seaorm::SeaOrmStore;

/// One node's health.
pub(super) struct NodeHealth {
    pub store: SeaOrmStore,
    pub signer: Arc<JwtSigner>,
    pub metrics: PrometheusHandle,
}

#[async_trait]
impl Health for NodeHealth {
    async fn ready(&self) -> Result<(), &'static str> {
        self.store.ping().await.map_err(|_| "database")
    }

    fn metrics(&self) -> String {
        self.metrics.render()
    }

    async fn jwks(&self) -> Result<String, &'static str> {
        Ok(self.signer.jwks())
    }
}
