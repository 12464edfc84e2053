//! Reading the keys that callers show.

use std::sync::Arc;

use tenantry_kernel::id::ApiKeyId;
use tenantry_kernel::{Cipher, TenantId};

use super::text::{ApiKeyText, InvalidKeyText};
use crate::fingerprint::Fingerprint;

/// What the text of a key tells, whether or not there is such a key.
#[derive(Clone, Copy, Debug)]
pub struct ShownKey {
    /// Of which tenant it says it is.
    pub tenant: TenantId,
    /// Which key it says it is.
    pub key: ApiKeyId,
    /// Of the whole text.
    pub fingerprint: Fingerprint,
}

/// Reads the texts of keys. What a text tells never changes, so it may be remembered.
pub trait KeyReader: Send + Sync {
    /// Reads a text.
    ///
    /// # Errors
    /// [`InvalidKeyText`] for anything that this program has not written.
    fn read(&self, text: &str) -> Result<ShownKey, InvalidKeyText>;
}

/// Reads every text anew.
pub struct PlainKeyReader(Arc<dyn Cipher>);

impl PlainKeyReader {
    /// Takes fingerprints with this cipher.
    #[must_use]
    pub fn new(cipher: Arc<dyn Cipher>) -> Self {
        Self(cipher)
    }
}

impl KeyReader for PlainKeyReader {
    fn read(&self, text: &str) -> Result<ShownKey, InvalidKeyText> {
        let text = ApiKeyText::parse(text)?;
        Ok(ShownKey {
            tenant: text.tenant(),
            key: text.key(),
            fingerprint: text.fingerprint(&*self.0),
        })
    }
}
