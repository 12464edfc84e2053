//! Refresh tokens: their text, their successor, and what using one means.

use tenantry_kernel::id::SessionId;
use tenantry_kernel::{Cipher, typed_id};
use time::OffsetDateTime;

use super::model::{Session, SessionPolicy};
use crate::fingerprint::Fingerprint;
use crate::person_text::{PersonText, TextKind};

typed_id!(
    /// One refresh token.
    RefreshTokenId
);

/// The kind of [`RefreshText`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshKind;

impl TextKind for RefreshKind {
    const PREFIX: &'static str = "rt";
    const CONTEXT: &'static str = "refresh-token";
}

/// The text of a refresh token: `rt_<user>_<secret>`.
pub type RefreshText = PersonText<RefreshKind>;

impl RefreshText {
    /// The token that follows it: always the same one, so that two tabs that refresh at once agree.
    /// Only the installation's key can tell it, so a stolen old token does not give away the new one.
    #[must_use]
    pub fn successor(&self, cipher: &dyn Cipher) -> Self {
        Self::of(self.user(), cipher.fingerprint("refresh-next", self.secret()))
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
