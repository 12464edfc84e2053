//! What may be done with a tenant's own profile, and whether a slug is free.

use std::sync::Arc;

use tenantry_kernel::retry::{MaybeContended, contended};
use tenantry_kernel::{Clock, Denied, DomainError, ErrorKind, StoreError, TenantScope};

use crate::directory::{AccessDirectory, TenantProfiles};
use crate::permissions::{TENANT_READ, TENANT_UPDATE};
use crate::store::TenancyStore;
use crate::tenant::{InvalidSlug, ProfileChange, ReservedSlugs, SLUG_TAKEN, Slug, Tenant, WrongTenantState};

/// Why something about a tenant was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TenantError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NotFound,
    /// The slug belongs to another tenant.
    #[error("the slug is taken")]
    SlugTaken,
    /// The tenant is in that state already.
    #[error(transparent)]
    State(#[from] WrongTenantState),
    /// The tenant changed since the caller looked.
    #[error("the tenant changed since it was read")]
    Stale,
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused or failed.
    #[error("could not read or store the tenant")]
    Store(#[source] StoreError),
}

impl From<StoreError> for TenantError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(SLUG_TAKEN) => Self::SlugTaken,
            StoreError::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

impl DomainError for TenantError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::SlugTaken | Self::State(_) => ErrorKind::Conflict,
            Self::Stale => ErrorKind::Stale,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::SlugTaken => SLUG_TAKEN,
            Self::State(WrongTenantState(crate::tenant::TenantState::Active)) => "tenant_already_active",
            Self::State(WrongTenantState(crate::tenant::TenantState::Suspended)) => "tenant_already_suspended",
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

impl MaybeContended for TenantError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(cause) if cause.is_contended())
    }
}

/// Whether a slug may be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlugAvailability {
    /// True when it may.
    pub available: bool,
    /// Why not.
    pub reason: Option<Unavailable>,
    /// Free slugs like it, three at most; none when it is available.
    pub suggestions: Vec<Slug>,
}

/// Why a slug may not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// It is no slug.
    Invalid(InvalidSlug),
    /// It is kept back.
    Reserved,
    /// It is another tenant's.
    Taken,
}

impl Unavailable {
    /// The name in `snake_case`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Reserved => "reserved",
            Self::Taken => "taken",
        }
    }
}

/// How many free slugs are suggested.
const SUGGESTIONS: usize = 3;
/// How many candidates are looked up for that: a public route must not cost a hundred look-ups.
const CANDIDATES: usize = 8;

/// Reads and changes the tenant's profile; tells which slugs are free.
pub struct TenantService {
    store: Arc<dyn TenancyStore>,
    directory: Arc<dyn AccessDirectory>,
    clock: Arc<dyn Clock>,
    reserved: Arc<ReservedSlugs>,
    profiles: Option<Arc<dyn TenantProfiles>>,
}

impl TenantService {
    /// Works on this store and directory.
    #[must_use]
    pub fn new(
        store: Arc<dyn TenancyStore>,
        directory: Arc<dyn AccessDirectory>,
        clock: Arc<dyn Clock>,
        reserved: Arc<ReservedSlugs>,
    ) -> Self {
        Self {
            store,
            directory,
            clock,
            reserved,
            profiles: None,
        }
    }

    /// Shows tenants from here instead of reading each from the store.
    #[must_use]
    pub fn showing(mut self, profiles: Arc<dyn TenantProfiles>) -> Self {
        self.profiles = Some(profiles);
        self
    }

    /// The tenant itself.
    ///
    /// # Errors
    /// [`TenantError`]: not found, denied.
    pub async fn show(&self, scope: &TenantScope) -> Result<Arc<Tenant>, TenantError> {
        scope.require(&TENANT_READ)?;

        let found = match &self.profiles {
            Some(profiles) => profiles.profile(scope).await?,
            None => self.store.read(scope).await?.tenants().find().await?.map(Arc::new),
        };
        found.ok_or(TenantError::NotFound)
    }

    /// Changes the profile. `expected` is the version the caller saw, if it told one.
    ///
    /// # Errors
    /// [`TenantError`]: not found, stale, denied.
    pub async fn update(
        &self,
        scope: &TenantScope,
        change: ProfileChange,
        expected: Option<i64>,
    ) -> Result<Tenant, TenantError> {
        scope.require(&TENANT_UPDATE)?;
        let now = self.clock.now(scope);

        contended(3, || async {
            let mut unit = self.store.begin(scope).await?;
            let mut tenant = unit.tenants().find().await?.ok_or(TenantError::NotFound)?;
            if expected.is_some_and(|expected| expected != tenant.version()) {
                return Err(TenantError::Stale);
            }
            let Some(event) = tenant.revise(change.clone(), now) else {
                return Ok(tenant);
            };
            unit.tenants().update(&tenant).await?;
            unit.commit(vec![event]).await?;
            Ok(tenant.saved())
        })
        .await
    }

    /// Tells whether a slug may be had, and which like it may. Public: it says no more than trying would.
    ///
    /// # Errors
    /// [`TenantError::Store`].
    pub async fn availability(&self, text: &str) -> Result<SlugAvailability, TenantError> {
        let (wish, reason) = match Slug::try_from(text) {
            Ok(slug) if self.reserved.contains(&slug) => (slug, Some(Unavailable::Reserved)),
            Ok(slug) => {
                let taken = self.directory.tenant_by_slug(slug.as_str()).await?.is_some();
                (slug, taken.then_some(Unavailable::Taken))
            }
            Err(why) => (Slug::derive(text), Some(Unavailable::Invalid(why))),
        };
        let suggestions = if reason.is_some() {
            self.free_like(&wish, reason).await?
        } else {
            Vec::new()
        };
        Ok(SlugAvailability {
            available: reason.is_none(),
            reason,
            suggestions,
        })
    }

    async fn free_like(&self, wish: &Slug, reason: Option<Unavailable>) -> Result<Vec<Slug>, TenantError> {
        // What an invalid text was folded into may itself be free.
        let itself = matches!(reason, Some(Unavailable::Invalid(_))).then(|| wish.clone());
        let mut free = Vec::new();
        for candidate in itself.into_iter().chain(wish.suggestions()).take(CANDIDATES) {
            if free.len() == SUGGESTIONS {
                break;
            }
            let usable = !self.reserved.contains(&candidate)
                && self.directory.tenant_by_slug(candidate.as_str()).await?.is_none();
            if usable {
                free.push(candidate);
            }
        }
        Ok(free)
    }
}

#[cfg(test)]
mod tests;
