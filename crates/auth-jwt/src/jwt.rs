//! Access tokens as JWTs (RFC 9068, with the advice of RFC 8725).

mod claims;

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use tenantry_identity::token::{SigningFailed, TokenClaims, TokenError, TokenSigner, TokenVerifier};
use time::{Duration, OffsetDateTime};

use self::claims::Claims;
use crate::keys::{KeyPair, KeyRing};

/// The media type in the header: no other kind of JWT passes for an access token.
const TYPE: &str = "at+jwt";
/// No token of ours comes near; longer input is refused unread.
const LONGEST: usize = 4_096;

/// Who issues tokens, and for whom.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    issuer: String,
    audience: String,
    leeway: Duration,
}

/// The leeway is outside 0 to 30 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the leeway must be 0 to 30 seconds")]
pub struct InvalidLeeway;

impl TokenSettings {
    /// Tokens issued by `issuer` (the public URL) for `audience`; `leeway` is how far the clocks of nodes
    /// may differ.
    ///
    /// # Errors
    /// [`InvalidLeeway`].
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        leeway: Duration,
    ) -> Result<Self, InvalidLeeway> {
        if leeway.is_negative() || leeway > Duration::seconds(30) {
            return Err(InvalidLeeway);
        }
        Ok(Self {
            issuer: issuer.into(),
            audience: audience.into(),
            leeway,
        })
    }
}

/// [`TokenSigner`] with the ring's current key.
#[derive(Clone)]
pub struct JwtSigner {
    ring: Arc<KeyRing>,
    settings: TokenSettings,
}

impl fmt::Debug for JwtSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtSigner")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl JwtSigner {
    /// Signs with the keys of `ring`.
    #[must_use]
    pub const fn new(ring: Arc<KeyRing>, settings: TokenSettings) -> Self {
        Self { ring, settings }
    }
}

impl TokenSigner for JwtSigner {
    fn sign(&self, claims: &TokenClaims) -> Result<String, SigningFailed> {
        let key = self.ring.current().map_err(|cause| SigningFailed(cause.into()))?;
        let claims = Claims::of(claims, &self.settings.issuer, &self.settings.audience);
        encode(&header(&key), &claims, key.encoding()).map_err(|cause| SigningFailed(cause.into()))
    }

    fn issuer(&self) -> (String, String) {
        (self.settings.issuer.clone(), self.settings.audience.clone())
    }

    fn jwks(&self) -> String {
        // A set of strings is always JSON; an empty one would still be an answer.
        serde_json::to_string(&self.ring.jwk_set()).unwrap_or_else(|_| r#"{"keys":[]}"#.to_owned())
    }
}

/// [`TokenVerifier`] with the ring's current, former and next keys.
#[derive(Clone)]
pub struct JwtVerifier {
    ring: Arc<KeyRing>,
    settings: TokenSettings,
    eddsa: Validation,
    rs256: Validation,
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl JwtVerifier {
    /// Verifies with the keys of `ring`.
    #[must_use]
    pub fn new(ring: Arc<KeyRing>, settings: TokenSettings) -> Self {
        Self {
            ring,
            eddsa: validation(Algorithm::EdDSA, &settings),
            rs256: validation(Algorithm::RS256, &settings),
            settings,
        }
    }

    /// What a token of this key must be: the key decides, never the token.
    fn validation(&self, key: &KeyPair) -> &Validation {
        match key.algorithm() {
            Algorithm::RS256 => &self.rs256,
            _ => &self.eddsa,
        }
    }

    fn check_times(&self, claims: &TokenClaims, now: OffsetDateTime) -> Result<(), TokenError> {
        let life = claims.expires_at() - claims.issued_at();
        if !life.is_positive() || life > claims.max_life() || claims.issued_at() > now + self.settings.leeway {
            return Err(TokenError::Invalid);
        }
        if now >= claims.expires_at() + self.settings.leeway {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}

impl TokenVerifier for JwtVerifier {
    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<TokenClaims, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Invalid);
        }
        let found = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let kid = found.kid.as_deref().ok_or(TokenError::Invalid)?;
        let key = self.ring.find(kid, now).ok_or(TokenError::Invalid)?;
        // Not one member more or less than we write: no `jwk`, `jku`, `x5u` or `crit` is ever listened to.
        if found != header(&key) {
            return Err(TokenError::Invalid);
        }
        let token = decode::<Claims>(token, key.decoding(), self.validation(&key)).map_err(|_| TokenError::Invalid)?;
        let claims = token.claims.into_token().ok_or(TokenError::Invalid)?;
        self.check_times(&claims, now)?;
        Ok(claims)
    }
}

fn validation(algorithm: Algorithm, settings: &TokenSettings) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[&settings.issuer]);
    validation.set_audience(&[&settings.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The library would ask the machine's clock; times are checked against the caller's.
    validation.validate_exp = false;
    validation
}

fn header(key: &KeyPair) -> Header {
    let mut header = Header::new(key.algorithm());
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(key.kid().to_owned());
    header
}

#[cfg(test)]
mod tests;
