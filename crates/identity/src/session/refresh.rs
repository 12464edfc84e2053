//! Refresh tokens: their text, their successor, and what using one means.

use tenantry_kernel::id::{SessionId, UserId};
use tenantry_kernel::{Cipher, Entropy, Secret, typed_id};
use time::OffsetDateTime;

use super::model::{Session, SessionPolicy};
use crate::base62;
use crate::fingerprint::Fingerprint;

typed_id!(
    /// One refresh token.
    RefreshTokenId
);

/// The text of a refresh token: `rt_<user>_<secret>`. The user is open, so that a look-up is pinned first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshText {
    user: UserId,
    secret: Secret<[u8; 32]>,
}

impl RefreshText {
    const PREFIX: &'static str = "rt";

    /// A fresh token for a new session.
    #[must_use]
    pub fn mint(user: UserId, entropy: &dyn Entropy) -> Self {
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        Self {
            user,
            secret: Secret::new(secret),
        }
    }

    /// Reads a token; `None` when it is not even shaped like one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let (prefix, user, secret) = (parts.next()?, parts.next()?, parts.next()?);
        if prefix != Self::PREFIX || parts.next().is_some() {
            return None;
        }
        Some(Self {
            user: UserId::from_uuid(uuid::Uuid::from_bytes(base62::decode(user)?)),
            secret: Secret::new(base62::decode(secret)?),
        })
    }

    /// Whose token it says it is.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// The text to hand out, once.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        let user = base62::encode(self.user.as_uuid().as_bytes());
        let secret = base62::encode(self.secret.expose());
        Secret::new(format!("{}_{user}_{secret}", Self::PREFIX))
    }

    /// How it is stored and looked up.
    #[must_use]
    pub fn fingerprint(&self, cipher: &dyn Cipher) -> Fingerprint {
        Fingerprint::of(cipher, "refresh-token", self.secret.expose())
    }

    /// The token that follows it: always the same one, so that two tabs that refresh at once agree.
    /// Only the installation's key can tell it, so a stolen old token does not give away the new one.
    #[must_use]
    pub fn successor(&self, cipher: &dyn Cipher) -> Self {
        Self {
            user: self.user,
            secret: Secret::new(cipher.fingerprint("refresh-next", self.secret.expose())),
        }
    }
}

/// A refresh token as it is stored.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// Which token.
    pub id: RefreshTokenId,
    /// Of which session; all tokens of a session are one family.
    pub session: SessionId,
    /// Of the secret.
    pub fingerprint: Fingerprint,
    /// Since when.
    pub issued_at: OffsetDateTime,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// When it was exchanged, if it was.
    pub used_at: Option<OffsetDateTime>,
}

/// What presenting a refresh token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshVerdict {
    /// Good: exchange it.
    Rotate,
    /// Exchanged a moment ago: answer with the same successor again.
    Replay,
    /// Exchanged before: two parties hold it, one of them a thief. The session ends.
    Stolen,
    /// The session or the token is over.
    Over,
}

impl RefreshToken {
    /// A token of `session`, issued now.
    #[must_use]
    pub fn issue(
        id: RefreshTokenId,
        session: &Session,
        fingerprint: Fingerprint,
        policy: &SessionPolicy,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            session: session.id(),
            fingerprint,
            issued_at: now,
            expires_at: session.refresh_until(policy, now),
            used_at: None,
        }
    }

    /// What presenting it at `now` means.
    #[must_use]
    pub fn judge(&self, session: &Session, policy: &SessionPolicy, now: OffsetDateTime) -> RefreshVerdict {
        if !session.is_live(policy, now) {
            return RefreshVerdict::Over;
        }
        match self.used_at {
            Some(used) if now < used + policy.replay_window => RefreshVerdict::Replay,
            Some(_) => RefreshVerdict::Stolen,
            None if now >= self.expires_at => RefreshVerdict::Over,
            None => RefreshVerdict::Rotate,
        }
    }
}

#[cfg(test)]
mod tests;
