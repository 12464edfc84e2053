//! Platform keys and whom they admit.

use std::net::IpAddr;

use tenantry_kernel::id::{PlatformKeyId, UserId};
use tenantry_kernel::{PermissionSet, StoreError};
use time::OffsetDateTime;

use crate::api_key::{Cidr, KeyName, KeyRefusal, Terms};
use crate::fingerprint::Fingerprint;

/// What storage keeps of a platform key.
#[derive(Clone, Debug)]
pub struct PlatformKeyRecord {
    /// Which key.
    pub id: PlatformKeyId,
    /// What operators call it.
    pub name: KeyName,
    /// What it may do.
    pub permissions: PermissionSet,
    /// From where it may be used; anywhere when empty.
    pub allowed_ips: Vec<Cidr>,
    /// Of the secret.
    pub fingerprint: Fingerprint,
    /// What may be shown of the text: `tk_platform_…aB3x`.
    pub hint: String,
    /// Which operator made it; `None` when it was made at the console.
    pub created_by: Option<UserId>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when, if limited.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<OffsetDateTime>,
    /// When it was last used, roughly.
    pub last_used_at: Option<OffsetDateTime>,
    /// Counts updates, as the key's `ETag` shows. Uses do not count.
    pub version: i64,
}

/// A credential of the installation's own programs.
#[derive(Clone, Debug)]
pub struct PlatformKey(PlatformKeyRecord);

impl PlatformKey {
    /// The key that storage kept, or that the service has just made.
    #[must_use]
    pub const fn restore(record: PlatformKeyRecord) -> Self {
        Self(record)
    }

    /// Everything storage keeps.
    #[must_use]
    pub const fn record(&self) -> &PlatformKeyRecord {
        &self.0
    }

    /// Which key.
    #[must_use]
    pub const fn id(&self) -> PlatformKeyId {
        self.0.id
    }

    /// What operators call it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// What it may do.
    #[must_use]
    pub const fn permissions(&self) -> &PermissionSet {
        &self.0.permissions
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

    /// Passes when the bearer holds the secret, in time, from an allowed address.
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
            fits: self.0.fingerprint.matches(fingerprint),
            revoked: self.is_revoked(),
            expires_at: self.0.expires_at,
            allowed_ips: &self.0.allowed_ips,
        };
        terms.admit(now, address)
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

    /// Revokes it. The first time counts.
    pub fn revoke(&mut self, now: OffsetDateTime) {
        self.0.revoked_at.get_or_insert(now);
    }
}
