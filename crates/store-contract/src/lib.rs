//! The promises of the storage ports, each as one function over a store that is freshly migrated.
//!
//! A store's own tests run every function here on every database they know (see `tests/contract` of
//! `tenantry-store-seaorm`). Each promise is kept as two tenants: what one does, the other never sees.
//! A domain adds a module, with a trait that tells how to reach its ports.
//!
//! **Invariant:** nothing here knows a database.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "promises are tests: they panic when they are broken"
)]

pub mod activity;
pub mod billing;
pub mod identity;
pub mod lifecycle;
pub mod quotas;
pub mod tenancy;

use tenantry_kernel::{Page, PageRequest, StoreError};

/// A page of `limit` rows after the last of `before`.
pub(crate) fn next_page<T>(limit: u16, before: Option<&Page<T>>) -> PageRequest {
    PageRequest::new(limit, before.and_then(|page| page.next)).unwrap()
}

/// The rule that refused.
pub(crate) fn refused_by<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> &'static str {
    match outcome {
        Err(StoreError::Conflict(rule)) => rule,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

/// True when the row had changed meanwhile.
pub(crate) fn is_stale<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Stale))
}
