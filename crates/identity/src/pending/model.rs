//! A pending sign-in and the text that goes on with it.

use tenantry_kernel::id::{MembershipId, SessionId, UserId};
use tenantry_kernel::{Cipher, TenantId, typed_id};
use time::{Duration, OffsetDateTime};

use crate::fingerprint::Fingerprint;
use crate::passkey::Challenge;
use crate::person_text::{PersonText, TextKind};
use crate::session::Methods;

typed_id!(
    /// One pending sign-in.
    PendingSignInId
);

/// How long a sign-in may be pending (ASVS 6.5: ten minutes at most).
pub const PENDING_LIFE: Duration = Duration::minutes(10);

/// The kind of [`PendingText`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingKind;

impl TextKind for PendingKind {
    const PREFIX: &'static str = "mfa";
    const CONTEXT: &'static str = "pending-sign-in";
}

/// The text of a pending sign-in: `mfa_<user>_<secret>`. It is worth nothing anywhere else.
pub type PendingText = PersonText<PendingKind>;

impl PendingText {
    /// What a passkey signs to go on with it: nothing else, and once, as the text is good once.
    #[must_use]
    pub fn challenge(&self, cipher: &dyn Cipher) -> Challenge {
        Challenge::of_secret(cipher, self.secret())
    }
}

/// What a sign-in waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A second factor is to be shown.
    Factor,
    /// There is none yet, and the tenant wants one: it is to be enrolled.
    Enrolment,
    /// The password was right and does not do any more: another one is to be chosen.
    Password,
}

impl Missing {
    /// The name in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Factor => "factor",
            Self::Enrolment => "enrolment",
            Self::Password => "password",
        }
    }

    /// What has that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Factor, Self::Enrolment, Self::Password]
            .into_iter()
            .find(|missing| missing.as_str() == name)
    }
}

/// A pending sign-in as it is stored.
#[derive(Clone, Debug)]
pub struct PendingSignIn {
    /// Which one.
    pub id: PendingSignInId,
    /// Whose.
    pub user: UserId,
    /// Of its secret.
    pub fingerprint: Fingerprint,
    /// What it waits for.
    pub missing: Missing,
    /// What was shown already.
    pub methods: Methods,
    /// Which rule the password does not meet any more, by its code: another one is chosen before the person is in.
    pub outgrown: Option<String>,
    /// Where it leads.
    pub seat: Option<(TenantId, MembershipId)>,
    /// The session it goes on from, when the person switches tenants.
    pub session: Option<SessionId>,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// When it was used, if it was.
    pub used_at: Option<OffsetDateTime>,
    /// Wrong factors that were shown with it.
    pub failures: u32,
}

impl PendingSignIn {
    /// Wrong factors after which it is worth nothing: sign in again.
    pub const MAX_FAILURES: u32 = 10;

    /// A sign-in that waits from now on.
    #[must_use]
    pub fn begin(
        id: PendingSignInId,
        text: &PendingText,
        (missing, methods): (Missing, Methods),
        seat: Option<(TenantId, MembershipId)>,
        session: Option<SessionId>,
        cipher: &dyn Cipher,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            user: text.user(),
            fingerprint: text.fingerprint(cipher),
            missing,
            methods,
            outgrown: None,
            seat,
            session,
            expires_at: now + PENDING_LIFE,
            used_at: None,
            failures: 0,
        }
    }

    /// The same for somebody whose password does not meet the rule of this code any more.
    #[must_use]
    pub fn outgrown(self, rule: Option<&str>) -> Self {
        Self {
            outgrown: rule.map(str::to_owned),
            ..self
        }
    }

    /// True while somebody may go on with it.
    #[must_use]
    pub fn is_good(&self, now: OffsetDateTime) -> bool {
        self.used_at.is_none() && now < self.expires_at && self.failures < Self::MAX_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::session::Method;
    use crate::testing::PlainCipher;
    use tenantry_kernel::testing::CountingEntropy;

    fn pending(now: OffsetDateTime) -> (PendingText, PendingSignIn) {
        let text = PendingText::mint(UserId::from_uuid(Uuid::from_u128(1)), &CountingEntropy::default());
        let id = PendingSignInId::from_uuid(Uuid::from_u128(2));
        let what = (Missing::Factor, Method::Password.into());
        let pending = PendingSignIn::begin(id, &text, what, None, None, &PlainCipher, now);
        (text, pending)
    }

    #[test]
    fn a_text_is_read_as_it_was_written() {
        let (text, pending) = pending(OffsetDateTime::UNIX_EPOCH);
        let read = PendingText::parse(text.to_text().expose()).unwrap();

        assert_eq!(read, text);
        assert!(pending.fingerprint.matches(&read.fingerprint(&PlainCipher)));
        assert_eq!(read.challenge(&PlainCipher), text.challenge(&PlainCipher));
        for wrong in ["", "mfa", "mfa_1_2", &text.to_text().expose().replace("mfa", "dev")] {
            assert_eq!(PendingText::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn it_is_good_once_for_ten_minutes_and_ten_mistakes() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let (_, mut pending) = pending(now);

        assert!(pending.is_good(now) && !pending.is_good(now + PENDING_LIFE));
        pending.failures = PendingSignIn::MAX_FAILURES - 1;
        assert!(pending.is_good(now));
        pending.failures += 1;
        assert!(!pending.is_good(now));
        pending.failures = 0;
        pending.used_at = Some(now);
        assert!(!pending.is_good(now));
    }
}
