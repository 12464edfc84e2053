//! What happened, and what must still happen because of it.
//!
//! The audit log, the job queue with its dispatcher, the port to mail, the feed that empties caches,
//! and the receipts behind `Idempotency-Key`. All of them are written by a unit's `commit`, in the same
//! transaction as their cause; this crate reads them and works them off.
//! **Invariant:** a job happens at least once, and whoever does it must bear doing it twice.

pub mod audit;
pub mod dispatch;
pub mod feed;
pub mod job;
pub mod mail;
pub mod permissions;
pub mod receipt;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
