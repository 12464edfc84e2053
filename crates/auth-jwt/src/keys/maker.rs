//! Makes signing keys, and seals them.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use tenantry_identity::signing_key::{FreshKey, KeyMaker, KeyMakingFailed, TokenAlgorithm};
use tenantry_kernel::{Cipher, Entropy, Secret};

use super::{KeyPair, context};

/// A [`KeyMaker`] whose keys are sealed by the installation's cipher.
pub struct SealedKeyMaker {
    cipher: Arc<dyn Cipher>,
    entropy: Arc<dyn Entropy>,
}

impl SealedKeyMaker {
    /// Seals with `cipher`; Ed25519 keys are drawn from `entropy`, RSA keys from the library's own source.
    #[must_use]
    pub const fn new(cipher: Arc<dyn Cipher>, entropy: Arc<dyn Entropy>) -> Self {
        Self { cipher, entropy }
    }

    async fn private(&self, algorithm: TokenAlgorithm) -> Result<Secret<Vec<u8>>, KeyMakingFailed> {
        match algorithm {
            TokenAlgorithm::EdDsa => {
                let mut seed = [0; 32];
                self.entropy.fill(&mut seed);
                Ok(Secret::new(seed.to_vec()))
            }
            // Looking for primes takes a processor a while.
            TokenAlgorithm::Rs256 => tokio::task::spawn_blocking(rsa)
                .await
                .map_err(|cause| KeyMakingFailed(cause.into()))?,
        }
    }
}

#[async_trait]
impl KeyMaker for SealedKeyMaker {
    async fn make(&self, algorithm: TokenAlgorithm) -> Result<FreshKey, KeyMakingFailed> {
        let private = self.private(algorithm).await?;
        let pair = KeyPair::of(algorithm, private.expose());
        let pair = pair.ok_or_else(|| KeyMakingFailed("the key that was made is none".into()))?;
        Ok(FreshKey {
            kid: pair.kid().to_owned(),
            sealed: self.cipher.seal(&context(pair.kid()), private.expose()),
        })
    }
}

/// A fresh RSA key of 2048 bits, as `RSAPrivateKey` (RFC 8017, appendix A.1.2).
fn rsa() -> Result<Secret<Vec<u8>>, KeyMakingFailed> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|cause| KeyMakingFailed(cause.into()))?;
    let wrapped = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|cause| KeyMakingFailed(cause.into()))?;
    let inner = unwrapped(wrapped.as_ref()).ok_or_else(|| KeyMakingFailed("the key has no PKCS#8 form".into()))?;
    Ok(Secret::new(inner.to_vec()))
}

/// The key inside a `PrivateKeyInfo` (RFC 5208, section 5): a sequence of version, algorithm and the key's octets.
fn unwrapped(wrapped: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    const OCTETS: u8 = 0x04;
    let (info, _) = element(wrapped, SEQUENCE)?;
    let (_version, rest) = element(info, INTEGER)?;
    let (_algorithm, rest) = element(rest, SEQUENCE)?;
    element(rest, OCTETS).map(|(key, _)| key)
}

/// The contents of the first DER element, which must have this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 | 0x82 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits
                .iter()
                .fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;
    use tenantry_identity::testing::PlainCipher;

    #[tokio::test]
    async fn keys_of_both_kinds_are_made_each_another() {
        let maker = SealedKeyMaker::new(Arc::new(PlainCipher), Arc::new(SystemEntropy));
        for algorithm in [TokenAlgorithm::EdDsa, TokenAlgorithm::Rs256] {
            let (one, other) = (
                maker.make(algorithm).await.unwrap(),
                maker.make(algorithm).await.unwrap(),
            );

            assert_ne!(one.kid, other.kid);
            let private = PlainCipher.open(&context(&one.kid), &one.sealed).unwrap();
            assert_eq!(KeyPair::of(algorithm, private.expose()).unwrap().kid(), one.kid);
            let wrong = match algorithm {
                TokenAlgorithm::EdDsa => TokenAlgorithm::Rs256,
                TokenAlgorithm::Rs256 => TokenAlgorithm::EdDsa,
            };
            assert!(KeyPair::of(wrong, private.expose()).is_none());
        }
    }

    #[test]
    fn what_is_no_pkcs8_is_not_unwrapped() {
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 0x03, 0x02, 0x01, 0x00],
            &[0x30, 0x82, 0xff, 0xff, 0x02],
            &[0x30, 0x84, 0, 0, 0, 0],
        ] {
            assert_eq!(unwrapped(bad), None, "{bad:?}");
        }
        let good = [0x30, 0x08, 0x02, 0x01, 0x00, 0x30, 0x00, 0x04, 0x01, 0x2a];
        assert_eq!(unwrapped(&good), Some(&[0x2a][..]));
    }
}
