//! Caching decorators over ports: what a request needs to know on its way in, without a database round trip.
//!
//! Each decorator implements the port it wraps; the domain never knows. All of them share one
//! [`Revocations`]: a commit on this node moves its epochs at once, a commit elsewhere when the
//! [`Invalidator`] sees its notice, and when the feed has been silent for a second nothing is trusted
//! and every question goes to the database.
//! **Invariants:** a fact read before a commit is never answered after its notice; absence is never
//! cached; every cache is bounded; a hit takes no lock and makes no system call but the clock's.

mod access;
mod api_keys;
mod bounded;
mod decisions;
mod entitlements;
mod facts;
mod invalidator;
mod key_texts;
mod platform_keys;
mod profiles;
mod revocations;
mod service_accounts;
mod sessions;
mod support;
mod tokens;

pub use access::CachedAccess;
pub use api_keys::CachedApiKeys;
pub use decisions::{DECISION_TRUSTED_FOR, RecentDecisions};
pub use entitlements::CachedEntitlements;
pub use invalidator::{Invalidator, POLL_EVERY};
pub use key_texts::ReadKeys;
pub use platform_keys::CachedPlatformKeys;
pub use profiles::CachedProfiles;
pub use revocations::{Revocations, TRUSTED_FOR};
pub use service_accounts::CachedServiceAccounts;
pub use sessions::{CachedSessions, LIVENESS_TRUSTED_FOR};
pub use support::CachedSupport;
pub use tokens::VerifiedTokens;
