//! The audit log: who did what to which thing, from where, and what it was before.

pub mod model;
pub mod repository;
pub mod service;

pub use model::{Actor, AuditEntry, AuditEntryId, AuditFilter, OwnAct, RecordedChange, ResourceFilter};
pub use repository::{AuditPurge, AuditRepository, AuditRetention, OwnActs};
pub use service::{AuditError, AuditService};
