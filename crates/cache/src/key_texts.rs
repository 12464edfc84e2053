//! Texts of API keys that have been read.

use std::sync::Arc;

use aws_lc_rs::digest;
use tenantry_identity::api_key::{InvalidKeyText, KeyReader, ShownKey};

use crate::bounded::Bounded;

/// A [`KeyReader`] that reads each text once.
///
/// Texts are remembered by their SHA-256, never as they are, and only those whose checksum is right. Nothing ever makes
/// what a text tells wrong: whether there is such a key, and whether it is good, is asked every time.
pub struct ReadKeys {
    inner: Arc<dyn KeyReader>,
    read: Bounded<[u8; 32], ShownKey>,
}

impl ReadKeys {
    /// Remembers up to `capacity` texts.
    #[must_use]
    pub fn new(inner: Arc<dyn KeyReader>, capacity: usize) -> Self {
        Self {
            inner,
            read: Bounded::new(capacity),
        }
    }
}

impl KeyReader for ReadKeys {
    fn read(&self, text: &str) -> Result<ShownKey, InvalidKeyText> {
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        let Ok(place) = <[u8; 32]>::try_from(digest.as_ref()) else {
            return self.inner.read(text);
        };
        if let Some(known) = self.read.get(&place) {
            return Ok(known);
        }
        let shown = self.inner.read(text)?;
        self.read.insert(place, shown);
        Ok(shown)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tenantry_identity::fingerprint::Fingerprint;
    use tenantry_kernel::TenantId;
    use tenantry_kernel::id::ApiKeyId;
    use uuid::Uuid;

    use super::*;

    /// Takes numbers for keys.
    #[derive(Default)]
    struct Numbers(AtomicU32);

    impl KeyReader for Numbers {
        fn read(&self, text: &str) -> Result<ShownKey, InvalidKeyText> {
            self.0.fetch_add(1, Ordering::SeqCst);
            let number = text.parse().map_err(|_| InvalidKeyText)?;
            Ok(ShownKey {
                tenant: TenantId::from_uuid(Uuid::from_u128(number)),
                key: ApiKeyId::from_uuid(Uuid::from_u128(number)),
                fingerprint: Fingerprint::from_bytes([7; 32]),
            })
        }
    }

    #[test]
    fn a_text_is_read_once_and_junk_every_time() {
        let inner = Arc::new(Numbers::default());
        let keys = ReadKeys::new(inner.clone(), 10);

        for _ in 0..3 {
            assert_eq!(keys.read("1").unwrap().tenant.as_uuid().as_u128(), 1);
            assert_eq!(keys.read("2").unwrap().tenant.as_uuid().as_u128(), 2);
            assert!(keys.read("junk").is_err());
        }

        assert_eq!(inner.0.load(Ordering::SeqCst), 5);
    }
}
