//! Service accounts and their client secrets.

use tenantry_kernel::id::{MembershipId, ServiceAccountId};
use tenantry_kernel::{PermissionSet, StoreError, typed_id};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::api_key::KeyName;
use crate::fingerprint::Fingerprint;

/// The most secrets of one account that are good at once.
pub const MAX_SECRETS: usize = 5;
/// The most tokens of one account that are remembered as revoked; more void all that were issued so far.
const MAX_REVOKED: usize = 100;

typed_id!(
    /// One client secret of a service account.
    ClientSecretId
);

/// One of an account's secrets. Several are good at once, so that they can be replaced without a gap.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    /// Which one.
    pub id: ClientSecretId,
    /// Of the whole text.
    pub fingerprint: Fingerprint,
    /// What may be shown of the text: `tk_secret_…aB3x`.
    pub hint: String,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when, if limited: the overlap of a rotation.
    pub expires_at: Option<OffsetDateTime>,
}

impl ClientSecret {
    /// True until its time is over.
    #[must_use]
    pub fn is_good(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// An access token that was revoked before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedToken {
    /// Which token.
    pub jti: Uuid,
    /// When it would have expired, and need not be remembered any more.
    pub until: OffsetDateTime,
}

/// What storage keeps of a service account.
#[derive(Clone, Debug)]
pub struct ServiceAccountRecord {
    /// Which one; it is the client id, too.
    pub id: ServiceAccountId,
    /// What the tenant calls it.
    pub name: KeyName,
    /// What it may do, at most what an owner may.
    pub permissions: PermissionSet,
    /// Its secrets, the oldest first.
    pub secrets: Vec<ClientSecret>,
    /// Which member made it; `None` when it was no member. Nothing follows from it.
    pub created_by: Option<MembershipId>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Since when it may do nothing, if so.
    pub deactivated_at: Option<OffsetDateTime>,
    /// When it was removed, if it was. It is kept for the audit log.
    pub removed_at: Option<OffsetDateTime>,
    /// Tokens that were revoked and have not expired yet.
    pub revoked_tokens: Vec<RevokedToken>,
    /// Tokens issued until then are void.
    pub tokens_void_until: Option<OffsetDateTime>,
    /// Counts updates, as the account's `ETag` shows.
    pub version: i64,
}

/// A program of a tenant.
#[derive(Clone, Debug)]
pub struct ServiceAccount(ServiceAccountRecord);

impl ServiceAccount {
    /// The account that storage kept, or that the service has just made.
    #[must_use]
    pub const fn restore(record: ServiceAccountRecord) -> Self {
        Self(record)
    }

    /// Everything storage keeps.
    #[must_use]
    pub const fn record(&self) -> &ServiceAccountRecord {
        &self.0
    }

    /// Which one.
    #[must_use]
    pub const fn id(&self) -> ServiceAccountId {
        self.0.id
    }

    /// What the tenant calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// What it may do, at most what an owner may.
    #[must_use]
    pub const fn permissions(&self) -> &PermissionSet {
        &self.0.permissions
    }

    /// Counts updates.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.0.version
    }

    /// True while it may act: neither deactivated nor removed.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.0.deactivated_at.is_none() && self.0.removed_at.is_none()
    }

    /// True once removed.
    #[must_use]
    pub const fn is_removed(&self) -> bool {
        self.0.removed_at.is_some()
    }

    /// True when one of its good secrets is the shown one. All are compared, each in constant time.
    #[must_use]
    pub fn admits(&self, shown: &Fingerprint, now: OffsetDateTime) -> bool {
        self.0.secrets.iter().fold(false, |found, secret| {
            found | (secret.fingerprint.matches(shown) & secret.is_good(now))
        })
    }

    /// True when a token of it that was issued then is not void.
    #[must_use]
    pub fn honours(&self, jti: Uuid, issued_at: OffsetDateTime) -> bool {
        self.is_active()
            && self.0.tokens_void_until.is_none_or(|until| issued_at > until)
            && !self.0.revoked_tokens.iter().any(|revoked| revoked.jti == jti)
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

    /// The account as it is once its update is stored.
    #[must_use]
    pub const fn stored(mut self) -> Self {
        self.0.version += 1;
        self
    }

    /// Calls it something else.
    pub fn rename(&mut self, name: KeyName) {
        self.0.name = name;
    }

    /// Lets it do this from now on, and nothing else.
    pub fn allow(&mut self, permissions: PermissionSet) {
        self.0.permissions = permissions;
    }

    /// Lets it do nothing for now. The first time counts.
    pub fn deactivate(&mut self, now: OffsetDateTime) {
        self.0.deactivated_at.get_or_insert(now);
    }

    /// Lets it act again. Tokens of before stay void, as they were while it could do nothing.
    pub fn reactivate(&mut self, now: OffsetDateTime) {
        if self.0.deactivated_at.take().is_some() {
            self.0.tokens_void_until = Some(now);
        }
    }

    /// Removes it. The first time counts.
    pub fn remove(&mut self, now: OffsetDateTime) {
        self.0.removed_at.get_or_insert(now);
        self.0.secrets.clear();
    }

    /// How many of its secrets are good.
    #[must_use]
    pub fn good_secrets(&self, now: OffsetDateTime) -> usize {
        self.0.secrets.iter().filter(|secret| secret.is_good(now)).count()
    }

    /// Adds a secret. With an overlap the others are good until then at most; those whose time is over are dropped.
    pub fn add_secret(&mut self, secret: ClientSecret, others_until: Option<OffsetDateTime>, now: OffsetDateTime) {
        if let Some(until) = others_until {
            for other in &mut self.0.secrets {
                other.expires_at = Some(other.expires_at.map_or(until, |end| end.min(until)));
            }
        }
        self.0.secrets.retain(|other| other.is_good(now));
        self.0.secrets.push(secret);
    }

    /// Drops a secret at once; false when it has none of that name.
    pub fn drop_secret(&mut self, id: ClientSecretId) -> bool {
        let before = self.0.secrets.len();
        self.0.secrets.retain(|secret| secret.id != id);
        self.0.secrets.len() < before
    }

    /// Voids one token before its time.
    pub fn revoke_token(&mut self, token: RevokedToken, now: OffsetDateTime) {
        self.0
            .revoked_tokens
            .retain(|known| known.until > now && known.jti != token.jti);
        if self.0.revoked_tokens.len() >= MAX_REVOKED {
            self.0.revoked_tokens.clear();
            self.0.tokens_void_until = Some(now);
        } else {
            self.0.revoked_tokens.push(token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixtures::{NOW, service_account};
    use time::Duration;

    fn secret(number: u8) -> ClientSecret {
        ClientSecret {
            id: ClientSecretId::from_uuid(Uuid::from_u128(number.into())),
            fingerprint: Fingerprint::from_bytes([number; 32]),
            hint: String::new(),
            created_at: NOW,
            expires_at: None,
        }
    }

    fn shown(number: u8) -> Fingerprint {
        Fingerprint::from_bytes([number; 32])
    }

    #[test]
    fn an_old_secret_is_good_until_its_overlap_is_over() {
        let mut account = service_account(1);
        account.add_secret(secret(1), None, NOW);
        let end = NOW + Duration::HOUR;
        account.add_secret(secret(2), Some(end), NOW);

        for (number, now, good) in [
            (1, end - Duration::SECOND, true),
            (1, end, false),
            (2, end, true),
            (3, NOW, false),
        ] {
            assert_eq!(account.admits(&shown(number), now), good, "{number} at {now}");
        }
        account.add_secret(secret(3), None, end);
        assert_eq!((account.record().secrets.len(), account.good_secrets(end)), (2, 2));
        assert!(account.drop_secret(secret(2).id) && !account.drop_secret(secret(2).id));
        assert!(!account.admits(&shown(2), NOW));
    }

    #[test]
    fn a_later_overlap_never_lengthens_an_earlier_one() {
        let mut account = service_account(1);
        account.add_secret(secret(1), None, NOW);
        account.add_secret(secret(2), Some(NOW + Duration::HOUR), NOW);
        account.add_secret(secret(3), Some(NOW + Duration::DAY), NOW);

        assert!(!account.admits(&shown(1), NOW + Duration::HOUR));
        assert!(account.admits(&shown(2), NOW + Duration::HOUR));
    }

    #[test]
    fn tokens_are_void_when_revoked_and_while_and_before_it_was_inactive() {
        let mut account = service_account(1);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let until = NOW + Duration::minutes(10);
        account.revoke_token(RevokedToken { jti: one, until }, NOW);

        assert!(!account.honours(one, NOW) && account.honours(other, NOW));
        account.deactivate(NOW);
        assert!(!account.honours(other, NOW));
        account.reactivate(NOW + Duration::SECOND);
        assert!(!account.honours(other, NOW) && account.honours(other, NOW + Duration::seconds(2)));
    }

    #[test]
    fn what_is_remembered_of_revoked_tokens_is_bounded() {
        let mut account = service_account(1);
        let until = NOW + Duration::minutes(10);
        for number in 0..=100 {
            let jti = Uuid::from_u128(number);
            account.revoke_token(RevokedToken { jti, until }, NOW);
            assert!(!account.honours(jti, NOW), "{number}");
        }
        assert!(account.record().revoked_tokens.len() <= MAX_REVOKED);
        // Those that were remembered first are void still.
        assert!(!account.honours(Uuid::from_u128(0), NOW));
    }
}
