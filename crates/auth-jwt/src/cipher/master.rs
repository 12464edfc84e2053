//! The installation's master key.

use std::fmt;

use tenantry_kernel::Entropy;

/// 32 random bytes that everything sealed or fingerprinted depends on. Losing it loses those values.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

/// The text is no master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMasterKey {
    /// Not 64 hexadecimal digits.
    #[error("a master key is 64 hexadecimal digits, such as `openssl rand -hex 32` prints")]
    Form,
    /// 64 digits that nobody drew at random.
    #[error("the master key is not random: use what `openssl rand -hex 32` prints")]
    Weak,
}

/// Fewer different bytes than this among 32 random ones happen less than once in 10¹⁵ times.
const LEAST_DIFFERENT: usize = 16;

impl MasterKey {
    /// Wraps bytes that were drawn at random.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Draws a fresh key.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads what [`MasterKey::to_text`] wrote, or an operator chose.
    ///
    /// # Errors
    /// [`InvalidMasterKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidMasterKey> {
        let digits = text.trim().as_bytes();
        if digits.len() != 64 {
            return Err(InvalidMasterKey::Form);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().try_fold(0_u8, |value, digit| {
                let nibble = char::from(*digit).to_digit(16).ok_or(InvalidMasterKey::Form)?;
                let nibble = u8::try_from(nibble).map_err(|_| InvalidMasterKey::Form)?;
                Ok(value << 4 | nibble)
            })?;
        }
        let mut different = bytes.to_vec();
        different.sort_unstable();
        different.dedup();
        if different.len() < LEAST_DIFFERENT {
            return Err(InvalidMasterKey::Weak);
        }
        Ok(Self(bytes))
    }

    /// The key as text, to be written where only the program reads it.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            text.extend([byte >> 4, byte & 15].map(|nibble| char::from_digit(nibble.into(), 16).unwrap_or('0')));
            text
        })
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    #[test]
    fn a_generated_key_is_read_back() {
        let key = MasterKey::generate(&SystemEntropy);

        let read = MasterKey::parse(&format!("{}\n", key.to_text())).unwrap();

        assert_eq!(read.as_bytes(), key.as_bytes());
        assert!(!format!("{key:?}").contains(&key.to_text()[..8]));
    }

    #[test]
    fn other_forms_and_weak_keys_are_refused() {
        for (text, why) in [
            ("", InvalidMasterKey::Form),
            ("secret", InvalidMasterKey::Form),
            (&"g".repeat(64), InvalidMasterKey::Form),
            (&"é".repeat(32), InvalidMasterKey::Form),
            (&"+1".repeat(32), InvalidMasterKey::Form),
            (&"00".repeat(32), InvalidMasterKey::Weak),
            (&"0123456789abcdef".repeat(4), InvalidMasterKey::Weak),
        ] {
            assert_eq!(MasterKey::parse(text).unwrap_err(), why, "{text}");
        }
    }
}
