//! Sealing and fingerprinting under the installation's master key.
//!
//! Each use (`seal` or `fingerprint`) and each context has a key of its own, derived by HKDF-SHA256
//! (RFC 5869). Sealed values are `version ‖ nonce ‖ AES-256-GCM ciphertext and tag`, with version and
//! context authenticated; fingerprints are HMAC-SHA256.

mod master;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::hmac;
use tenantry_kernel::secret::CannotOpen;
use tenantry_kernel::{Cipher, Entropy, Secret};

pub use master::{InvalidMasterKey, MasterKey};

use crate::system::give_up;

/// The only version of the sealed form so far.
const VERSION: u8 = 1;
const SALT: &[u8] = b"tenantry.master.v1";
/// Contexts are names in our code, far fewer than this; what a test may invent beyond is derived each time.
const KEPT_KEYS: usize = 64;

/// [`Cipher`] over a master key.
#[derive(Clone)]
pub struct AeadCipher {
    root: Arc<Prk>,
    entropy: Arc<dyn Entropy>,
    /// The keys of fingerprints by context: each request with an API key takes one.
    fingerprinting: Arc<RwLock<BTreeMap<String, hmac::Key>>>,
}

impl fmt::Debug for AeadCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AeadCipher(…)")
    }
}

impl AeadCipher {
    /// A cipher under `master`, which draws nonces from `entropy`.
    #[must_use]
    pub fn new(master: &MasterKey, entropy: Arc<dyn Entropy>) -> Self {
        let root = Arc::new(Salt::new(HKDF_SHA256, SALT).extract(master.as_bytes()));
        Self {
            root,
            entropy,
            fingerprinting: Arc::default(),
        }
    }

    fn fingerprinting_key(&self, context: &str) -> hmac::Key {
        let kept = self.fingerprinting.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = kept.get(context) {
            return key.clone();
        }
        drop(kept);
        let key = derive(&self.root, &[b"fingerprint:", context.as_bytes()]);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let mut kept = self.fingerprinting.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_KEYS {
            kept.insert(context.to_owned(), key.clone());
        }
        key
    }

    fn sealing_key(&self, context: &str) -> LessSafeKey {
        let key = derive(&self.root, &[b"seal:", context.as_bytes()]);
        match UnboundKey::new(&AES_256_GCM, &key) {
            Ok(key) => LessSafeKey::new(key),
            Err(_) => give_up("a key of 32 bytes was refused by AES-256-GCM"),
        }
    }
}

impl Cipher for AeadCipher {
    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        self.entropy.fill(&mut nonce);
        let mut body = plain.to_vec();
        let bound = [&[VERSION], context.as_bytes()].concat();
        let sealed = self.sealing_key(context).seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(&bound),
            &mut body,
        );
        // Only a value of more than 64 GiB is refused.
        if sealed.is_err() {
            give_up("a value could not be sealed");
        }
        [&[VERSION], nonce.as_slice(), &body].concat()
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, CannotOpen> {
        let (version, rest) = sealed.split_first().ok_or(CannotOpen)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(CannotOpen)?;
        if *version != VERSION {
            return Err(CannotOpen);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let bound = [&[VERSION], context.as_bytes()].concat();
        let mut body = body.to_vec();
        let plain = self
            .sealing_key(context)
            .open_in_place(nonce, Aad::from(&bound), &mut body)
            .map_err(|_| CannotOpen)?
            .len();
        body.truncate(plain);
        Ok(Secret::new(body))
    }

    fn fingerprint(&self, context: &str, value: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.fingerprinting_key(context), value);
        match tag.as_ref().try_into() {
            Ok(bytes) => bytes,
            Err(_) => give_up("a SHA-256 tag has another length than 32 bytes"),
        }
    }
}

/// HKDF-Expand of 32 bytes.
fn derive(root: &Prk, info: &[&[u8]]) -> [u8; 32] {
    let mut key = [0; 32];
    let filled = root.expand(info, HKDF_SHA256).and_then(|okm| okm.fill(&mut key));
    if filled.is_err() {
        give_up("a key could not be derived");
    }
    key
}

#[cfg(test)]
mod tests;
