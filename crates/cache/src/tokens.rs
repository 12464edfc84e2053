//! Access tokens that have been verified.

use std::sync::Arc;

use aws_lc_rs::digest;
use tenantry_identity::token::{TokenClaims, TokenError, TokenVerifier};
use time::OffsetDateTime;

use crate::bounded::Bounded;
use crate::revocations::{Revocations, Stamp};

/// A [`TokenVerifier`] that checks each token's signature once, and its time every time.
///
/// Tokens are remembered by their SHA-256, never as they are. Refused ones are not remembered. That a
/// session ended or a member left is not a token's to know: the other caches tell.
pub struct VerifiedTokens {
    inner: Arc<dyn TokenVerifier>,
    verified: Bounded<[u8; 32], Verified>,
    revocations: Arc<Revocations>,
}

#[derive(Clone)]
struct Verified {
    claims: Arc<TokenClaims>,
    at: OffsetDateTime,
    stamp: Stamp,
}

impl VerifiedTokens {
    /// Remembers up to `capacity` tokens.
    #[must_use]
    pub fn new(inner: Arc<dyn TokenVerifier>, capacity: usize, revocations: &Arc<Revocations>) -> Self {
        Self {
            inner,
            verified: Bounded::new(capacity),
            revocations: Arc::clone(revocations),
        }
    }
}

impl TokenVerifier for VerifiedTokens {
    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<TokenClaims, TokenError> {
        // A commit that names nobody may have taken a signing key away.
        let stamp = self.revocations.stamp_of_everything();
        let digest = digest::digest(&digest::SHA256, token.as_bytes());
        let Ok(key) = <[u8; 32]>::try_from(digest.as_ref()) else {
            return self.inner.verify(token, now);
        };
        if let Some(known) = self.verified.get(&key)
            && known.stamp == stamp
            && known.at <= now
        {
            return if now < known.claims.expires_at() {
                Ok((*known.claims).clone())
            } else {
                Err(TokenError::Expired)
            };
        }
        let claims = self.inner.verify(token, now)?;
        let verified = Verified {
            claims: Arc::new(claims.clone()),
            at: now,
            stamp,
        };
        self.verified.insert(key, verified);
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenantry_identity::token::{AccessClaims, MockTokenVerifier};
    use tenantry_kernel::id::{SessionId, UserId};
    use time::Duration;
    use uuid::Uuid;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn claims(user: u128) -> TokenClaims {
        TokenClaims::Person(AccessClaims {
            user: UserId::from_uuid(Uuid::from_u128(user)),
            session: SessionId::from_uuid(Uuid::from_u128(2)),
            tenant: None,
            membership: None,
            platform_role: None,
            methods: tenantry_identity::session::Method::Password.into(),
            authenticated_at: NOW,
            issued_at: NOW,
            expires_at: NOW + Duration::minutes(10),
            jti: Uuid::from_u128(3),
        })
    }

    fn verifier(times: usize) -> MockTokenVerifier {
        let mut inner = MockTokenVerifier::new();
        inner.expect_verify().times(times).returning(|token, _| match token {
            "first" => Ok(claims(1)),
            "second" => Ok(claims(2)),
            _ => Err(TokenError::Invalid),
        });
        inner
    }

    fn cached(inner: MockTokenVerifier) -> (VerifiedTokens, Arc<Revocations>) {
        let revocations = Arc::new(Revocations::new());
        (VerifiedTokens::new(Arc::new(inner), 10, &revocations), revocations)
    }

    #[tokio::test]
    async fn a_token_is_verified_once_and_each_for_itself() {
        let (tokens, _) = cached(verifier(2));

        for _ in 0..3 {
            assert_eq!(tokens.verify("first", NOW), Ok(claims(1)));
            assert_eq!(tokens.verify("second", NOW), Ok(claims(2)));
        }
    }

    #[tokio::test]
    async fn a_remembered_token_expires_on_time() {
        let (tokens, _) = cached(verifier(1));
        let end = NOW + Duration::minutes(10);

        assert!(tokens.verify("first", NOW).is_ok());
        assert!(tokens.verify("first", end - Duration::SECOND).is_ok());
        assert_eq!(tokens.verify("first", end), Err(TokenError::Expired));
    }

    #[tokio::test]
    async fn a_refused_token_is_refused_anew_each_time() {
        let (tokens, _) = cached(verifier(2));

        for _ in 0..2 {
            assert_eq!(tokens.verify("forged", NOW), Err(TokenError::Invalid));
        }
    }

    #[tokio::test]
    async fn signatures_are_checked_again_when_all_is_forgotten_or_the_clock_went_back() {
        let (tokens, revocations) = cached(verifier(3));

        tokens.verify("first", NOW).unwrap();
        revocations.forget_all();
        tokens.verify("first", NOW).unwrap();
        tokens.verify("first", NOW - Duration::SECOND).unwrap();
    }
}
