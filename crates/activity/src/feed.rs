//! What empties caches: a notice with every commit, seen at once on this node and soon on every other.

use async_trait::async_trait;
use tenantry_kernel::id::UserId;
use tenantry_kernel::{StoreError, TenantId};

/// Whose cached facts a commit may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Committed {
    /// This tenant's: its status, members, roles, keys, domains, entitlements.
    pub tenant: Option<TenantId>,
    /// This person's: their sessions, their memberships anywhere.
    pub user: Option<UserId>,
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

    /// Every notice that has become visible since `cursor` was taken. Numbers are handed out before
    /// commits land, so the window overlaps: notices may be answered again, none may be missed.
    async fn since(&self, cursor: FeedCursor) -> Result<FeedPage, StoreError>;
}
