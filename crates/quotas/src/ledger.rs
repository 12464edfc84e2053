//! The ledger: one entry per operation that was granted. Entries are never changed.

use tenantry_kernel::{Code, Page, PageRequest, StoreError, async_trait, typed_id};
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

/// One granted operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its id; later entries have greater ones.
    pub id: UsageEntryId,
    /// The caller's name for it.
    pub operation: OperationId,
    /// SHA-256 of the request that asked for it.
    pub digest: [u8; 32],
    /// The account it counted on; of several, the one that answers show.
    pub account: AccountKey,
    /// How much was counted.
    pub amount: Amount,
    /// What the account held afterwards.
    pub used_after: i64,
    /// The limit at that time.
    pub limit: Option<i64>,
    /// When the period ends.
    pub resets_at: Option<OffsetDateTime>,
    /// What the caller said about it.
    pub description: Option<String>,
    /// Whom within the tenant it is about, in the caller's words.
    pub subject: Option<String>,
    /// The kind of principal that asked.
    pub actor_kind: String,
    /// Which principal asked.
    pub actor_id: String,
    /// When it was counted.
    pub at: OffsetDateTime,
}

impl LedgerEntry {
    /// The meter it counted.
    #[must_use]
    pub const fn meter(&self) -> &Code {
        &self.account.meter
    }
}

/// Which entries of the ledger are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Of one meter only.
    pub meter: Option<Code>,
}

/// What one tenant has used: its accounts and its ledger, read only. Writing is the engine's.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UsageRepository: Send {
    /// What these accounts hold, in the order asked; an account that was never used holds 0.
    async fn posted(&mut self, accounts: &[AccountKey]) -> Result<Vec<i64>, StoreError>;

    /// The sum of a meter's live entries counted at or after `from` and before `to`: what a billing period counts,
    /// whatever the meter's own period. Test keys never bill.
    async fn counted_between(
        &mut self,
        meter: &Code,
        from: OffsetDateTime,
        to: OffsetDateTime,
    ) -> Result<i64, StoreError>;

    /// The thresholds that an account has reached, lowest first.
    async fn list_alerts(&mut self, account: &AccountKey) -> Result<Vec<Alert>, StoreError>;

    /// The ledger, latest entry first.
    async fn list_entries(&mut self, filter: &EntryFilter, page: PageRequest) -> Result<Page<LedgerEntry>, StoreError>;
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
    fn amounts_are_positive_and_exact_in_json() {
        assert_eq!(Amount::try_from(1), Ok(Amount::ONE));
        assert_eq!(Amount::try_from(Amount::MAX).map(Amount::get), Ok(Amount::MAX));
        for bad in [0, -1, Amount::MAX + 1, i64::MAX, i64::MIN] {
            assert_eq!(Amount::try_from(bad), Err(InvalidAmount), "{bad}");
        }
    }
}
