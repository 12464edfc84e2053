//! Codes of an authenticator app: RFC 6238 with SHA-1, six digits and steps of thirty seconds, which is what every
//! app understands.

use tenantry_kernel::id::UserId;
use tenantry_kernel::{Cipher, Entropy, Secret, typed_id};
use time::{Duration, OffsetDateTime};

use super::base32;
use crate::user::BackOff;

/// Digits of a code.
pub const DIGITS: u32 = 6;
/// Seconds of a step (RFC 6238, section 4.1).
pub const STEP_S: i64 = 30;
/// Bytes of a secret: 160 bits, as RFC 4226, section 4 (R6), recommends.
pub const SECRET_BYTES: usize = 20;
/// Steps to either side that are accepted: clocks differ, and people type slowly (RFC 6238, section 5.2).
const DRIFT: i64 = 1;

/// The context under which secrets are sealed.
const SEALED_AS: &str = "totp-secret";

typed_id!(
    /// One enrolment of an authenticator app.
    TotpId
);

/// Computes one-time codes. Nothing but arithmetic; the adapter has the hash.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait OneTimeCodes: Send + Sync {
    /// The code of a step (RFC 4226, section 5.3, over HMAC-SHA-1), below one million.
    fn code(&self, secret: &[u8], step: i64) -> u32;
}

/// An authenticator app of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpFactor {
    /// Which enrolment.
    pub id: TotpId,
    /// Whose.
    pub user: UserId,
    /// The secret, sealed.
    pub sealed: Vec<u8>,
    /// Since when it counts; `None` until a first code was shown.
    pub confirmed_at: Option<OffsetDateTime>,
    /// The step of the last code that was accepted. None at or before it is accepted again.
    pub last_step: i64,
    /// Wrong codes since the last right one.
    pub failures: u32,
    /// Until when no code is looked at.
    pub locked_until: Option<OffsetDateTime>,
    /// When the secret was made.
    pub created_at: OffsetDateTime,
}

impl TotpFactor {
    /// Wrong codes before the first wait.
    pub const FREE_FAILURES: u32 = 5;
    /// The first wait; each further wrong code doubles it.
    pub const FIRST_DELAY: Duration = Duration::seconds(30);
    /// The longest wait.
    pub const LONGEST_DELAY: Duration = Duration::minutes(15);

    /// A fresh secret for a person. It does not count before it is confirmed.
    #[must_use]
    pub fn begin(id: TotpId, user: UserId, cipher: &dyn Cipher, entropy: &dyn Entropy, now: OffsetDateTime) -> Self {
        let mut plain = [0; 16 + SECRET_BYTES];
        let (owner, secret) = plain.split_at_mut(16);
        owner.copy_from_slice(user.as_uuid().as_bytes());
        entropy.fill(secret);
        Self {
            id,
            user,
            sealed: cipher.seal(SEALED_AS, &plain),
            confirmed_at: None,
            last_step: 0,
            failures: 0,
            locked_until: None,
            created_at: now,
        }
    }

    /// The secret; `None` when it was sealed for somebody else, or under another key.
    #[must_use]
    pub fn secret(&self, cipher: &dyn Cipher) -> Option<Secret<Vec<u8>>> {
        let plain = cipher.open(SEALED_AS, &self.sealed).ok()?;
        let secret = plain.expose().strip_prefix(self.user.as_uuid().as_bytes())?;
        Some(Secret::new(secret.to_vec()))
    }

    /// The secret as people type it.
    #[must_use]
    pub fn written(secret: &[u8]) -> Secret<String> {
        Secret::new(base32::encode(secret))
    }

    /// Passes when a code may be looked at now.
    ///
    /// # Errors
    /// [`BackOff`] after too many wrong ones.
    pub fn attempt(&self, now: OffsetDateTime) -> Result<(), BackOff> {
        BackOff::until(self.locked_until, now)
    }

    /// A code was wrong.
    pub fn failed(&mut self, now: OffsetDateTime) {
        self.failures = self.failures.saturating_add(1);
        let beyond = self.failures.checked_sub(Self::FREE_FAILURES);
        // 2^5 × 30 s is above the longest delay already; the cap keeps the shift small.
        let delay = beyond.map(|beyond| (Self::FIRST_DELAY * (1_i32 << beyond.min(5))).min(Self::LONGEST_DELAY));
        self.locked_until = delay.map(|delay| now + delay);
    }
}

/// The step whose code this is: of now, or of one step to either side. The newest, where two have the same code.
/// Whether it was used before is not asked here: one conditional update decides.
#[must_use]
pub fn matching_step(codes: &dyn OneTimeCodes, secret: &[u8], typed: &str, now: OffsetDateTime) -> Option<i64> {
    let digits: String = typed.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if digits.len() != usize::try_from(DIGITS).ok()? || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let code: u32 = digits.parse().ok()?;
    let step = now.unix_timestamp().div_euclid(STEP_S);
    // Each step is compared, so that the time tells nothing of which one it was.
    (step - DRIFT..=step + DRIFT).fold(None, |found, step| {
        let right = std::hint::black_box(codes.code(secret, step) ^ code) == 0;
        if right { Some(step) } else { found }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::PlainCipher;
    use tenantry_kernel::testing::CountingEntropy;
    use time::macros::datetime;
    use uuid::Uuid;

    const NOW: OffsetDateTime = datetime!(2026-03-01 12:00:10 UTC);

    fn step() -> i64 {
        NOW.unix_timestamp() / STEP_S
    }

    fn codes() -> MockOneTimeCodes {
        let mut codes = MockOneTimeCodes::new();
        codes
            .expect_code()
            .returning(|_, step| u32::try_from(step.rem_euclid(1_000_000)).unwrap());
        codes
    }

    fn typed(step: i64) -> String {
        format!("{:06}", step.rem_euclid(1_000_000))
    }

    #[test]
    fn codes_of_the_step_before_and_after_are_right_and_no_others() {
        for (shift, right) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = matching_step(&codes(), b"", &typed(step() + shift), NOW);
            assert_eq!(found, right.then_some(step() + shift), "{shift}");
        }
    }

    #[test]
    fn a_code_is_six_digits_and_people_may_leave_spaces() {
        let spaced = format!("{} {}", &typed(step())[..3], &typed(step())[3..]);
        assert_eq!(matching_step(&codes(), b"", &spaced, NOW), Some(step()));
        for wrong in ["", "12345", "1234567", "12345a", "+12345", "１２３４５６"] {
            assert_eq!(matching_step(&codes(), b"", wrong, NOW), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_sealed_for_its_person() {
        let user = |number| UserId::from_uuid(Uuid::from_u128(number));
        let id = TotpId::from_uuid(Uuid::from_u128(1));
        let factor = TotpFactor::begin(id, user(1), &PlainCipher, &CountingEntropy::default(), NOW);
        let stolen = TotpFactor {
            user: user(2),
            ..factor.clone()
        };

        assert_eq!(factor.secret(&PlainCipher).unwrap().expose().len(), SECRET_BYTES);
        assert!(stolen.secret(&PlainCipher).is_none());
    }

    #[test]
    fn wrong_codes_wait_longer_and_longer_and_never_for_good() {
        let id = TotpId::from_uuid(Uuid::from_u128(1));
        let user = UserId::from_uuid(Uuid::from_u128(1));
        let mut factor = TotpFactor::begin(id, user, &PlainCipher, &CountingEntropy::default(), NOW);
        for _ in 1..TotpFactor::FREE_FAILURES {
            factor.failed(NOW);
            assert!(factor.attempt(NOW).is_ok());
        }
        factor.failed(NOW);
        assert_eq!(factor.attempt(NOW).unwrap_err().retry_after_s, 30);
        assert!(factor.attempt(NOW + TotpFactor::FIRST_DELAY).is_ok());
        factor.failed(NOW);
        assert_eq!(factor.attempt(NOW).unwrap_err().retry_after_s, 60);
        for _ in 0..100 {
            factor.failed(NOW);
        }
        assert_eq!(factor.attempt(NOW).unwrap_err().retry_after_s, 900);
    }
}
