//! Jobs: work that a commit left behind, taken under a lease by whichever node is free.

use async_trait::async_trait;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Page, PageRequest, StoreError, SystemScope, TenantId, typed_id};

use crate::mail::OutgoingMail;

typed_id!(
    /// One piece of work.
    JobId
);

/// The kind of the jobs that send mail.
pub const MAIL: &str = "mail";

/// What a job is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A message to send.
    Mail(OutgoingMail),
    /// What another kind of job wrote for itself: JSON.
    Json(String),
    /// The stored payload cannot be read, for this reason; trying again will not help.
    Unreadable(String),
}

/// A piece of work that this node holds under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The id.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// For whom; `None` for the platform.
    pub tenant: Option<TenantId>,
    /// About what.
    pub payload: Payload,
    /// How many times it has been taken, this time included.
    pub attempts: u32,
    /// The fencing token of this lease: an answer under an older one is refused.
    pub lease_token: i64,
}

/// A piece of work that was given up, for operators to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadJob {
    /// The id.
    pub id: JobId,
    /// What was to be done.
    pub kind: String,
    /// For whom.
    pub tenant: Option<TenantId>,
    /// How many times it was tried.
    pub attempts: u32,
    /// What went wrong last.
    pub error: String,
    /// When it came to be.
    pub created_at: OffsetDateTime,
    /// When it was given up.
    pub died_at: OffsetDateTime,
}

/// The queue. Time is the database's, so that nodes with wrong clocks agree on leases.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Takes up to `limit` due jobs of these kinds for `lease`, oldest first. A job is due when its time
    /// has come and nobody holds it, or the lease on it has run out. Counts the attempt and renews the
    /// fencing token in the same statement, so that no two nodes take one job.
    async fn claim(&self, kinds: &[String], limit: u16, lease: Duration) -> Result<Vec<Job>, StoreError>;

    /// The job is done. `StoreError::Stale` when the lease was lost meanwhile; nothing changes then.
    async fn complete(&self, job: &Job) -> Result<(), StoreError>;

    /// The job is due again after `after`. `StoreError::Stale` when the lease was lost meanwhile.
    async fn retry(&self, job: &Job, error: &str, after: Duration) -> Result<(), StoreError>;

    /// The job is given up: dead, kept for operators, never taken again by itself.
    /// `StoreError::Stale` when the lease was lost meanwhile.
    async fn bury(&self, job: &Job, error: &str) -> Result<(), StoreError>;

    /// Jobs that were given up, newest death first.
    async fn dead(&self, scope: &SystemScope, page: PageRequest) -> Result<Page<DeadJob>, StoreError>;

    /// Makes a dead job due at once, with no attempts counted. False when there is no such dead job.
    async fn revive(&self, scope: &SystemScope, id: JobId) -> Result<bool, StoreError>;
}
