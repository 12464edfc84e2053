//! What empties caches: a notice with every commit, seen at once on this node and soon on every other.

use async_trait::async_trait;
use tenantry_kernel::id::UserId;
use tenantry_kernel::{Event, StoreError, TenantId};

/// Whose cached facts a commit may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Committed {
    /// This tenant's: its status, members, roles, keys, domains, entitlements.
    pub tenant: Option<TenantId>,
    /// This person's: their sessions, their memberships anywhere.
    pub user: Option<UserId>,
}

/// What happens often and changes no fact that is remembered between requests: people come in, or try to. A commit of nothing
/// but these leaves every cache as it is; else the members of a busy tenant would find it empty at each log-in of another.
/// What is remembered of people and tenants is what `Committed` names: no event belongs here that changes any of it.
pub const QUIET: [&str; 6] = [
    "session.started",
    "user.magic_link_requested",
    "user.password_guessed",
    "user.password_reset_requested",
    "user.sign_in_failed",
    "user.sign_in_pending",
];

/// True when these events may have changed what caches remember.
#[must_use]
pub fn change_facts(events: &[Event]) -> bool {
    events.iter().any(|event| !QUIET.contains(&event.action))
}

/// Is told on the node that committed, after the commit and before its answer. Must not block.
pub trait CommitListener: Send + Sync {
    /// These facts may have changed.
    fn committed(&self, what: Committed);
}

/// How far a reader of the feed has come. Only the feed knows what the number means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedCursor(pub i64);

/// One commit of any node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Tells a notice from all others.
    pub id: i64,
    /// Whose facts.
    pub what: Committed,
}

/// What a look at the feed found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPage {
    /// The notices, some perhaps seen before.
    pub notices: Vec<Notice>,
    /// Where the next look starts.
    pub next: FeedCursor,
}

/// The notices of all nodes.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait InvalidationFeed: Send + Sync {
    /// Where the feed stands now. Everything that commits later is answered by [`InvalidationFeed::since`] it.
    async fn now(&self) -> Result<FeedCursor, StoreError>;

    /// Every notice of more than [`QUIET`] events that has become visible since `cursor` was taken. Numbers are handed out before
    /// commits land, so the window overlaps: notices may be answered again, none may be missed.
    async fn since(&self, cursor: FeedCursor) -> Result<FeedPage, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_that_is_not_quiet_is_enough() {
        let quiet = || Event::new("session.started", 1);

        assert!(!change_facts(&[]));
        assert!(!change_facts(&[quiet(), Event::new("user.sign_in_failed", 2)]));
        assert!(change_facts(&[quiet(), Event::new("membership.updated", 3)]));
    }
}
