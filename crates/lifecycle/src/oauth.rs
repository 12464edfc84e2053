//! OAuth for programs: tokens for service accounts (RFC 6749, section 4.4), what a token is good for (RFC 7662), and
//! ending it before its time (RFC 7009).

mod grant;
mod introspection;
mod revocation;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tenantry_identity::api_key::{ApiKeyService, KeyReader};
use tenantry_identity::directory::{ApiKeyDirectory, SessionDirectory};
use tenantry_identity::service_account::{ServiceAccountDirectory, ServiceAccountService};
use tenantry_identity::session::SessionPolicy;
use tenantry_identity::store::IdentityStore;
use tenantry_identity::token::{TokenSigner, TokenVerifier};
use tenantry_kernel::{Cipher, Clock, IdSource};
use tenantry_tenancy::gate::Gate;

pub use grant::{ClientCredentials, GrantError, IssuedToken};
pub use introspection::{Introspected, IntrospectionError, TokenKind};
pub use revocation::RevocationError;

use crate::sign_in::SignInService;
use crate::support::SupportService;

/// What OAuth needs.
pub struct OAuthParts {
    /// Service accounts, as every call asks for them.
    pub accounts: Arc<dyn ServiceAccountDirectory>,
    /// Service accounts, to void their tokens.
    pub service_accounts: Arc<ServiceAccountService>,
    /// API keys, as every call asks for them.
    pub keys: Arc<dyn ApiKeyDirectory>,
    /// API keys, to end them.
    pub api_keys: Arc<ApiKeyService>,
    /// Reads the texts of API keys.
    pub texts: Arc<dyn KeyReader>,
    /// Which sessions live.
    pub sessions: Arc<dyn SessionDirectory>,
    /// Refresh tokens.
    pub people: Arc<dyn IdentityStore>,
    /// Visits of support.
    pub support: Arc<SupportService>,
    /// Ends sessions.
    pub sign_in: Arc<SignInService>,
    /// Signs tokens.
    pub signer: Arc<dyn TokenSigner>,
    /// Verifies tokens.
    pub verifier: Arc<dyn TokenVerifier>,
    /// Fingerprints of secrets.
    pub cipher: Arc<dyn Cipher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Makes each token unique.
    pub ids: Arc<dyn IdSource>,
    /// Where scopes are minted.
    pub gate: Gate,
    /// How long sessions last.
    pub policy: SessionPolicy,
}

/// Answers the endpoints of OAuth.
pub struct OAuthService(OAuthParts);

impl OAuthService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: OAuthParts) -> Self {
        Self(parts)
    }
}
