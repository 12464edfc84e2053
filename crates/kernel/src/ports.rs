//! What every domain needs from outside: time, identifiers, randomness.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::scope::TenantScope;

/// The time. Never read the wall clock: a sandbox tenant has a time of its own.
pub trait Clock: Send + Sync {
    /// Now, for this tenant, in UTC, in whole microseconds.
    fn now(&self, scope: &TenantScope) -> OffsetDateTime;

    /// Now, for work that belongs to no tenant, in UTC, in whole microseconds.
    fn system_now(&self) -> OffsetDateTime;
}

/// Where identifiers come from.
pub trait IdSource: Send + Sync {
    /// A fresh UUIDv7 (RFC 9562, section 5.7): unique, and later ones sort after earlier ones.
    fn next(&self) -> Uuid;
}

/// Where secrets come from.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with cryptographically strong random bytes.
    fn fill(&self, buffer: &mut [u8]);
}
