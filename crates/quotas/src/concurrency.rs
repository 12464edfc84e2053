//! Calls at work at once: places that are taken when a call begins and given back when it has ended.
//!
//! Counted on one node and in memory: a node that dies takes its calls with it, so nothing is left to clean up.

use std::num::NonZeroU32;

use tenantry_kernel::TenantId;
use tenantry_kernel::id::ApiKeyId;

/// Whose calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlaceSubject {
    /// All calls of a tenant; those of test keys apart.
    Tenant(TenantId, bool),
    /// The calls of one API key.
    ApiKey(ApiKeyId),
}

/// How many calls of a subject may be at work at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceLimit {
    /// Its name, as headers and problem documents tell it.
    pub policy: &'static str,
    /// Whose calls.
    pub subject: PlaceSubject,
    /// How many.
    pub places: NonZeroU32,
}

/// The places of one call. They are free again when this is dropped.
#[must_use = "dropping it says that the call has ended"]
pub struct Place(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Place {
    /// Places that `release` gives back.
    pub fn new(release: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(release)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            release();
        }
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Place")
    }
}

/// Places that were taken, and how many are left of each limit, in the order they were asked for.
#[derive(Debug)]
pub struct Taken {
    /// The places.
    pub place: Place,
    /// How many more calls of each could begin now.
    pub left: Vec<u32>,
}

/// All places of a limit are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full(pub PlaceLimit);

/// Gives out places.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Places: Send + Sync {
    /// Takes a place of each limit, or none.
    ///
    /// # Errors
    /// [`Full`] names the first limit that has no place left.
    fn take(&self, limits: &[PlaceLimit]) -> Result<Taken, Full>;
}

/// Gives a place to everybody.
#[derive(Clone, Copy, Debug)]
pub struct NoPlaceLimits;

impl Places for NoPlaceLimits {
    fn take(&self, limits: &[PlaceLimit]) -> Result<Taken, Full> {
        Ok(Taken {
            place: Place(None),
            left: limits.iter().map(|limit| limit.places.get()).collect(),
        })
    }
}
