//! Making a catalog the installation's own.
//!
//! Tenants live on what a catalog promised them. So another catalog than the one they signed up under is never
//! taken into use by the way: the program refuses to start with it until an operator applies it.

use tenantry_kernel::{Denied, DomainError, ErrorKind, StoreError, SystemScope};

use super::archive::{ArchivedPlan, CatalogState, PlanArchive};
use crate::roles::PLATFORM_MANAGE;

/// How often a lost race is run again before giving up.
const ATTEMPTS: u8 = 3;

/// Why a catalog was not taken into use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The data belongs to another catalog, or to another edition of it.
    #[error(
        "this installation runs the catalog {} (edition {}), and is configured with {} (edition {}); \
         `tenantry catalog apply` makes the change: new subscribers get the new plans, others keep theirs",
        running.name, running.hash, configured.name, configured.hash
    )]
    AnotherCatalog {
        /// The catalog that the data belongs to.
        running: CatalogState,
        /// The catalog in the configuration.
        configured: CatalogState,
    },
    /// Other nodes kept publishing.
    #[error("other nodes are publishing catalogs at the same time")]
    Contended,
    /// Not for this principal.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The archive failed.
    #[error("could not reach the archive of plans")]
    Store(#[from] StoreError),
}

impl DomainError for ApplyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::AnotherCatalog { .. } => ErrorKind::Conflict,
            Self::Contended => ErrorKind::Unavailable,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AnotherCatalog { .. } => "another_catalog",
            Self::Contended => "unavailable",
            Self::Denied(denied) => denied.code(),
            Self::Store(cause) => cause.code(),
        }
    }
}

/// What applying a catalog changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The catalog before; `None` on the first start.
    pub before: Option<CatalogState>,
    /// Editions that were not published before.
    pub published: Vec<ArchivedPlan>,
}

/// Takes the configured catalog into use when the program starts, and answers with every edition ever published.
///
/// On an empty installation it is published; on any other it must be the one in use.
///
/// # Errors
/// [`ApplyError::AnotherCatalog`] when the data belongs to another one.
pub async fn open(
    archive: &dyn PlanArchive,
    scope: &SystemScope,
    configured: &CatalogState,
    plans: &[ArchivedPlan],
) -> Result<Vec<ArchivedPlan>, ApplyError> {
    scope.require(&PLATFORM_MANAGE)?;
    for _ in 0..ATTEMPTS {
        match archive.state(scope).await? {
            Some(running) if running == *configured => return Ok(archive.load_all(scope).await?),
            Some(running) => {
                let configured = configured.clone();
                return Err(ApplyError::AnotherCatalog { running, configured });
            }
            // Another node may be first; then its catalog decides.
            None if archive.publish(scope, None, configured, plans).await? => {
                return Ok(archive.load_all(scope).await?);
            }
            None => {}
        }
    }
    Err(ApplyError::Contended)
}

/// Makes another catalog the installation's. Subscribers keep the editions that they bought.
///
/// Applying the catalog in use changes nothing.
///
/// # Errors
/// [`ApplyError`].
pub async fn apply(
    archive: &dyn PlanArchive,
    scope: &SystemScope,
    next: &CatalogState,
    plans: &[ArchivedPlan],
) -> Result<Applied, ApplyError> {
    scope.require(&PLATFORM_MANAGE)?;
    for _ in 0..ATTEMPTS {
        let before = archive.state(scope).await?;
        let known = archive.load_all(scope).await?;
        if archive.publish(scope, before.as_ref(), next, plans).await? {
            let is_new = |plan: &&ArchivedPlan| {
                known
                    .iter()
                    .all(|old| old.code != plan.code || old.version != plan.version)
            };
            let published = plans.iter().filter(is_new).cloned().collect();
            return Ok(Applied { before, published });
        }
    }
    Err(ApplyError::Contended)
}

#[cfg(test)]
mod tests;
