//! Access tokens: what they claim, and the ports that sign and verify them.

use tenantry_kernel::TenantId;
use tenantry_kernel::id::{MembershipId, SessionId, UserId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::session::Methods;
use crate::user::PlatformRole;

/// What an access token says about its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// The human.
    pub user: UserId,
    /// The session; when it ends, the token is worth nothing.
    pub session: SessionId,
    /// The tenant the token is for.
    pub tenant: Option<TenantId>,
    /// The tie to that tenant.
    pub membership: Option<MembershipId>,
    /// The role on the platform.
    pub platform_role: Option<PlatformRole>,
    /// How the person proved who they are (`amr`, RFC 8176).
    pub methods: Methods,
    /// When they signed in, in whole seconds (`auth_time`).
    pub authenticated_at: OffsetDateTime,
    /// When it was issued, in whole seconds.
    pub issued_at: OffsetDateTime,
    /// When it stops being accepted, in whole seconds.
    pub expires_at: OffsetDateTime,
    /// Makes each token unique.
    pub jti: Uuid,
}

impl AccessClaims {
    /// The longest an access token lives.
    pub const MAX_LIFE: Duration = Duration::minutes(10);
}

/// Why a token is not accepted. Callers answer all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is no access token of ours: its form, algorithm, key, signature, issuer or audience is wrong.
    #[error("the token is not valid")]
    Invalid,
    /// It was ours, and its time is over.
    #[error("the token has expired")]
    Expired,
}

/// The token could not be signed: there is no usable key.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningFailed(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Signs access tokens and publishes the keys that verify them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait TokenSigner: Send + Sync {
    /// The signed token.
    ///
    /// # Errors
    /// [`SigningFailed`].
    fn sign(&self, claims: &AccessClaims) -> Result<String, SigningFailed>;

    /// The public keys as a JWK set (RFC 7517), the next key included before it signs.
    fn jwks(&self) -> String;
}

/// Verifies access tokens without asking anyone.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait TokenVerifier: Send + Sync {
    /// The claims of a token that we signed and that is still good at `now`.
    ///
    /// # Errors
    /// [`TokenError`].
    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<AccessClaims, TokenError>;
}
