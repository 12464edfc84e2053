//! One-time tokens, their texts and their lives.

use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::{Cipher, Entropy, Secret, TenantId, typed_id};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::base62;
use crate::fingerprint::Fingerprint;

typed_id!(
    /// One one-time token.
    OneTimeTokenId
);

/// What a one-time token is good for; never for anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Set the first password.
    SetPassword,
    /// Set a new password after forgetting the old one.
    ResetPassword,
    /// Prove that mail at the address is read.
    VerifyEmail,
    /// Accept an invitation into a tenant.
    Invitation,
    /// Take a tenant over.
    OwnershipTransfer,
    /// Sign in.
    MagicLink,
    /// Prove an address and make it the primary one.
    ChangeEmail,
    /// Bring the former primary address back.
    UndoEmailChange,
    /// Call the erasure of oneself off.
    KeepAccount,
    /// Let another account of the same human take this one in.
    MergeAccounts,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 10] = [
        Self::SetPassword,
        Self::ResetPassword,
        Self::VerifyEmail,
        Self::Invitation,
        Self::OwnershipTransfer,
        Self::MagicLink,
        Self::ChangeEmail,
        Self::UndoEmailChange,
        Self::KeepAccount,
        Self::MergeAccounts,
    ];

    /// The purpose as storage names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetPassword => "set_password",
            Self::ResetPassword => "reset_password",
            Self::VerifyEmail => "verify_email",
            Self::Invitation => "invitation",
            Self::OwnershipTransfer => "ownership_transfer",
            Self::MagicLink => "magic_link",
            Self::ChangeEmail => "change_email",
            Self::UndoEmailChange => "undo_email_change",
            Self::KeepAccount => "keep_account",
            Self::MergeAccounts => "merge_accounts",
        }
    }

    /// The purpose of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }

    /// How long a token for it is good.
    #[must_use]
    pub const fn life(self) -> Duration {
        match self {
            // ASVS 6.5: ten minutes at most for what signs somebody in.
            Self::MagicLink => Duration::minutes(10),
            Self::ResetPassword | Self::MergeAccounts => Duration::hours(1),
            Self::VerifyEmail | Self::ChangeEmail => Duration::hours(24),
            Self::UndoEmailChange => Duration::hours(72),
            Self::SetPassword | Self::Invitation | Self::OwnershipTransfer => Duration::days(7),
            Self::KeepAccount => Duration::days(14),
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::SetPassword => "setpw",
            Self::ResetPassword => "resetpw",
            Self::VerifyEmail => "verify",
            Self::Invitation => "invite",
            Self::OwnershipTransfer => "owner",
            Self::MagicLink => "link",
            Self::ChangeEmail => "newmail",
            Self::UndoEmailChange => "oldmail",
            Self::KeepAccount => "keep",
            Self::MergeAccounts => "merge",
        }
    }
}

/// The text of a one-time token: `<purpose>_<user and tenant>_<secret>`. The ids are open, so that a
/// look-up is pinned first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeText {
    purpose: Purpose,
    user: UserId,
    tenant: Option<TenantId>,
    secret: Secret<[u8; 32]>,
}

impl OneTimeText {
    /// A fresh text.
    #[must_use]
    pub fn mint(purpose: Purpose, user: UserId, tenant: Option<TenantId>, entropy: &dyn Entropy) -> Self {
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        Self {
            purpose,
            user,
            tenant,
            secret: Secret::new(secret),
        }
    }

    /// Reads a text; `None` when it is not even shaped like one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let (prefix, ids, secret) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.prefix() == prefix)?;
        let (user, tenant) = if ids.len() == base62::width(16) {
            (base62::decode::<16>(ids)?, None)
        } else {
            let [user, tenant] = base62::decode_pair(ids)?;
            (user, Some(TenantId::from_uuid(Uuid::from_bytes(tenant))))
        };
        Some(Self {
            purpose,
            user: UserId::from_uuid(Uuid::from_bytes(user)),
            tenant,
            secret: Secret::new(base62::decode(secret)?),
        })
    }

    /// What it says it is good for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Whose it says it is.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// Of which tenant it says it is.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }

    /// The text to mail, once.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        let user = self.user.as_uuid();
        let ids = self.tenant.map_or_else(
            || base62::encode(user.as_bytes()),
            |tenant| base62::encode_pair(user.as_bytes(), tenant.as_uuid().as_bytes()),
        );
        let secret = base62::encode(self.secret.expose());
        Secret::new(format!("{}_{ids}_{secret}", self.purpose.prefix()))
    }

    /// How it is stored and looked up. Covers the whole text: another purpose or id is another token.
    #[must_use]
    pub fn fingerprint(&self, cipher: &dyn Cipher) -> Fingerprint {
        Fingerprint::of(cipher, "one-time-token", self.to_text().expose().as_bytes())
    }
}

/// A one-time token as it is stored.
#[derive(Clone, Debug)]
pub struct OneTimeToken {
    /// Which token.
    pub id: OneTimeTokenId,
    /// Whose.
    pub user: UserId,
    /// The tenant it concerns, for invitations and transfers of ownership.
    pub tenant: Option<TenantId>,
    /// The membership it concerns, for invitations and transfers of ownership.
    pub membership: Option<MembershipId>,
    /// What it is good for.
    pub purpose: Purpose,
    /// Of the text.
    pub fingerprint: Fingerprint,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// When it was used or revoked, if it was.
    pub used_at: Option<OffsetDateTime>,
    /// What else it concerns: an address of the person, or whom it is to be handed to.
    pub subject: Option<Uuid>,
}

/// Whether a token is still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// Use it.
    Good,
    /// Used already, or revoked.
    Spent,
    /// Too late.
    Expired,
}

impl OneTimeToken {
    /// A token for what `text` says, good from now for as long as its purpose allows.
    #[must_use]
    pub fn issue(
        id: OneTimeTokenId,
        text: &OneTimeText,
        membership: Option<MembershipId>,
        cipher: &dyn Cipher,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            user: text.user,
            tenant: text.tenant,
            membership,
            purpose: text.purpose,
            fingerprint: text.fingerprint(cipher),
            expires_at: now + text.purpose.life(),
            used_at: None,
            subject: None,
        }
    }

    /// The same, concerning something else of the person too.
    #[must_use]
    pub const fn concerning(mut self, subject: Option<Uuid>) -> Self {
        self.subject = subject;
        self
    }

    /// Whether it is good at `now`.
    #[must_use]
    pub fn state(&self, now: OffsetDateTime) -> TokenState {
        if self.used_at.is_some() {
            TokenState::Spent
        } else if now >= self.expires_at {
            TokenState::Expired
        } else {
            TokenState::Good
        }
    }
}

#[cfg(test)]
mod tests;
