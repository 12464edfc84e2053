//! The seam to authentication: who calls, and which tenant they may enter.
//!
//! This crate reads credentials and addresses off the request; whoever implements [`Doorman`] judges them.

use tenantry_kernel::{Origin, Secret, SystemScope, TenantId, TenantScope, async_trait};
use tenantry_lifecycle::access::Access;
pub use tenantry_lifecycle::access::{
    Address as TenantAddress, Caller, Key, Person, PlatformCaller, ServiceCaller, SupportCaller,
};

use crate::error::ApiError;

/// What the request shows to be believed.
#[derive(Clone, Debug)]
pub enum Credential {
    /// The text after `Authorization: Bearer`: an access token or an API key.
    Bearer(Secret<String>),
    /// The text of `X-API-Key`.
    ApiKey(Secret<String>),
}

/// Judges credentials and addresses. Answers from memory when warm: it is asked on every request.
#[async_trait]
pub trait Doorman: Send + Sync {
    /// Who shows this credential.
    ///
    /// # Errors
    /// 401 when it is nobody we believe.
    async fn authenticate(&self, credential: &Credential, origin: &Origin) -> Result<Caller, ApiError>;

    /// The scope of the addressed tenant, or of the credential's own when none is addressed.
    ///
    /// # Errors
    /// 404 for an unknown or foreign tenant, 400 `tenant_mismatch`, 423 for a suspended one.
    async fn enter(&self, caller: &Caller, address: &TenantAddress, origin: Origin) -> Result<TenantScope, ApiError>;

    /// As [`Doorman::enter`], for what somebody needs to pay an invoice: also into a tenant that is suspended because
    /// one is unpaid. A doorman that knows no such thing keeps it shut.
    ///
    /// # Errors
    /// As [`Doorman::enter`].
    async fn enter_to_pay(
        &self,
        caller: &Caller,
        address: &TenantAddress,
        origin: Origin,
    ) -> Result<TenantScope, ApiError> {
        self.enter(caller, address, origin).await
    }

    /// The scope over the installation, for people with a platform role.
    ///
    /// # Errors
    /// 403 for everybody else.
    async fn enter_system(&self, caller: &Caller, origin: Origin) -> Result<SystemScope, ApiError>;

    /// The scope of a platform key, at routes that take one.
    ///
    /// # Errors
    /// 403 for everybody else.
    async fn enter_platform(&self, caller: &Caller, origin: Origin) -> Result<SystemScope, ApiError>;

    /// The tenant that the address of a public route names, if it names one.
    ///
    /// # Errors
    /// 404 when it names a tenant that does not exist.
    async fn public_tenant(&self, address: &TenantAddress) -> Result<Option<TenantId>, ApiError>;
}

#[async_trait]
impl Doorman for Access {
    async fn authenticate(&self, credential: &Credential, origin: &Origin) -> Result<Caller, ApiError> {
        let caller = match credential {
            // A token has dots, an API key has none.
            Credential::Bearer(text) if text.expose().contains('.') => self.authenticate_token(text.expose()).await,
            Credential::Bearer(text) | Credential::ApiKey(text) => self.authenticate_key(text.expose(), origin).await,
        };
        Ok(caller?)
    }

    async fn enter(&self, caller: &Caller, address: &TenantAddress, origin: Origin) -> Result<TenantScope, ApiError> {
        Ok(Self::enter(self, caller, address, origin).await?)
    }

    async fn enter_to_pay(
        &self,
        caller: &Caller,
        address: &TenantAddress,
        origin: Origin,
    ) -> Result<TenantScope, ApiError> {
        Ok(Self::enter_to_pay(self, caller, address, origin).await?)
    }

    async fn enter_system(&self, caller: &Caller, origin: Origin) -> Result<SystemScope, ApiError> {
        Ok(Self::enter_system(self, caller, origin)?)
    }

    async fn enter_platform(&self, caller: &Caller, origin: Origin) -> Result<SystemScope, ApiError> {
        Ok(Self::enter_platform(self, caller, origin)?)
    }

    async fn public_tenant(&self, address: &TenantAddress) -> Result<Option<TenantId>, ApiError> {
        Ok(self.addressed(address).await?)
    }
}
