//! Recovery codes: for the day when the telephone is gone.

use tenantry_kernel::id::UserId;
use tenantry_kernel::{Cipher, Entropy, Secret, typed_id};
use time::OffsetDateTime;

use super::base32;
use crate::fingerprint::Fingerprint;

/// How many are handed out at a time.
pub const RECOVERY_CODES: usize = 10;
/// Bytes of a code: 80 bits, beyond any guessing.
const BYTES: usize = 10;
/// Characters between two dashes.
const GROUP: usize = 4;

typed_id!(
    /// One recovery code.
    RecoveryCodeId
);

/// A recovery code as it is stored. Its text is shown once and kept nowhere.
#[derive(Clone, Debug)]
pub struct RecoveryCode {
    /// Which code.
    pub id: RecoveryCodeId,
    /// Of the text.
    pub fingerprint: Fingerprint,
    /// Since when.
    pub created_at: OffsetDateTime,
}

impl RecoveryCode {
    /// A fresh code, and its text to show once: `abcd-efgh-ijkl-mnop`.
    #[must_use]
    pub fn mint(
        id: RecoveryCodeId,
        user: UserId,
        cipher: &dyn Cipher,
        entropy: &dyn Entropy,
        now: OffsetDateTime,
    ) -> (Self, Secret<String>) {
        let mut bytes = [0; BYTES];
        entropy.fill(&mut bytes);
        let letters: Vec<char> = base32::encode(&bytes).to_lowercase().chars().collect();
        let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
        let text = groups.join("-");
        let code = Self {
            id,
            fingerprint: fingerprint(cipher, user, &text),
            created_at: now,
        };
        (code, Secret::new(text))
    }
}

/// How a typed code is looked up. Dashes, spaces and capitals do not matter; the person does.
#[must_use]
pub fn fingerprint(cipher: &dyn Cipher, user: UserId, typed: &str) -> Fingerprint {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|letter| letter.to_ascii_lowercase()).take(64).collect();
    let owned = [user.as_uuid().as_bytes().as_slice(), letters.as_bytes()].concat();
    Fingerprint::of(cipher, "recovery-code", &owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::PlainCipher;
    use tenantry_kernel::testing::CountingEntropy;
    use uuid::Uuid;

    #[test]
    fn a_code_is_known_however_it_is_typed_and_only_for_its_person() {
        let user = |number| UserId::from_uuid(Uuid::from_u128(number));
        let id = RecoveryCodeId::from_uuid(Uuid::from_u128(1));
        let now = OffsetDateTime::UNIX_EPOCH;
        let (code, text) = RecoveryCode::mint(id, user(1), &PlainCipher, &CountingEntropy::default(), now);
        let text = text.into_inner();

        assert_eq!(text.len(), 19);
        for typed in [
            text.clone(),
            text.to_uppercase(),
            text.replace('-', " "),
            text.replace('-', ""),
        ] {
            assert!(
                code.fingerprint.matches(&fingerprint(&PlainCipher, user(1), &typed)),
                "{typed}"
            );
        }
        assert!(!code.fingerprint.matches(&fingerprint(&PlainCipher, user(2), &text)));
        assert!(
            !code
                .fingerprint
                .matches(&fingerprint(&PlainCipher, user(1), &text[1..]))
        );
    }
}
