//! Tenantry inside another program: one handle to the whole, for an actix app of somebody else's.
//!
//! [`Tenantry::builder`] opens an installation in this process; [`Tenantry::api`] mounts its API beside the program's
//! own routes; [`Tenantry::protect`] guards those. A worked example is in docs/embedding.md. Who needs a domain without
//! database and HTTP takes its crate alone.

mod builder;
mod protection;

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpRequest;
use actix_web::web::{Data, ServiceConfig};
use tenantry_http_actix::{Api, ApiError, Services};
use tenantry_kernel::{TenantId, TenantScope};
use tenantry_lifecycle::catalog::Catalog;
use tenantry_quotas::counter::Line;
use tenantry_quotas::usage::{Consume, UsageError};
use tenantry_store_seaorm::SeaOrmStore;
use tenantry_tenancy::gate::EnterError;
use tokio::task::JoinSet;

pub use builder::{Builder, OpenError};
pub use protection::{Protected, Protection};

/// The crates whose types show in this module, so that one dependency is enough.
pub use {
    tenantry_http_actix as http, tenantry_kernel as kernel, tenantry_migrations as migrations,
    tenantry_quotas as quotas, tenantry_store_seaorm as store,
};

use crate::commands::serve;
use crate::wiring::Installation;
use crate::workers;

/// How a request of the program's own names a tenant, beside host and header.
type Resolver = Arc<dyn Fn(&HttpRequest) -> Option<String> + Send + Sync>;

/// An installation in this process. Cheap to clone; every clone is the same installation.
#[derive(Clone)]
pub struct Tenantry {
    inner: Arc<Inner>,
}

struct Inner {
    installation: Arc<Installation>,
    api: Arc<Api>,
    surface: serve::Surface,
    resolver: Resolver,
    tasks: Mutex<JoinSet<()>>,
}

impl Tenantry {
    /// Begins with the defaults of the program: SQLite in `./tenantry-data`, the catalog `default`.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn over(installation: Arc<Installation>, surface: serve::Surface, resolver: Resolver) -> Self {
        let mut tasks = JoinSet::new();
        // Caches are believed only while somebody listens to what other nodes commit.
        workers::serving(&mut tasks, &installation);
        let metrics = serve::metrics();
        workers::measuring(&mut tasks, metrics.clone());
        Self {
            inner: Arc::new(Inner {
                api: installation.api(metrics),
                surface,
                installation,
                resolver,
                tasks: Mutex::new(tasks),
            }),
        }
    }

    /// Every use case. Each takes a scope and checks what its principal may do.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.inner.installation.services
    }

    /// What is sold.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.inner.installation.catalog
    }

    /// The database, for entities of the program's own: see [`store::TenantOwned`].
    #[must_use]
    pub fn store(&self) -> &SeaOrmStore {
        &self.inner.installation.store
    }

    /// The whole API, and this handle as `web::Data<Tenantry>`, for `App::configure`. It answers whatever no route
    /// of the program takes.
    pub fn api(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let this = self.clone();
        move |app| {
            let surface = this.inner.surface.clone();
            let mount = tenantry_http_actix::service(&this.inner.api, move |app| surface.register(app));
            app.app_data(Data::new(this));
            mount(app);
        }
    }

    /// Does the background work in this process too: mails, renewals, clean-up. One node of an installation must;
    /// any number may.
    pub fn spawn_workers(&self) {
        let mut tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        workers::working(&mut tasks, &self.inner.installation);
    }

    /// Stops the background work, writes down what is only remembered, and lets go of the database. Call it when the
    /// server has stopped.
    pub async fn shut_down(&self) {
        self.inner.api.drain();
        let mut tasks = {
            let mut shared = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *shared)
        };
        tasks.shutdown().await;
        self.inner.installation.close().await;
    }

    /// The first declaration, *needs a tenant*: the scope of the caller in the tenant that the credential, the host,
    /// `X-Tenant-ID` and the path agree on. Counts one call, as a route of the API does.
    ///
    /// # Errors
    /// 401, 404 for an unknown or foreign tenant, 400 `tenant_mismatch`, 423 for a suspended one, 429.
    pub async fn enter(&self, request: &HttpRequest) -> Result<TenantScope, ApiError> {
        let named = (self.inner.resolver)(request);
        self.inner.api.admit(request, named).await
    }

    /// A scope for work that nobody asked for: `job` is what the audit log calls it.
    ///
    /// # Errors
    /// [`EnterError`] when there is no such tenant.
    pub async fn enter_as_system(&self, tenant: TenantId, job: &'static str) -> Result<TenantScope, EnterError> {
        self.inner.installation.enter_as_system(tenant, job).await
    }

    /// The second declaration, *needs feature X*.
    ///
    /// # Errors
    /// 402 `feature_not_in_plan`, naming the plan that has it; 500 for a feature that the catalog does not know.
    pub async fn require_feature(&self, scope: &TenantScope, feature: &str) -> Result<(), ApiError> {
        let known = self.catalog().find_feature(feature);
        let code = known.ok_or_else(|| ApiError::internal(format!("the catalog has no feature {feature}")))?;
        Ok(self.services().entitlements.require_feature(scope, code).await?)
    }

    /// The third declaration, *consumes meter Y*: checks and counts in one step, exactly, under the caller's name. It is
    /// the program that counts, so that the caller needs no permission for it.
    ///
    /// # Errors
    /// 429 `quota_exceeded`, naming the meter and the plan that lifts it; 500 for what the catalog does not let a program
    /// count.
    pub async fn consume(&self, scope: &TenantScope, meter: &str, amount: i64) -> Result<Line, ApiError> {
        let scope = self.inner.installation.counting_for(scope);
        let request = Consume::one(meter.to_owned(), amount, None);
        let counted = self.services().usage.consume(&scope, request).await;
        let counted = counted.map_err(|cause| match cause {
            // The caller cannot help it that the program asks for the impossible.
            UsageError::UnknownMeter(_) | UsageError::NotReportable(_) | UsageError::Invalid(_) => {
                ApiError::internal(format!("{amount} of {meter} cannot be counted: {cause}"))
            }
            other => ApiError::from(other),
        })?;
        let line = counted.lines.into_iter().next();
        line.ok_or_else(|| ApiError::internal("nothing was counted"))
    }

    /// All declarations of a route, to be written where the route is: `.wrap(tenantry.protect().feature(..))`.
    pub fn protect(&self) -> Protection {
        Protection::of(self.clone())
    }
}

#[cfg(test)]
mod tests;
