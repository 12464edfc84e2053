//! Reading and changing a tenant's looks.

use std::sync::Arc;

use tenantry_kernel::retry::{MaybeContended, contended};
use tenantry_kernel::{Clock, Denied, DomainError, ErrorKind, StoreError, TenantScope};

use super::model::{Branding, Look};
use crate::permissions::{SETTINGS_MANAGE, TENANT_READ};
use crate::store::TenancyStore;

/// Why nothing happened to the looks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrandingError {
    /// They changed since the caller looked.
    #[error("the branding changed since it was read")]
    Stale,
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused or failed.
    #[error("could not read or store the branding")]
    Store(#[source] StoreError),
}

impl From<StoreError> for BrandingError {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

impl DomainError for BrandingError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Stale => ErrorKind::Stale,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Stale => "precondition_failed",
            Self::Denied(denied) => denied.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for BrandingError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(cause) if cause.is_contended())
    }
}

/// Reads and changes looks.
pub struct BrandingService {
    store: Arc<dyn TenancyStore>,
    clock: Arc<dyn Clock>,
}

/// How often a change is tried when others are in the way.
const TRIES: u8 = 3;

impl BrandingService {
    /// Works on this store.
    #[must_use]
    pub fn new(store: Arc<dyn TenancyStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The looks of the tenant; whoever sees the tenant sees them.
    ///
    /// # Errors
    /// [`BrandingError`]: denied.
    pub async fn show(&self, scope: &TenantScope) -> Result<Branding, BrandingError> {
        scope.require(&TENANT_READ)?;

        Ok(self.store.read(scope).await?.branding().find().await?)
    }

    /// Replaces the looks: what is absent is the product's again. `expected` is the version the caller saw, if it
    /// told one.
    ///
    /// # Errors
    /// [`BrandingError`]: denied, stale.
    pub async fn replace(
        &self,
        scope: &TenantScope,
        look: Look,
        expected: Option<i64>,
    ) -> Result<Branding, BrandingError> {
        scope.require(&SETTINGS_MANAGE)?;
        let now = self.clock.now(scope);

        contended(TRIES, || async {
            let mut unit = self.store.begin(scope).await?;
            let mut branding = unit.branding().find().await?;
            if expected.is_some_and(|expected| expected != branding.version()) {
                return Err(BrandingError::Stale);
            }
            let Some(event) = branding.redesign(scope.tenant_id(), look.clone(), now) else {
                return Ok(branding);
            };
            // Somebody else wrote first: without a version of the caller's own it is read again.
            unit.branding().put(&branding).await.map_err(|cause| match cause {
                StoreError::Stale if expected.is_none() => BrandingError::Store(StoreError::Contended),
                StoreError::Stale => BrandingError::Stale,
                other => BrandingError::Store(other),
            })?;
            unit.commit(vec![event]).await?;
            Ok(branding.saved())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::testing::FixedClock;

    use super::*;
    use crate::branding::Color;
    use crate::testing::{FakeTenancy, NOW};

    fn service(fakes: FakeTenancy) -> (BrandingService, crate::testing::Outcome) {
        let (store, outcome) = fakes.into_store();
        (BrandingService::new(store, Arc::new(FixedClock::at(NOW))), outcome)
    }

    fn blue() -> Look {
        Look {
            primary_color: Some(Color::try_from("#0000ff").unwrap()),
            ..Look::default()
        }
    }

    #[tokio::test]
    async fn who_may_not_change_settings_never_reaches_the_store() {
        let (service, outcome) = service(FakeTenancy::default());
        let scope = TenantScope::for_test(1, &[TENANT_READ]);

        let refused = service.replace(&scope, blue(), None).await.unwrap_err();

        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Denied, "permission_denied")
        );
        assert_eq!(outcome.commits().len(), 0);
    }

    #[tokio::test]
    async fn the_same_looks_change_nothing_and_leave_no_entry() {
        let mut fakes = FakeTenancy::default();
        fakes
            .branding
            .expect_find()
            .returning(|| Ok(Branding::restore(blue(), NOW, 3)));
        let (service, outcome) = service(fakes);
        let scope = TenantScope::for_test(1, &[SETTINGS_MANAGE]);

        let kept = service.replace(&scope, blue(), Some(3)).await.unwrap();

        assert_eq!((kept.version(), outcome.commits().len()), (3, 0));
    }

    #[tokio::test]
    async fn a_version_that_was_told_must_be_the_stored_one() {
        let mut fakes = FakeTenancy::default();
        fakes
            .branding
            .expect_find()
            .returning(|| Ok(Branding::restore(Look::default(), NOW, 3)));
        let (service, outcome) = service(fakes);
        let scope = TenantScope::for_test(1, &[SETTINGS_MANAGE]);

        let stale = service.replace(&scope, blue(), Some(2)).await.unwrap_err();

        assert_eq!((stale.kind(), stale.code()), (ErrorKind::Stale, "precondition_failed"));
        assert_eq!(outcome.commits().len(), 0);
    }

    #[tokio::test]
    async fn a_race_is_run_again_where_no_version_was_told() {
        let mut fakes = FakeTenancy::default();
        fakes.branding.expect_find().returning(|| Ok(Branding::default()));
        let mut lost = true;
        fakes.branding.expect_put().returning(move |_| {
            if std::mem::take(&mut lost) {
                Err(StoreError::Stale)
            } else {
                Ok(())
            }
        });
        let (service, outcome) = service(fakes);
        let scope = TenantScope::for_test(1, &[SETTINGS_MANAGE]);

        let changed = service.replace(&scope, blue(), None).await.unwrap();

        assert_eq!((changed.version(), outcome.actions()), (1, vec!["branding.updated"]));
    }
}
