//! The client credentials grant.

use tenantry_identity::service_account::{ClientSecretText, ServiceAccount};
use tenantry_identity::token::{AccessClaims, ServiceClaims, SigningFailed, TokenClaims};
use tenantry_kernel::{DomainError, ErrorKind, Origin, PermissionSet, Secret, StoreError, TenantId};
use tenantry_tenancy::gate::EnterError;

use super::OAuthService;
use crate::key_powers;

/// The longest scope that can be asked for; a token has to fit into a header.
const LONGEST_SCOPE: usize = 1_500;

/// What a client shows and wants.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    /// The account's id.
    pub client_id: String,
    /// One of its secrets.
    pub client_secret: Secret<String>,
    /// Names of permissions with spaces between; all that the account holds when absent.
    pub scope: Option<String>,
}

/// A token for a service account, handed out once. There is no refresh token (RFC 6749, section 4.4.3).
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The access token.
    pub access: Secret<String>,
    /// Whole seconds until it expires.
    pub expires_in_s: i64,
    /// What it may do.
    pub permissions: PermissionSet,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// No such account, or not its secret, or it may not act. All look alike.
    #[error("the client is not known, or its secret is wrong")]
    InvalidClient,
    /// The tenant is suspended.
    #[error("the tenant is suspended")]
    Suspended,
    /// The scope names what the account does not hold.
    #[error("the scope names a permission that the client does not hold: {0}")]
    InvalidScope(String),
    /// There is no usable key.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// The store failed.
    #[error("the client could not be looked up")]
    Store(#[source] StoreError),
}

impl DomainError for GrantError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidClient => ErrorKind::Unauthenticated,
            Self::Suspended => ErrorKind::Locked,
            Self::InvalidScope(_) => ErrorKind::Malformed,
            Self::Signing(_) => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    /// As RFC 6749, section 5.2, has them; of our own failures as everywhere.
    fn code(&self) -> &'static str {
        match self {
            Self::InvalidClient => "invalid_client",
            Self::Suspended => "unauthorized_client",
            Self::InvalidScope(_) => "invalid_scope",
            Self::Signing(_) => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl From<StoreError> for GrantError {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

impl OAuthService {
    /// Issues an access token to a service account.
    ///
    /// # Errors
    /// [`GrantError`].
    pub async fn client_credentials(
        &self,
        request: &ClientCredentials,
        origin: &Origin,
    ) -> Result<IssuedToken, GrantError> {
        let (tenant, account) = self.client(request).await?;
        let (gate, id) = (&self.0.gate, account.id());
        let scope = gate
            .enter_service(tenant, id, account.permissions(), origin.clone())
            .await
            .map_err(|cause| match cause {
                EnterError::Suspended { .. } => GrantError::Suspended,
                EnterError::Store(cause) => cause.into(),
                _ => GrantError::InvalidClient,
            })?;
        let wanted = wanted(request.scope.as_deref(), scope.permissions())?;

        let now = self.0.clock.system_now();
        // Tokens carry whole seconds (RFC 7519, NumericDate).
        let issued_at = now.replace_nanosecond(0).unwrap_or(now);
        let claims = ServiceClaims {
            account: id,
            tenant,
            scope: wanted.clone(),
            issued_at,
            expires_at: issued_at + AccessClaims::MAX_LIFE,
            jti: self.0.ids.next(),
        };
        Ok(IssuedToken {
            access: Secret::new(self.0.signer.sign(&TokenClaims::Service(claims))?),
            expires_in_s: AccessClaims::MAX_LIFE.whole_seconds(),
            permissions: key_powers::narrowed(scope.permissions(), wanted.as_deref()),
        })
    }

    /// The account whose secret was shown.
    async fn client(
        &self,
        request: &ClientCredentials,
    ) -> Result<(TenantId, std::sync::Arc<ServiceAccount>), GrantError> {
        let shown = ClientSecretText::parse(request.client_secret.expose()).map_err(|_| GrantError::InvalidClient)?;
        if request.client_id != shown.account().to_string() {
            return Err(GrantError::InvalidClient);
        }
        let found = self.0.accounts.service_account(shown.tenant(), shown.account()).await?;
        let account = found.ok_or(GrantError::InvalidClient)?;
        let admitted = account.admits(&shown.fingerprint(&*self.0.cipher), self.0.clock.system_now());
        if admitted && account.is_active() {
            Ok((shown.tenant(), account))
        } else {
            Err(GrantError::InvalidClient)
        }
    }
}

/// The names that are asked for; each must be held.
fn wanted(scope: Option<&str>, held: &PermissionSet) -> Result<Option<Vec<String>>, GrantError> {
    let Some(scope) = scope.filter(|scope| !scope.is_empty()) else {
        return Ok(None);
    };
    let cut = |text: &str| GrantError::InvalidScope(text.chars().take(100).collect());
    if scope.len() > LONGEST_SCOPE {
        return Err(cut(scope));
    }
    let names: Vec<String> = scope.split(' ').map(str::to_owned).collect();
    let unknown = |name: &&String| !held.iter().any(|permission| permission.as_str() == name.as_str());
    match names.iter().find(unknown) {
        Some(name) => Err(cut(name)),
        None => Ok(Some(names)),
    }
}
