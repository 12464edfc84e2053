//! The ledger: one entry per operation that was granted. Entries are never changed.

use tenantry_kernel::{Code, Page, PageRequest, StoreError, TenantId, async_trait, typed_id};
use time::OffsetDateTime;

use crate::account::AccountKey;
use crate::alert::Alert;

typed_id!(
    /// One entry of the usage ledger.
    UsageEntryId
);

/// The caller's name for one operation: the `Idempotency-Key`. The same name counts once per tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(String);

/// The text cannot name an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 255 visible ASCII characters")]
pub struct InvalidOperationId;

impl OperationId {
    /// Longest name in characters.
    pub const MAX_LEN: usize = 255;

    /// A name of ours, which no caller can spell: `of` says what it is for, `name` which one.
    #[must_use]
    pub fn internal(of: &'static str, name: &str) -> Self {
        Self(format!("\u{b7}{of}/{name}"))
    }

    /// The operation of a stored name, whoever gave it.
    ///
    /// # Errors
    /// [`InvalidOperationId`].
    pub fn restore(text: String) -> Result<Self, InvalidOperationId> {
        // Two names of an event, four bytes to each of their characters.
        if text.starts_with('\u{b7}') && text.len() <= 2_048 {
            return Ok(Self(text));
        }
        Self::try_from(text)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OperationId {
    type Error = InvalidOperationId;

    fn try_from(text: String) -> Result<Self, InvalidOperationId> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if text.is_empty() || text.len() > Self::MAX_LEN || !visible {
            return Err(InvalidOperationId);
        }
        Ok(Self(text))
    }
}

impl From<tenantry_kernel::uuid::Uuid> for OperationId {
    fn from(id: tenantry_kernel::uuid::Uuid) -> Self {
        Self(id.to_string())
    }
}

/// How much is counted at once: at least one, and exact in every JSON reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i64);

/// The number is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 9007199254740991")]
pub struct InvalidAmount;

impl Amount {
    /// One.
    pub const ONE: Self = Self(1);
    /// The largest amount: 2^53 - 1.
    pub const MAX: i64 = 9_007_199_254_740_991;

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Amount {
    type Error = InvalidAmount;

    fn try_from(number: i64) -> Result<Self, InvalidAmount> {
        if (1..=Self::MAX).contains(&number) {
            Ok(Self(number))
        } else {
            Err(InvalidAmount)
        }
    }
}

/// What an entry of the ledger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// Something was used.
    Usage,
    /// A reservation was committed.
    Commit,
    /// Somebody put right what was counted wrongly.
    Correction,
    /// What was used before Tenantry counted.
    Opening,
    /// An operation was taken back: the work that it paid for failed.
    GiveBack,
    /// A slice, counted before it was used.
    Lease,
    /// What was left of a slice.
    LeaseReturn,
}

impl EntryKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Usage,
        Self::Commit,
        Self::Correction,
        Self::Opening,
        Self::GiveBack,
        Self::Lease,
        Self::LeaseReturn,
    ];

    /// The name in answers and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Commit => "commit",
            Self::Correction => "correction",
            Self::Opening => "opening",
            Self::GiveBack => "give_back",
            Self::Lease => "lease",
            Self::LeaseReturn => "lease_return",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One line of a granted operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its id; later entries have greater ones.
    pub id: UsageEntryId,
    /// The caller's name for the operation.
    pub operation: OperationId,
    /// Which of the operation's lines it is, from 0.
    pub line: u16,
    /// What it is.
    pub kind: EntryKind,
    /// SHA-256 of the request that asked for it.
    pub digest: [u8; 32],
    /// The tenant's own account that it counted on; of several, the one that answers show.
    pub account: AccountKey,
    /// What that account moved by, with its sign. An account holds the sum of its entries, however its meter counts.
    pub amount: i64,
    /// What was reported: an amount, or a level.
    pub value: i64,
    /// Whom it counted, for meters that count different ones.
    pub member: Option<String>,
    /// What the account held afterwards.
    pub used_after: i64,
    /// The limit at that time, with what was granted on top.
    pub limit: Option<i64>,
    /// When the period ends.
    pub resets_at: Option<OffsetDateTime>,
    /// What the caller said about it.
    pub description: Option<String>,
    /// Whom within the tenant it is about, in the caller's words.
    pub subject: Option<String>,
    /// The user that sub-limits count it on.
    pub user: Option<String>,
    /// The tenant whose pool it counted in.
    pub pool: Option<TenantId>,
    /// The kind of principal that asked.
    pub actor_kind: String,
    /// Which principal asked. For API keys it is what sub-limits of keys count on.
    pub actor_id: String,
    /// When it happened: decides the periods it counts in.
    pub at: OffsetDateTime,
    /// When it was counted.
    pub recorded_at: OffsetDateTime,
}

impl LedgerEntry {
    /// The meter it counted.
    #[must_use]
    pub const fn meter(&self) -> &Code {
        &self.account.meter
    }
}

/// Which entries of the ledger are wanted. What is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Of this meter.
    pub meter: Option<Code>,
    /// That happened at this time or later.
    pub from: Option<OffsetDateTime>,
    /// That happened before this time.
    pub to: Option<OffsetDateTime>,
    /// That this principal asked for, by its id.
    pub actor: Option<String>,
    /// That are about this, in the caller's words.
    pub subject: Option<String>,
    /// Of this kind.
    pub kind: Option<EntryKind>,
}

/// What one tenant has used: its accounts and its ledger, read only. Writing is the engine's.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UsageRepository: Send {
    /// The thresholds that an account has reached, lowest first.
    async fn list_alerts(&mut self, account: &AccountKey) -> Result<Vec<Alert>, StoreError>;

    /// The ledger, latest entry first.
    async fn list_entries(&mut self, filter: &EntryFilter, page: PageRequest) -> Result<Page<LedgerEntry>, StoreError>;

    /// One operation's entries, by line; none when it was never counted.
    async fn find_operation(&mut self, operation: &OperationId) -> Result<Vec<LedgerEntry>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_ids_are_visible_and_bounded() {
        assert!(OperationId::try_from("order-17".to_owned()).is_ok());
        assert!(OperationId::try_from("a".repeat(255)).is_ok());
        for bad in [String::new(), "a".repeat(256), "line\nbreak".to_owned(), "é".to_owned()] {
            assert_eq!(OperationId::try_from(bad.clone()), Err(InvalidOperationId), "{bad}");
        }
    }

    #[test]
    fn names_of_ours_are_none_of_a_callers() {
        let ours = OperationId::internal("give-back", "order-17");

        assert!(OperationId::try_from(ours.as_str().to_owned()).is_err());
        assert_eq!(OperationId::restore(ours.as_str().to_owned()), Ok(ours));
    }

    #[test]
    fn kinds_read_back() {
        for kind in EntryKind::ALL {
            assert_eq!(EntryKind::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn amounts_are_positive_and_exact_in_json() {
        assert_eq!(Amount::try_from(1), Ok(Amount::ONE));
        assert_eq!(Amount::try_from(Amount::MAX).map(Amount::get), Ok(Amount::MAX));
        for bad in [0, -1, Amount::MAX + 1, i64::MAX, i64::MIN] {
            assert_eq!(Amount::try_from(bad), Err(InvalidAmount), "{bad}");
        }
    }
}
