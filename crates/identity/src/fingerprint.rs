//! Fingerprints: how secrets are stored and compared.

use std::fmt;

use tenantry_kernel::Cipher;

/// A keyed hash of a secret. Compared in constant time only: it has no `PartialEq`.
#[derive(Clone, Copy)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Takes the fingerprint of `secret`; one context never matches another.
    #[must_use]
    pub fn of(cipher: &dyn Cipher, context: &str, secret: &[u8]) -> Self {
        Self(cipher.fingerprint(context, secret))
    }

    /// Wraps stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store or to look up by.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// True when both are of the same secret; takes the same time whether or not they are.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let different = self.0.iter().zip(other.0).fold(0_u8, |different, (left, right)| {
            std::hint::black_box(different | (left ^ right))
        });
        different == 0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_different_bit_anywhere_is_a_different_secret() {
        let one = Fingerprint::from_bytes([7; 32]);
        assert!(one.matches(&Fingerprint::from_bytes([7; 32])));

        for position in 0..32 {
            let mut bytes = [7; 32];
            bytes[position] ^= 0x80;
            assert!(!one.matches(&Fingerprint::from_bytes(bytes)), "byte {position}");
        }
    }
}
