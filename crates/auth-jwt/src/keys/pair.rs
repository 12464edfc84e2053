//! One key, ready to sign and to verify.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use tenantry_identity::signing_key::TokenAlgorithm;

/// The least bytes of an RSA modulus: 2048 bits (RFC 7518, section 3.3).
const LEAST_MODULUS: usize = 256;

/// A key pair and its public name, which is its thumbprint (RFC 7638). It has one algorithm.
pub(crate) struct KeyPair {
    algorithm: Algorithm,
    jwk: Jwk,
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.kid)
    }
}

impl KeyPair {
    /// The pair of what was sealed: a seed of 32 bytes for `EdDSA`, an `RSAPrivateKey` in DER for `RS256`.
    pub(crate) fn of(algorithm: TokenAlgorithm, private: &[u8]) -> Option<Self> {
        match algorithm {
            TokenAlgorithm::EdDsa => Self::from_seed(private),
            TokenAlgorithm::Rs256 => Self::from_rsa(private),
        }
    }

    fn from_seed(seed: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let private = pair.to_pkcs8v1().ok()?;
        let decoding = DecodingKey::from_ed_der(pair.public_key().as_ref());
        Self::new(Algorithm::EdDSA, EncodingKey::from_ed_der(private.as_ref()), decoding)
    }

    fn from_rsa(der: &[u8]) -> Option<Self> {
        let pair = RsaKeyPair::from_der(der).ok()?;
        if pair.public_modulus_len() < LEAST_MODULUS {
            return None;
        }
        let decoding = DecodingKey::from_rsa_der(pair.public_key().as_ref());
        Self::new(Algorithm::RS256, EncodingKey::from_rsa_der(der), decoding)
    }

    fn new(algorithm: Algorithm, encoding: EncodingKey, decoding: DecodingKey) -> Option<Self> {
        let mut jwk = Jwk::from_decoding_key(&decoding, Some(algorithm)).ok()?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Some(Self {
            algorithm,
            jwk,
            kid,
            encoding,
            decoding,
        })
    }

    /// The one algorithm that it signs and verifies with.
    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    pub(crate) const fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(crate) const fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.1.
    const SEED: [u8; 32] = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
        0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    ];

    #[test]
    fn the_key_of_rfc_8037_has_its_public_part_and_thumbprint() {
        let pair = KeyPair::from_seed(&SEED).unwrap();

        let published = serde_json::to_value(pair.jwk()).unwrap();

        assert_eq!(
            published,
            serde_json::json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
                "alg": "EdDSA",
                "use": "sig",
            })
        );
    }

    #[test]
    fn the_message_of_rfc_8037_has_its_signature() {
        let pair = KeyPair::from_seed(&SEED).unwrap();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";

        let signature = jsonwebtoken::crypto::sign(message, pair.encoding(), Algorithm::EdDSA).unwrap();

        assert_eq!(
            signature,
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn a_seed_of_another_length_is_no_key() {
        assert!(KeyPair::from_seed(&SEED[..31]).is_none());
        assert!(KeyPair::from_seed(&[]).is_none());
    }

    #[test]
    fn a_private_key_is_never_printed() {
        let pair = KeyPair::from_seed(&SEED).unwrap();

        assert_eq!(
            format!("{pair:?}"),
            "KeyPair(kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k)"
        );
    }
}
