//! Users: one human across all tenants, their back-off, and what a password must be.

mod hasher;
mod model;
mod repository;

pub use hasher::{ForeignHashes, HashFailed, PasswordHasher, UnusableHash, Verified};
pub use model::{BackOff, PasswordHash, PlatformRole, User, UserRecord, UserStatus};
pub use repository::{EMAIL_TAKEN, UserRepository};
#[cfg(any(test, feature = "testing"))]
pub use {hasher::MockPasswordHasher, repository::MockUserRepository};
