//! API keys and whom they admit.

use std::net::IpAddr;
use std::num::NonZeroU32;

use tenantry_kernel::id::{ApiKeyId, MembershipId, ServiceAccountId};
use tenantry_kernel::{PermissionSet, StoreError};
use time::{Duration, OffsetDateTime};

use super::admission::Terms;
use super::name::KeyName;
use super::rules::KeyRules;
use crate::fingerprint::Fingerprint;
use tenantry_kernel::Cidr;

/// Why a key does not admit its bearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum KeyRefusal {
    /// No such key, or not its secret. Both look alike from outside.
    #[error("the API key is not known")]
    Unknown,
    /// It was revoked.
    #[error("the API key was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the API key has expired")]
    Expired,
    /// It may not be used from this address.
    #[error("the API key may not be used from this address")]
    AddressNotAllowed,
}

impl KeyRefusal {
    /// The stable code, as `/api-keys/verify` answers it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "api_key_invalid",
            Self::Revoked => "api_key_revoked",
            Self::Expired => "api_key_expired",
            Self::AddressNotAllowed => "address_not_allowed",
        }
    }
}

/// Whose a key is: with whom it ends, and what bounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyOwner {
    /// The member's who answers for it: it never does more than they may, and ends with their membership.
    Personal,
    /// The tenant's: it is kept when its maker leaves.
    Tenant,
    /// A service account's: it never does more than the account may, and ends with it.
    ServiceAccount(ServiceAccountId),
}

impl KeyOwner {
    /// The kind in the API.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Tenant => "tenant",
            Self::ServiceAccount(_) => "service_account",
        }
    }

    /// The account that owns it, if one does.
    #[must_use]
    pub const fn service_account(self) -> Option<ServiceAccountId> {
        match self {
            Self::ServiceAccount(account) => Some(account),
            Self::Personal | Self::Tenant => None,
        }
    }
}

/// A secret that was replaced, and is good for a while yet.
#[derive(Clone, Debug)]
pub struct PreviousSecret {
    /// Of the secret.
    pub fingerprint: Fingerprint,
    /// What may be shown of the text.
    pub hint: String,
    /// Until when it is good.
    pub good_until: OffsetDateTime,
}

/// What storage keeps of an API key.
#[derive(Clone, Debug)]
pub struct ApiKeyRecord {
    /// Which key.
    pub id: ApiKeyId,
    /// What its makers call it.
    pub name: KeyName,
    /// False for test keys.
    pub live: bool,
    /// What it may do.
    pub permissions: PermissionSet,
    /// Calls per minute, when limited.
    pub rate_limit: Option<NonZeroU32>,
    /// From where it may be used; anywhere when empty.
    pub allowed_ips: Vec<Cidr>,
    /// Of the current secret.
    pub fingerprint: Fingerprint,
    /// What may be shown of the text: `tk_live_…aB3x`.
    pub hint: String,
    /// The secret before, while it is good.
    pub previous: Option<PreviousSecret>,
    /// Whose it is.
    pub owner: KeyOwner,
    /// Which member answers for it: who made it, or, of a personal key, rotated it last. `None` when it was no member.
    pub created_by: Option<MembershipId>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when, if limited.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<OffsetDateTime>,
    /// When its secret was last replaced, if ever.
    pub rotated_at: Option<OffsetDateTime>,
    /// When it was last used, roughly.
    pub last_used_at: Option<OffsetDateTime>,
    /// Counts updates, as the key's `ETag` shows. Uses do not count.
    pub version: i64,
}

/// A program's credential.
#[derive(Clone, Debug)]
pub struct ApiKey(ApiKeyRecord);

impl ApiKey {
    /// The key that storage kept, or that the service has just made.
    #[must_use]
    pub const fn restore(record: ApiKeyRecord) -> Self {
        Self(record)
    }

    /// Everything storage keeps.
    #[must_use]
    pub const fn record(&self) -> &ApiKeyRecord {
        &self.0
    }

    /// Which key.
    #[must_use]
    pub const fn id(&self) -> ApiKeyId {
        self.0.id
    }

    /// What its makers call it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// False for test keys.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.0.live
    }

    /// What it may do.
    #[must_use]
    pub const fn permissions(&self) -> &PermissionSet {
        &self.0.permissions
    }

    /// Calls per minute, when limited.
    #[must_use]
    pub const fn rate_limit(&self) -> Option<NonZeroU32> {
        self.0.rate_limit
    }

    /// From where it may be used; anywhere when empty.
    #[must_use]
    pub fn allowed_ips(&self) -> &[Cidr] {
        &self.0.allowed_ips
    }

    /// True once revoked.
    #[must_use]
    pub const fn is_revoked(&self) -> bool {
        self.0.revoked_at.is_some()
    }

    /// Counts updates.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.0.version
    }

    /// Passes when the bearer holds the secret, in time, from an allowed address. The secret is compared
    /// first and in constant time: without it nothing is told about the key.
    ///
    /// # Errors
    /// [`KeyRefusal`].
    pub fn admits(
        &self,
        fingerprint: &Fingerprint,
        now: OffsetDateTime,
        address: Option<IpAddr>,
    ) -> Result<(), KeyRefusal> {
        let terms = Terms {
            fits: self.fits(fingerprint, now),
            revoked: self.is_revoked(),
            expires_at: self.0.expires_at,
            allowed_ips: &self.0.allowed_ips,
        };
        terms.admit(now, address)
    }

    /// True when this is the secret, or the one before while it is good. Both are compared, each in constant time.
    #[must_use]
    pub fn fits(&self, shown: &Fingerprint, now: OffsetDateTime) -> bool {
        let current = self.0.fingerprint.matches(shown);
        let previous = self.0.previous.as_ref();
        let previous = previous.is_some_and(|secret| now < secret.good_until && secret.fingerprint.matches(shown));
        current | previous
    }

    /// The secret before, while it is good.
    #[must_use]
    pub fn previous(&self, now: OffsetDateTime) -> Option<&PreviousSecret> {
        self.0.previous.as_ref().filter(|secret| now < secret.good_until)
    }

    /// Passes when the caller expects no version, or this one.
    ///
    /// # Errors
    /// `Stale`.
    pub fn require_version(&self, expected: Option<i64>) -> Result<(), StoreError> {
        if expected.is_none_or(|version| version == self.0.version) {
            Ok(())
        } else {
            Err(StoreError::Stale)
        }
    }

    /// The key as it is once its update is stored.
    #[must_use]
    pub const fn stored(mut self) -> Self {
        self.0.version += 1;
        self
    }

    /// Replaces the secret; the old one is good for `overlap`, and any one before it is worth nothing.
    pub fn rotate(&mut self, fingerprint: Fingerprint, hint: String, overlap: Duration, now: OffsetDateTime) {
        let replaced = PreviousSecret {
            fingerprint: self.0.fingerprint,
            hint: std::mem::replace(&mut self.0.hint, hint),
            good_until: now + overlap,
        };
        self.0.previous = overlap.is_positive().then_some(replaced);
        self.0.fingerprint = fingerprint;
        self.0.rotated_at = Some(now);
    }

    /// Ends the secret before at once; false when there is none that is good.
    pub fn drop_previous(&mut self, now: OffsetDateTime) -> bool {
        let was_good = self.previous(now).is_some();
        self.0.previous = None;
        was_good
    }

    /// Whose it is.
    #[must_use]
    pub const fn owner(&self) -> KeyOwner {
        self.0.owner
    }

    /// Calls it something else.
    pub fn rename(&mut self, name: KeyName) {
        self.0.name = name;
    }

    /// May be used from these addresses from now on.
    pub fn allow_from(&mut self, ranges: Vec<Cidr>) {
        self.0.allowed_ips = ranges;
    }

    /// Has this pace of its own from now on.
    pub const fn pace_at(&mut self, rate_limit: Option<NonZeroU32>) {
        self.0.rate_limit = rate_limit;
    }

    /// Draws its pace and its end within the bounds of keys that are made now.
    pub fn bind(&mut self, rules: &KeyRules, now: OffsetDateTime) {
        if let Some(most) = rules.max_rate_limit.and_then(NonZeroU32::new) {
            self.0.rate_limit = Some(self.0.rate_limit.map_or(most, |limit| limit.min(most)));
        }
        let latest = rules.max_expires_in_days.map(i64::from).map(Duration::days);
        if let Some(latest) = latest.and_then(|days| now.checked_add(days)) {
            self.0.expires_at = Some(self.0.expires_at.map_or(latest, |end| end.min(latest)));
        }
    }

    /// Another member answers for it from now on.
    pub const fn adopt(&mut self, maker: MembershipId) {
        self.0.created_by = Some(maker);
    }

    /// Revokes it. The first time counts.
    pub fn revoke(&mut self, now: OffsetDateTime) {
        self.0.revoked_at.get_or_insert(now);
    }
}

#[cfg(test)]
mod tests;
