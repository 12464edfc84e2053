//! People and their credentials: users, passwords, sessions, one-time tokens, API keys.
//!
//! A *user* is one human across all tenants; what a tenant knows of them is tenancy's membership.
//! People's data is reached through a [`store::PersonUnit`], pinned to one user; a tenant's API keys
//! through a [`store::IdentityUnit`], pinned to one tenant.
//!
//! **Invariants:** a secret is stored as a keyed fingerprint and shown once; every secret we mint carries
//! the user's or tenant's id in its public part, so that a look-up is always pinned first; no password is
//! hashed between `begin` and `commit`. Nothing here knows JWT, Argon2 or a database.

pub mod api_key;
pub mod base62;
pub mod crc32;
pub mod device;
pub mod directory;
pub mod email;
pub mod factor;
pub mod fingerprint;
pub mod mint;
pub mod one_time_token;
pub mod passkey;
pub mod password;
pub mod pending;
pub mod permissions;
pub mod person;
pub mod person_text;
pub mod platform_key;
pub mod profile;
pub mod service_account;
pub mod session;
pub mod signing_key;
pub mod step_up;
pub mod store;
pub mod support;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod token;
pub mod user;
