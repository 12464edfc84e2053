//! Public keys as COSE keys (RFC 9052, section 7; RFC 9053; RFC 8230), and signatures under them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use tenantry_identity::passkey::CeremonyRefused;

use crate::cbor::Cbor;

/// ECDSA over P-256 with SHA-256.
pub(crate) const ES256: i64 = -7;
/// Ed25519.
pub(crate) const EDDSA: i64 = -8;
/// RSA PKCS #1 v1.5 with SHA-256.
pub(crate) const RS256: i64 = -257;
/// What we take, the most wanted first.
pub(crate) const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];

const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// The uncompressed point.
    P256([u8; 65]),
    /// The point.
    Ed25519([u8; 32]),
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
}

impl PublicKey {
    /// Reads a COSE key of one of the kinds we take.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, CeremonyRefused> {
        Self::parts(bytes).ok_or(CeremonyRefused("the public key is of no kind we take"))
    }

    fn parts(bytes: &[u8]) -> Option<Self> {
        let key = Cbor::whole(bytes)?;
        let number = |place| key.at_number(place).and_then(Cbor::int);
        let part = |place| key.at_number(place).and_then(Cbor::bytes);
        match (number(KEY_TYPE)?, number(ALGORITHM)?) {
            (2, ES256) if number(-1)? == 1 => {
                let (x, y): (&[u8; 32], &[u8; 32]) = (part(-2)?.try_into().ok()?, part(-3)?.try_into().ok()?);
                let mut point = [0x04; 65];
                let (_, rest) = point.split_first_mut()?;
                let (left, right) = rest.split_at_mut_checked(32)?;
                left.copy_from_slice(x);
                right.copy_from_slice(y);
                Some(Self::P256(point))
            }
            (1, EDDSA) if number(-1)? == 6 => Some(Self::Ed25519(part(-2)?.try_into().ok()?)),
            (3, RS256) => Some(Self::Rsa(part(-1)?.to_vec(), part(-2)?.to_vec())),
            _ => None,
        }
    }

    /// The algorithm, as COSE numbers it.
    pub(crate) const fn algorithm(&self) -> i64 {
        match self {
            Self::P256(_) => ES256,
            Self::Ed25519(_) => EDDSA,
            Self::Rsa(..) => RS256,
        }
    }

    /// Passes when the signature over the message is right.
    pub(crate) fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), CeremonyRefused> {
        let right = match self {
            Self::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature),
            Self::Rsa(n, e) => RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
        };
        right.map_err(|_| CeremonyRefused("the signature is wrong"))
    }
}
