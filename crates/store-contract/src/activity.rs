//! What every commit leaves behind, and what activity's ports promise about it.

pub mod audit;
pub mod commits;
pub mod feed;
pub mod jobs;
pub mod receipts;

use tenantry_activity::audit::{AuditEntry, AuditFilter};
use tenantry_activity::feed::{CommitListener, InvalidationFeed};
use tenantry_activity::job::JobQueue;
use tenantry_activity::receipt::ReceiptStore;
use tenantry_activity::store::ActivityStore;
use tenantry_kernel::{EmailAddress, Event, Mail, PageRequest, Secret, TenantScope};

use crate::tenancy::TenancyHarness;

/// How to reach activity's ports.
pub trait ActivityHarness: TenancyHarness {
    /// Reads the audit log.
    fn activity(&self) -> &dyn ActivityStore;
    /// Takes jobs.
    fn jobs(&self) -> &dyn JobQueue;
    /// Follows commits.
    fn feed(&self) -> &dyn InvalidationFeed;
    /// Finds receipts.
    fn receipts(&self) -> &dyn ReceiptStore;
    /// Tells this listener of every commit from now on.
    fn listen(&self, listener: std::sync::Arc<dyn CommitListener>);
    /// True when two units may write at the same time.
    fn has_concurrent_writers(&self) -> bool;
}

/// Commits these events, and nothing else, in a unit of `scope`.
pub(crate) async fn commit(store: &impl ActivityHarness, scope: &TenantScope, events: Vec<Event>) {
    let unit = store.tenancy().begin(scope).await.unwrap();
    unit.commit(events).await.unwrap();
}

/// All entries of a tenant that match, newest first.
pub(crate) async fn entries(store: &impl ActivityHarness, scope: &TenantScope, filter: AuditFilter) -> Vec<AuditEntry> {
    let mut unit = store.activity().read(scope).await.unwrap();
    let page = unit.audit().list(&filter, PageRequest::first()).await.unwrap();
    page.items
}

/// A mail with a one-time token.
pub(crate) fn mail(to: &str) -> Mail {
    Mail {
        template: "invitation",
        to: EmailAddress::try_from(to).unwrap(),
        locale: "en".to_owned(),
        fields: vec![("tenant", "Acme".to_owned())],
        token: Some(Secret::new("one-time-token".to_owned())),
    }
}
