//! Challenges: what a passkey signs. The state of a ceremony travels sealed with the client, so that any node can finish
//! what another began; that it is used once is decided where the person's rows are.

use tenantry_kernel::id::UserId;
use tenantry_kernel::{Cipher, Entropy, Secret};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::fingerprint::Fingerprint;

/// How long a ceremony may take.
pub const CHALLENGE_LIFE: Duration = Duration::minutes(5);

/// The context under which states are sealed.
const SEALED_AS: &str = "passkey-ceremony";
/// The longest text that is looked at.
const LONGEST: usize = 512;

/// What a passkey is to sign: 256 bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// A fresh one.
    #[must_use]
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// The one that belongs to a secret which the client holds and which is good once.
    #[must_use]
    pub fn of_secret(cipher: &dyn Cipher, secret: &[u8]) -> Self {
        Self(cipher.fingerprint("passkey-challenge", secret))
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The challenge with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Challenge(…)")
    }
}

/// What a ceremony is for; a state is good for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// This person registers a passkey.
    Register(UserId),
    /// Somebody signs in.
    SignIn,
    /// Somebody who gave an address signs in. Whether it leads to a person is not told: without one, this is nobody.
    SignInAs(UserId),
}

impl Occasion {
    const fn mark(self) -> u8 {
        match self {
            Self::Register(_) => 1,
            Self::SignIn => 2,
            Self::SignInAs(_) => 3,
        }
    }

    const fn user(self) -> UserId {
        match self {
            Self::Register(user) | Self::SignInAs(user) => user,
            Self::SignIn => UserId::from_uuid(Uuid::nil()),
        }
    }
}

/// The state of a ceremony between its beginning and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeState {
    /// What it is for.
    pub occasion: Occasion,
    /// What is signed.
    pub challenge: Challenge,
    /// Until when.
    pub expires_at: OffsetDateTime,
}

impl ChallengeState {
    /// A ceremony that begins now.
    #[must_use]
    pub fn begin(occasion: Occasion, entropy: &dyn Entropy, now: OffsetDateTime) -> Self {
        let expires_at = now + CHALLENGE_LIFE;
        Self {
            occasion,
            challenge: Challenge::draw(entropy),
            // Whole seconds are what is kept.
            expires_at: expires_at.replace_nanosecond(0).unwrap_or(expires_at),
        }
    }

    /// The text that the client keeps meanwhile. Occasion, person, challenge and time are sealed together.
    #[must_use]
    pub fn seal(&self, cipher: &dyn Cipher) -> Secret<String> {
        let plain = [
            [self.occasion.mark()].as_slice(),
            self.occasion.user().as_uuid().as_bytes(),
            self.challenge.as_bytes(),
            &self.expires_at.unix_timestamp().to_be_bytes(),
        ]
        .concat();
        let sealed = cipher.seal(SEALED_AS, &plain);
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
        Secret::new(
            sealed
                .iter()
                .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
                .collect(),
        )
    }

    /// The state that was sealed; `None` for every text that is not one of ours, or is over at `now`.
    #[must_use]
    pub fn open(text: &str, cipher: &dyn Cipher, now: OffsetDateTime) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let plain = cipher.open(SEALED_AS, &unhex(text)?).ok()?;
        let plain = plain.expose().as_slice();
        let (mark, plain) = plain.split_first()?;
        let (user, plain) = plain.split_first_chunk::<16>()?;
        let (challenge, plain) = plain.split_first_chunk::<32>()?;
        let expires_at = i64::from_be_bytes(plain.try_into().ok()?);
        let user = UserId::from_uuid(Uuid::from_bytes(*user));
        let occasion = match mark {
            1 => Occasion::Register(user),
            2 => Occasion::SignIn,
            3 => Occasion::SignInAs(user),
            _ => return None,
        };
        let expires_at = OffsetDateTime::from_unix_timestamp(expires_at).ok()?;
        (now < expires_at).then_some(Self {
            occasion,
            challenge: Challenge::from_bytes(*challenge),
            expires_at,
        })
    }

    /// How it is marked as used up.
    #[must_use]
    pub fn fingerprint(&self, cipher: &dyn Cipher) -> Fingerprint {
        Fingerprint::of(cipher, "spent-challenge", self.challenge.as_bytes())
    }
}

/// Only what [`ChallengeState::seal`] writes: two lower-case digits per byte.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::PlainCipher;
    use tenantry_kernel::testing::CountingEntropy;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn a_state_comes_back_from_the_client_as_it_went() {
        for occasion in [
            Occasion::Register(user(7)),
            Occasion::SignIn,
            Occasion::SignInAs(user(8)),
        ] {
            let state = ChallengeState::begin(occasion, &CountingEntropy::default(), NOW);
            let text = state.seal(&PlainCipher).into_inner();

            assert_eq!(ChallengeState::open(&text, &PlainCipher, NOW), Some(state));
            assert_eq!(ChallengeState::open(&text, &PlainCipher, NOW + CHALLENGE_LIFE), None);
        }
    }

    #[test]
    fn other_texts_are_no_states() {
        let state = ChallengeState::begin(Occasion::SignIn, &CountingEntropy::default(), NOW);
        let text = state.seal(&PlainCipher).into_inner();
        let turned = if text.starts_with('0') { '1' } else { '0' };

        for wrong in [
            String::new(),
            "é".to_owned(),
            "00".to_owned(),
            text[..text.len() - 1].to_owned(),
            format!("{turned}{}", &text[1..]),
            text.to_uppercase(),
            "f".repeat(10_000),
        ] {
            assert_eq!(ChallengeState::open(&wrong, &PlainCipher, NOW), None, "{wrong}");
        }
    }
}
