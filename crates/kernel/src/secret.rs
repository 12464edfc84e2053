//! Secrets: never printed, sealed at rest.

use std::fmt;

/// A value that `Debug` and logs never show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret itself. Call it where it is used, not earlier.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Gives the secret away.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The sealed bytes were not made by this cipher, for this context, under this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value cannot be opened")]
pub struct CannotOpen;

/// Seals values at rest (AEAD) and fingerprints secrets (keyed hash), under the installation's master key.
pub trait Cipher: Send + Sync {
    /// Seals `plain`; only the same `context` opens it again.
    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8>;

    /// Opens what [`Cipher::seal`] sealed under the same context.
    ///
    /// # Errors
    /// [`CannotOpen`].
    fn open(&self, context: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, CannotOpen>;

    /// HMAC-SHA256 of `value` under a key derived for `context`: how tokens and keys are stored.
    fn fingerprint(&self, context: &str, value: &[u8]) -> [u8; 32];
}
