//! What a person holds after signing in: an access token and a refresh token.

use std::sync::Arc;

use tenantry_identity::session::{RefreshText, Session};
use tenantry_identity::token::{AccessClaims, SigningFailed, TokenClaims, TokenSigner};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{IdSource, Secret};

/// A pair of tokens, handed out once.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// For every request, in `Authorization: Bearer`.
    pub access: Secret<String>,
    /// For the next pair.
    pub refresh: Secret<String>,
    /// Whole seconds until the access token expires.
    pub expires_in_s: i64,
}

/// Issues pairs for stored sessions.
#[derive(Clone)]
pub struct TokenIssuer {
    signer: Arc<dyn TokenSigner>,
    ids: Arc<dyn IdSource>,
    access_life: Duration,
}

impl TokenIssuer {
    /// Access tokens live `access_life`, ten minutes at most.
    #[must_use]
    pub fn new(signer: Arc<dyn TokenSigner>, ids: Arc<dyn IdSource>, access_life: Duration) -> Self {
        Self {
            signer,
            ids,
            access_life: access_life.min(AccessClaims::MAX_LIFE),
        }
    }

    /// Signs a pair for a session that is already durable.
    ///
    /// # Errors
    /// [`SigningFailed`].
    pub fn issue(
        &self,
        session: &Session,
        refresh: &RefreshText,
        platform_role: Option<PlatformRole>,
        now: OffsetDateTime,
    ) -> Result<Tokens, SigningFailed> {
        // Tokens carry whole seconds (RFC 7519, NumericDate).
        let issued_at = whole_seconds(now);
        let claims = AccessClaims {
            user: session.user(),
            session: session.id(),
            tenant: session.tenant(),
            membership: session.membership(),
            platform_role,
            methods: session.methods(),
            authenticated_at: whole_seconds(session.record().authenticated_at),
            issued_at,
            expires_at: issued_at + self.access_life,
            jti: self.ids.next(),
        };
        Ok(Tokens {
            access: Secret::new(self.signer.sign(&TokenClaims::Person(claims))?),
            refresh: refresh.to_text(),
            expires_in_s: self.access_life.whole_seconds(),
        })
    }
}

fn whole_seconds(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}
