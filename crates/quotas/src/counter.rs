//! The port that counts: decide and count in one step, durably, exactly.

use std::sync::Arc;

use tenantry_kernel::{Code, DomainError, ErrorKind, StoreError, TenantScope, async_trait};
use time::OffsetDateTime;

use crate::account::{Held, TenantAccount};
use crate::ledger::{EntryKind, OperationId};
use crate::limit::{Limit, Reach, User};
use crate::meter::Meter;
use crate::reservation::{Reservation, ReservationId};

/// Something to be counted. The service has checked it; the counter only decides.
#[derive(Clone, Debug)]
pub struct Order {
    /// The operation's name; it counts once.
    pub operation: OperationId,
    /// SHA-256 of the request: the same name with another digest is a mistake of the caller.
    pub digest: [u8; 32],
    /// What is to be done.
    pub act: Act,
    /// False for test keys.
    pub live: bool,
    /// Under whose limits.
    pub reach: Reach,
    /// Now.
    pub now: OffsetDateTime,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Act {
    /// Counts some items, all or none.
    Consume(Vec<Item>),
    /// Counts a slice before it is used: under the same limits, told apart in the ledger.
    Lease(Item),
    /// Holds some items, all or none, until they are settled or time is up.
    Reserve {
        /// The reservation's id.
        id: ReservationId,
        /// What is held.
        items: Vec<Item>,
        /// When it is given back by itself.
        expires_at: OffsetDateTime,
    },
    /// Ends a reservation and counts what was really used.
    Commit {
        /// Which reservation.
        id: ReservationId,
        /// How much of each of its items, in their order; all of it when absent.
        used: Option<Vec<i64>>,
    },
    /// Ends a reservation and counts nothing.
    Release {
        /// Which reservation.
        id: ReservationId,
        /// True when its time was up; it is no mistake then that somebody settled it before.
        expired: bool,
    },
    /// Counts what is a fact already: a correction, an opening balance, what a lease leaves over. It may be below
    /// nothing, and limits do not refuse it.
    Correct {
        /// What it is.
        kind: EntryKind,
        /// What is counted.
        item: Item,
    },
    /// Takes back, once, what an operation counted: the work that it paid for failed.
    GiveBack(OperationId),
}

/// One amount on one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The meter.
    pub meter: Meter,
    /// What was reported: an amount, a level, or 1.
    pub value: i64,
    /// Whom to count, for meters that count different ones.
    pub member: Option<Arc<str>>,
    /// Who within the tenant used it.
    pub user: User,
    /// Whom within the tenant it is about, in the caller's words.
    pub subject: Option<String>,
    /// What the caller says about it.
    pub description: Option<String>,
    /// When it happened: decides the periods.
    pub at: OffsetDateTime,
}

impl Item {
    /// The limits it touches, the tenant's own first. Never empty.
    #[must_use]
    pub fn limits(&self, reach: &Reach, live: bool) -> Vec<Limit> {
        Limit::all_of(reach, &self.meter, &self.user, live, self.at)
    }
}

/// Counted, or held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How each item stands, in their order.
    pub lines: Vec<Line>,
    /// The reservation that was made or ended.
    pub reservation: Option<Reservation>,
    /// True when the operation had been done before and this is its first answer again.
    pub replayed: bool,
}

/// How one item stands after it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The meter.
    pub meter: Code,
    /// How much of it was counted, with its sign: what the tenant's own account moved by.
    pub amount: i64,
    /// How much is used of the tenant's own limit.
    pub used: i64,
    /// That limit, with what was granted on top; `None` is unlimited.
    pub limit: Option<i64>,
    /// When its period ends.
    pub resets_at: Option<OffsetDateTime>,
    /// Every limit that it touched and how it stands. Not told again when an operation is replayed.
    pub standings: Vec<Standing>,
}

impl Line {
    /// What is left; `None` when unlimited.
    #[must_use]
    pub fn remaining(&self) -> Option<i64> {
        self.limit.map(|limit| limit.saturating_sub(self.used).max(0))
    }
}

/// How one limit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The limit.
    pub limit: Limit,
    /// What its account holds.
    pub held: Held,
}

impl Standing {
    /// The limit with what was granted on top; `None` is unlimited.
    #[must_use]
    pub fn total(&self) -> Option<i64> {
        let limit = self.limit.allowance.limit?;
        Some(limit.saturating_add(self.held.granted))
    }

    /// How much more would fit; `None` when nothing bounds it.
    #[must_use]
    pub fn room(&self) -> Option<i64> {
        self.limit.hard().map(|limit| self.held.room(limit).max(0))
    }

    /// Whose account it is.
    #[must_use]
    pub const fn account(&self) -> &TenantAccount {
        &self.limit.account
    }
}

/// A refusal at a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which item does not fit.
    pub item: usize,
    /// How much of it was asked for.
    pub amount: i64,
    /// The limit that binds.
    pub binding: Standing,
    /// Every limit that the operation touches, as it stands.
    pub standings: Vec<Standing>,
}

/// Why nothing was counted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumeError {
    /// It would pass a limit. Nothing is stored: the same operation may be tried again later.
    #[error("a limit is reached")]
    Exceeded(Box<Refused>),
    /// It takes more away than was counted.
    #[error("only {0} of it are counted")]
    Below(i64),
    /// The operation's name was used for another request.
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    /// There is no such reservation, or no such operation to give back.
    #[error("there is nothing of that name")]
    Unknown,
    /// The reservation was committed, released, or its time was up.
    #[error("the reservation has ended")]
    Ended,
    /// Too much is waiting to be counted.
    #[error("too many operations are waiting")]
    Busy {
        /// Whole seconds to wait before trying again.
        retry_after_s: u64,
    },
    /// The batch could not be stored.
    #[error("could not count")]
    Store(#[source] Arc<StoreError>),
}

impl From<StoreError> for ConsumeError {
    fn from(cause: StoreError) -> Self {
        Self::Store(Arc::new(cause))
    }
}

impl DomainError for ConsumeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Exceeded(_) => ErrorKind::Exhausted,
            Self::Below(_) => ErrorKind::Conflict,
            Self::KeyReused => ErrorKind::Invalid,
            Self::Unknown => ErrorKind::NotFound,
            Self::Ended => ErrorKind::Gone,
            Self::Busy { .. } => ErrorKind::Unavailable,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Exceeded(_) => "quota_exceeded",
            Self::Below(_) => "usage_below_zero",
            Self::KeyReused => "idempotency_key_reused",
            Self::Unknown => "not_found",
            Self::Ended => "reservation_ended",
            Self::Busy { .. } => "unavailable",
            Self::Store(cause) => cause.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Busy { retry_after_s } => Some(*retry_after_s),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

/// Counts usage: decides and counts in one step.
///
/// What is answered is durable. Under any concurrency no account passes its hard limit, and an
/// operation id counts once per tenant; asked again with the same digest it gets its first answer.
/// Never call it while a unit of work is open.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UsageCounter: Send + Sync {
    /// Counts, on all accounts of all items or on none.
    async fn submit(&self, scope: &TenantScope, order: Order) -> Result<Outcome, ConsumeError>;

    /// Counts many operations, each by itself, in their order, and answers each. A queue that is full refuses
    /// them all.
    async fn submit_all(&self, scope: &TenantScope, orders: Vec<Order>) -> Vec<Result<Outcome, ConsumeError>>;
}
