//! Ending a token before its time (RFC 7009). Whoever holds it may end it: so whoever finds one that leaked can.

use tenantry_identity::api_key::ApiKeyError;
use tenantry_identity::service_account::{RevokedToken, ServiceAccountError};
use tenantry_identity::session::RefreshText;
use tenantry_identity::token::{ServiceClaims, TokenClaims};
use tenantry_kernel::retry::{self, MaybeContended};
use tenantry_kernel::{DomainError, ErrorKind, Origin, Principal, StoreError};
use tenantry_tenancy::gate::EnterError;

use super::OAuthService;
use crate::sign_in::SignInError;
use crate::support::SupportError;

/// How often it is tried when others are in the way.
const TRIES: u8 = 5;

/// Why a token could not be ended. One that is unknown or over is no error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// The session could not be ended.
    #[error(transparent)]
    Session(#[from] SignInError),
    /// The API key could not be ended.
    #[error(transparent)]
    Key(#[from] ApiKeyError),
    /// The service account's token could not be voided.
    #[error(transparent)]
    Account(#[from] ServiceAccountError),
    /// The visit could not be ended.
    #[error(transparent)]
    Support(#[from] SupportError),
    /// The store failed.
    #[error("the token could not be looked up")]
    Store(#[from] StoreError),
}

impl DomainError for RevocationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Session(cause) => cause.kind(),
            Self::Key(cause) => cause.kind(),
            Self::Account(cause) => cause.kind(),
            Self::Support(cause) => cause.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Session(cause) => cause.code(),
            Self::Key(cause) => cause.code(),
            Self::Account(cause) => cause.code(),
            Self::Support(cause) => cause.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Session(cause) => cause.retry_after_s(),
            Self::Key(cause) => cause.retry_after_s(),
            Self::Account(cause) => cause.retry_after_s(),
            Self::Support(cause) => cause.retry_after_s(),
            Self::Store(cause) => cause.retry_after_s(),
        }
    }
}

impl MaybeContended for RevocationError {
    /// True also when somebody else changed the thing meanwhile: it is looked at anew.
    fn is_contended(&self) -> bool {
        match self {
            Self::Key(ApiKeyError::Stale) | Self::Account(ServiceAccountError::Stale) => true,
            Self::Key(cause) => cause.is_contended(),
            Self::Account(ServiceAccountError::Store(cause)) | Self::Store(cause) => cause.is_contended(),
            _ => false,
        }
    }
}

impl OAuthService {
    /// Ends the token that is shown: a person's session with all its tokens, a service account's one token, or an API
    /// key. What is not good is left as it is.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub async fn revoke(&self, token: &str, origin: &Origin) -> Result<(), RevocationError> {
        let now = self.0.clock.system_now();
        if token.contains('.') {
            match self.0.verifier.verify(token, now) {
                Ok(TokenClaims::Person(claims)) => {
                    self.0.sign_in.log_out(claims.user, claims.session, origin).await?;
                }
                Ok(TokenClaims::Service(claims)) => {
                    retry::contended(TRIES, || self.void(&claims, origin)).await?;
                }
                Ok(TokenClaims::Support(claims)) => {
                    let support = &self.0.support;
                    support.leave(claims.tenant, claims.impersonation, origin).await?;
                }
                Err(_) => {}
            }
        } else if RefreshText::parse(token).is_some() {
            self.0.sign_in.log_out_with(token, origin).await?;
        } else {
            retry::contended(TRIES, || self.end_key(token, origin)).await?;
        }
        Ok(())
    }

    async fn void(&self, claims: &ServiceClaims, origin: &Origin) -> Result<(), RevocationError> {
        let found = self.0.accounts.service_account(claims.tenant, claims.account).await?;
        if !found.is_some_and(|account| account.honours(claims.jti, claims.issued_at)) {
            return Ok(());
        }
        let principal = Principal::ServiceAccount {
            account: claims.account,
        };
        let scope = match self.0.gate.enter_to_end(claims.tenant, principal, origin.clone()).await {
            Ok(scope) => scope,
            Err(EnterError::Store(cause)) => return Err(cause.into()),
            Err(_) => return Ok(()),
        };
        let token = RevokedToken {
            jti: claims.jti,
            until: claims.expires_at,
        };
        match self.0.service_accounts.revoke_token(&scope, token).await {
            Err(ServiceAccountError::NotFound) => Ok(()),
            outcome => Ok(outcome?),
        }
    }

    async fn end_key(&self, text: &str, origin: &Origin) -> Result<(), RevocationError> {
        let Ok(shown) = self.0.texts.read(text) else {
            return Ok(());
        };
        let Some(key) = self.0.keys.find(shown.tenant, shown.key).await? else {
            return Ok(());
        };
        let now = self.0.clock.system_now();
        if !key.fits(&shown.fingerprint, now) || key.is_revoked() {
            return Ok(());
        }
        let principal = Principal::ApiKey {
            key: shown.key,
            live: key.is_live(),
        };
        let scope = match self.0.gate.enter_to_end(shown.tenant, principal, origin.clone()).await {
            Ok(scope) => scope,
            Err(EnterError::Store(cause)) => return Err(cause.into()),
            Err(_) => return Ok(()),
        };
        match self.0.api_keys.end_own(&scope).await {
            Err(ApiKeyError::NotFound) => Ok(()),
            outcome => Ok(outcome?),
        }
    }
}
