//! The look at the feed, four times a second.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tenantry_activity::feed::{CommitListener, FeedCursor, InvalidationFeed};
use tenantry_kernel::StoreError;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::revocations::Revocations;

/// How often the feed is looked at.
pub const POLL_EVERY: Duration = Duration::from_millis(250);
/// When a look is given up; a connection that hangs must not keep the next one waiting for ever.
const POLL_TIMEOUT: Duration = Duration::from_secs(2);
/// After a silence this long notices may have been purged unread: all is forgotten instead.
const LONGEST_GAP: Duration = Duration::from_mins(1);

/// Brings the commits of other nodes to the caches of this one.
pub struct Invalidator {
    feed: Arc<dyn InvalidationFeed>,
    revocations: Arc<Revocations>,
    cursor: Option<FeedCursor>,
    /// The ids of the last page: what is answered again was answered there.
    seen: HashSet<i64>,
}

impl Invalidator {
    /// Reads `feed`, tells `revocations`.
    #[must_use]
    pub fn new(feed: Arc<dyn InvalidationFeed>, revocations: Arc<Revocations>) -> Self {
        Self {
            feed,
            revocations,
            cursor: None,
            seen: HashSet::new(),
        }
    }

    /// Looks at the feed every [`POLL_EVERY`], for ever: abort the task to stop it. A failing look is
    /// logged once per outage; meanwhile the caches step aside by themselves.
    pub async fn run(mut self) -> Infallible {
        let mut ticks = interval(POLL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut well = true;
        loop {
            ticks.tick().await;
            match self.poll().await {
                Ok(()) if !well => {
                    tracing::info!("the invalidation feed is back");
                    well = true;
                }
                Err(error) if well => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "the invalidation feed is silent; caches are bypassed");
                    well = false;
                }
                Ok(()) | Err(_) => {}
            }
        }
    }

    /// One look.
    ///
    /// # Errors
    /// Whatever the feed answered; `Unavailable` when it took too long.
    pub async fn poll(&mut self) -> Result<(), StoreError> {
        let began = Instant::now();
        let looked = timeout(POLL_TIMEOUT, self.look()).await;
        looked.unwrap_or_else(|elapsed| Err(StoreError::Unavailable(elapsed.into())))?;
        self.revocations.heard(began);
        Ok(())
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let in_touch = self.revocations.silence().is_some_and(|silence| silence <= LONGEST_GAP);
        let Some(cursor) = self.cursor.filter(|_| in_touch) else {
            // The position first: what commits after it is told by the next look.
            let now = self.feed.now().await?;
            self.revocations.forget_all();
            self.cursor = Some(now);
            self.seen.clear();
            return Ok(());
        };
        let page = self.feed.since(cursor).await?;
        for notice in &page.notices {
            if !self.seen.contains(&notice.id) {
                self.revocations.committed(notice.what);
            }
        }
        self.seen = page.notices.iter().map(|notice| notice.id).collect();
        self.cursor = Some(page.next);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
