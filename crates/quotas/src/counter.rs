//! The port that counts: decide and count in one step, durably, exactly.

use std::sync::Arc;

use tenantry_kernel::{DomainError, ErrorKind, StoreError, TenantScope, async_trait};
use time::OffsetDateTime;

use crate::account::AccountKey;
use crate::entitlement::{Allowance, Entitlements};
use crate::ledger::{Amount, OperationId};
use crate::meter::Meter;

/// What to count. The service has checked it; the counter only decides.
#[derive(Clone, Debug)]
pub struct ConsumeRequest {
    /// The operation's name; it counts once.
    pub operation: OperationId,
    /// SHA-256 of the request: the same name with another digest is a mistake of the caller.
    pub digest: [u8; 32],
    /// The meter.
    pub meter: Meter,
    /// How much.
    pub amount: Amount,
    /// What the caller says about it.
    pub description: Option<String>,
    /// Whom within the tenant it is about.
    pub subject: Option<String>,
    /// False for test keys.
    pub live: bool,
    /// When: decides the period.
    pub at: OffsetDateTime,
    /// What the tenant may use.
    pub entitlements: Arc<Entitlements>,
}

impl ConsumeRequest {
    /// The limits it touches, the one that answers show first. Never empty.
    #[must_use]
    pub fn limits(&self) -> Vec<Limit> {
        Limit::all_of(&self.meter, &self.entitlements, self.live, self.at)
    }
}

/// One allowance of a meter at one time: its account and its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The account it counts on.
    pub account: AccountKey,
    /// The allowance.
    pub allowance: Allowance,
    /// When the period ends.
    pub resets_at: Option<OffsetDateTime>,
}

impl Limit {
    /// The limits of a meter at a time, the one that answers show first. Never empty.
    #[must_use]
    pub fn all_of(meter: &Meter, entitlements: &Entitlements, live: bool, at: OffsetDateTime) -> Vec<Self> {
        let limit = |allowance: Allowance| {
            let window = allowance.period.window(at, entitlements.anchor);
            Self {
                account: AccountKey {
                    meter: meter.code.clone(),
                    live,
                    period: allowance.period,
                    period_start: window.start,
                },
                allowance,
                resets_at: window.resets_at,
            }
        };
        entitlements.allowances_of(meter).into_iter().map(limit).collect()
    }
}

/// Counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumed {
    /// What the account holds now.
    pub used: i64,
    /// The limit; `None` is unlimited.
    pub limit: Option<i64>,
    /// When the period ends.
    pub resets_at: Option<OffsetDateTime>,
    /// True when the operation had been counted before and this is its first answer again.
    pub replayed: bool,
}

impl Consumed {
    /// What is left; `None` when unlimited.
    #[must_use]
    pub fn remaining(&self) -> Option<i64> {
        self.limit.map(|limit| limit.saturating_sub(self.used).max(0))
    }
}

/// Why nothing was counted.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// It would pass a limit. Nothing is stored: the same operation may be tried again later.
    #[error("the limit of {limit} is reached")]
    Exceeded {
        /// The limit that binds.
        limit: i64,
        /// What its account holds.
        used: i64,
        /// When its period ends.
        resets_at: Option<OffsetDateTime>,
    },
    /// The operation's name was used for another request.
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
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
            Self::Exceeded { .. } => ErrorKind::Exhausted,
            Self::KeyReused => ErrorKind::Invalid,
            Self::Busy { .. } => ErrorKind::Unavailable,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Exceeded { .. } => "quota_exceeded",
            Self::KeyReused => "idempotency_key_reused",
            Self::Busy { .. } => "unavailable",
            Self::Store(cause) => cause.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Busy { retry_after_s } => Some(*retry_after_s),
            Self::Store(cause) => cause.retry_after_s(),
            Self::Exceeded { .. } | Self::KeyReused => None,
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
    /// Counts, on all accounts of the meter or on none.
    async fn consume(&self, scope: &TenantScope, request: ConsumeRequest) -> Result<Consumed, ConsumeError>;
}
