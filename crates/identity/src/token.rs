//! Access tokens: what they claim, and the ports that sign and verify them.

use tenantry_kernel::TenantId;
use tenantry_kernel::id::{ImpersonationId, MembershipId, ServiceAccountId, SessionId, UserId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::session::Methods;
use crate::user::PlatformRole;

/// The longest that any token of ours lives: what is kept for verifying them is kept for longer.
pub const LONGEST_LIFE: Duration = Duration::minutes(60);

/// What the access token of a signed-in person says.
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

/// What the access token of a service account says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceClaims {
    /// The account, which is the client, too.
    pub account: ServiceAccountId,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// To which permissions the token was narrowed; `None` is all that the account holds.
    pub scope: Option<Vec<String>>,
    /// When it was issued, in whole seconds.
    pub issued_at: OffsetDateTime,
    /// When it stops being accepted, in whole seconds.
    pub expires_at: OffsetDateTime,
    /// Makes each token unique.
    pub jti: Uuid,
}

/// What the access token of an operator says who acts on behalf of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportClaims {
    /// The visit; when it ends, the token is worth nothing.
    pub impersonation: ImpersonationId,
    /// Who acts (RFC 8693, section 4.1).
    pub operator: UserId,
    /// The tenant.
    pub tenant: TenantId,
    /// The member on whose behalf.
    pub membership: MembershipId,
    /// The human behind the membership.
    pub user: UserId,
    /// True when nothing may be changed.
    pub read_only: bool,
    /// Why, for the banner.
    pub reason: String,
    /// When it was issued, in whole seconds.
    pub issued_at: OffsetDateTime,
    /// When it stops being accepted, in whole seconds.
    pub expires_at: OffsetDateTime,
    /// Makes each token unique.
    pub jti: Uuid,
}

/// What any access token of ours says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenClaims {
    /// A signed-in person's.
    Person(AccessClaims),
    /// A service account's.
    Service(ServiceClaims),
    /// An operator's who acts on behalf of a member.
    Support(SupportClaims),
}

impl TokenClaims {
    /// When it was issued, in whole seconds.
    #[must_use]
    pub const fn issued_at(&self) -> OffsetDateTime {
        match self {
            Self::Person(claims) => claims.issued_at,
            Self::Service(claims) => claims.issued_at,
            Self::Support(claims) => claims.issued_at,
        }
    }

    /// When it stops being accepted, in whole seconds.
    #[must_use]
    pub const fn expires_at(&self) -> OffsetDateTime {
        match self {
            Self::Person(claims) => claims.expires_at,
            Self::Service(claims) => claims.expires_at,
            Self::Support(claims) => claims.expires_at,
        }
    }

    /// What makes it unique.
    #[must_use]
    pub const fn jti(&self) -> Uuid {
        match self {
            Self::Person(claims) => claims.jti,
            Self::Service(claims) => claims.jti,
            Self::Support(claims) => claims.jti,
        }
    }

    /// The longest that a token of this kind lives.
    #[must_use]
    pub const fn max_life(&self) -> Duration {
        match self {
            Self::Person(_) | Self::Service(_) => AccessClaims::MAX_LIFE,
            Self::Support(_) => LONGEST_LIFE,
        }
    }
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
    fn sign(&self, claims: &TokenClaims) -> Result<String, SigningFailed>;

    /// Who issues the tokens, and for whom: the claims `iss` and `aud`.
    fn issuer(&self) -> (String, String);

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
    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<TokenClaims, TokenError>;
}
