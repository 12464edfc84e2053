//! Closing periods for billing: exact totals, and what comes late.
//!
//! A *mark* separates what is in the ledger from what will be: every entry carries the mark under which it was
//! counted, and taking a new mark waits for the batches that are under way. What a closing bills is all that happened
//! before its end, up to its mark, less all that earlier closings billed. So each entry is billed once, however late
//! it comes and however often a closing is tried: what happened before the *earlier* end is an adjustment. Where more
//! was taken back than there is to bill, the rest is carried on to the next closing.

use tenantry_kernel::{Code, StoreError, async_trait};
use time::OffsetDateTime;

/// A border in the ledger. Entries counted later have a greater one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub i64);

/// Takes marks.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait LedgerMarks: Send + Sync {
    /// A mark that every entry so far acknowledged is below or at, and none that is counted from now on.
    async fn take(&self) -> Result<Mark, StoreError>;
}

/// One closed period of one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The meter.
    pub meter: Code,
    /// When the period ended.
    pub end: OffsetDateTime,
    /// Up to where the ledger was read.
    pub mark: Mark,
    /// What was used in the period itself.
    pub used: i64,
    /// What was counted late, or put right, of periods that had been closed before.
    pub adjustment: i64,
    /// What more was taken back than earlier closings could bill: nothing, or less.
    pub carried: i64,
    /// When it was closed.
    pub closed_at: OffsetDateTime,
}

impl Closing {
    /// What it comes to, all in all. What is below nothing is not billed; the next closing carries it on.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.used.saturating_add(self.adjustment).saturating_add(self.carried)
    }

    /// What is billed.
    #[must_use]
    pub fn billed(&self) -> i64 {
        self.total().max(0)
    }
}

/// Closed periods of one tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ClosingRepository: Send {
    /// Closes a meter's period that ends at `end`, and answers what it came to. What is used before `begin` and was
    /// never closed (a tenant that was not billed for it) is not billed. Tried again for the same end, it answers
    /// what it came to the first time.
    async fn close(
        &mut self,
        meter: &Code,
        begin: OffsetDateTime,
        end: OffsetDateTime,
        mark: Mark,
        now: OffsetDateTime,
    ) -> Result<Closing, StoreError>;

    /// What closing would bill, without doing it: of all that was counted until now, or up to a mark. A closing up to
    /// that mark then bills the same, unless another one came between.
    async fn running(
        &mut self,
        meter: &Code,
        begin: OffsetDateTime,
        end: OffsetDateTime,
        mark: Option<Mark>,
    ) -> Result<i64, StoreError>;

    /// The closed periods, latest first; of one meter, or of all.
    async fn list(&mut self, meter: Option<Code>, limit: u32) -> Result<Vec<Closing>, StoreError>;
}
