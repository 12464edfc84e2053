//! What every commit leaves behind, and what activity's ports promise about it.

pub mod audit;
pub mod budgets;
pub mod commits;
pub mod feed;
pub mod jobs;
pub mod receipts;

use tenantry_activity::audit::{AuditEntry, AuditFilter, AuditPurge, OwnActs};
use tenantry_activity::feed::{CommitListener, FeedCursor, FeedPage, InvalidationFeed};
use tenantry_activity::job::JobQueue;
use tenantry_activity::receipt::ReceiptStore;
use tenantry_activity::store::ActivityStore;
use tenantry_kernel::{BudgetKeeper, EmailAddress, Event, Mail, PageRequest, Secret, TenantScope};

use crate::tenancy::TenancyHarness;

/// How to reach activity's ports.
pub trait ActivityHarness: TenancyHarness {
    /// Reads the audit log.
    fn activity(&self) -> &dyn ActivityStore;
    /// Removes old entries.
    fn audit_purge(&self) -> &dyn AuditPurge;
    /// Reads what a person did.
    fn own_acts(&self) -> &dyn OwnActs;
    /// Takes jobs.
    fn jobs(&self) -> &dyn JobQueue;
    /// Follows commits.
    fn feed(&self) -> &dyn InvalidationFeed;
    /// Keeps budgets.
    fn budgets(&self) -> &dyn BudgetKeeper;
    /// Finds receipts.
    fn receipts(&self) -> &dyn ReceiptStore;
    /// Tells this listener of every commit from now on.
    fn listen(&self, listener: std::sync::Arc<dyn CommitListener>);
    /// True when two units may write at the same time.
    fn has_concurrent_writers(&self) -> bool;
}

/// What the feed tells since `cursor` and had not told by then: notices may be told again, none is missed.
pub(crate) async fn news(store: &impl ActivityHarness, cursor: FeedCursor, seen: &FeedPage) -> FeedPage {
    let mut page = store.feed().since(cursor).await.unwrap();
    let known: Vec<i64> = seen.notices.iter().map(|notice| notice.id).collect();
    page.notices.retain(|notice| !known.contains(&notice.id));
    page
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
