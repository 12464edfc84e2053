//! Which keys are looked for.

use tenantry_kernel::id::{MembershipId, ServiceAccountId};
use time::OffsetDateTime;
use uuid::Uuid;

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Neither revoked nor expired.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked. Such keys are kept for the audit log.
    Revoked,
}

impl KeyStatus {
    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "active" => Some(Self::Active),
            "expired" => Some(Self::Expired),
            "revoked" => Some(Self::Revoked),
            _ => None,
        }
    }
}

/// Which keys are looked for. Every condition given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFilter {
    /// Of this kind: `personal`, `tenant`, `service_account`.
    pub kind: Option<&'static str>,
    /// A member's personal ones, or a service account's.
    pub owner: Option<Uuid>,
    /// In this state; all that are not revoked when absent.
    pub status: Option<KeyStatus>,
    /// When it is asked.
    pub now: OffsetDateTime,
}

impl KeyFilter {
    /// All that are not revoked.
    #[must_use]
    pub const fn all(now: OffsetDateTime) -> Self {
        Self {
            kind: None,
            owner: None,
            status: None,
            now,
        }
    }

    /// Whether a key is looked for.
    #[must_use]
    pub fn fits(&self, key: &super::model::ApiKey) -> bool {
        let record = key.record();
        let owner = record.owner;
        let owned_by = |id: Uuid| match owner.service_account() {
            Some(account) => account == ServiceAccountId::from_uuid(id),
            None => owner.kind() == "personal" && record.created_by == Some(MembershipId::from_uuid(id)),
        };
        let expired = record.expires_at.is_some_and(|end| end <= self.now);
        let stands = match self.status {
            None => !key.is_revoked(),
            Some(KeyStatus::Active) => !key.is_revoked() && !expired,
            Some(KeyStatus::Expired) => !key.is_revoked() && expired,
            Some(KeyStatus::Revoked) => key.is_revoked(),
        };
        stands && self.kind.is_none_or(|kind| kind == owner.kind()) && self.owner.is_none_or(owned_by)
    }
}
