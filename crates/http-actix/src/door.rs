//! The seam to authentication: who calls, and which tenant they may enter.
//!
//! This crate reads credentials and addresses off the request; whoever implements [`Doorman`] judges them.

use std::sync::Arc;

use tenantry_kernel::{Origin, SystemScope, TenantId, TenantScope, async_trait};
use tenantry_lifecycle::access::Access;
pub use tenantry_lifecycle::access::{
    Address as TenantAddress, Admission, Caller, Credential, Key, Person, PlatformCaller, Question, ServiceCaller,
    SupportCaller,
};

use crate::error::ApiError;

/// Judges credentials and addresses. Answers from memory when warm: it is asked on every request.
#[async_trait]
pub trait Doorman: Send + Sync {
    /// Who shows this credential.
    ///
    /// # Errors
    /// 401 when it is nobody we believe.
    async fn authenticate(&self, credential: &Credential<'_>, origin: &Origin) -> Result<Caller, ApiError>;

    /// The scope of the addressed tenant, or of the credential's own when none is addressed.
    ///
    /// # Errors
    /// 404 for an unknown or foreign tenant, 400 `tenant_mismatch`, 423 for a suspended one.
    async fn enter(
        &self,
        caller: &Caller,
        address: &TenantAddress<'_>,
        origin: Origin,
    ) -> Result<TenantScope, ApiError>;

    /// What was decided about such a call a moment ago, if it is good still. It does not wait for anything.
    fn recall(&self, _: &Question<'_>) -> Option<Arc<Admission>> {
        None
    }

    /// [`Doorman::authenticate`], then [`Doorman::enter`]; a platform key enters nothing.
    ///
    /// # Errors
    /// As theirs.
    async fn admit(&self, question: &Question<'_>, origin: &Origin) -> Result<Arc<Admission>, ApiError> {
        let caller = self.authenticate(question.credential, origin).await?;
        let scope = match &caller {
            Caller::Platform(_) => None,
            caller => Some(self.enter(caller, question.address, origin.clone()).await?),
        };
        Ok(Arc::new(Admission::new(caller, scope)))
    }

    /// As [`Doorman::enter`], for what somebody needs to pay an invoice: also into a tenant that is suspended because
    /// one is unpaid. A doorman that knows no such thing keeps it shut.
    ///
    /// # Errors
    /// As [`Doorman::enter`].
    async fn enter_to_pay(
        &self,
        caller: &Caller,
        address: &TenantAddress<'_>,
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
    async fn public_tenant(&self, address: &TenantAddress<'_>) -> Result<Option<TenantId>, ApiError>;
}

#[async_trait]
impl Doorman for Access {
    async fn authenticate(&self, credential: &Credential<'_>, origin: &Origin) -> Result<Caller, ApiError> {
        Ok(Self::authenticate(self, credential, origin).await?)
    }

    fn recall(&self, question: &Question<'_>) -> Option<Arc<Admission>> {
        Self::recall(self, question)
    }

    async fn admit(&self, question: &Question<'_>, origin: &Origin) -> Result<Arc<Admission>, ApiError> {
        Ok(Self::admit(self, question, origin).await?)
    }

    async fn enter(
        &self,
        caller: &Caller,
        address: &TenantAddress<'_>,
        origin: Origin,
    ) -> Result<TenantScope, ApiError> {
        Ok(Self::enter(self, caller, address, origin).await?)
    }

    async fn enter_to_pay(
        &self,
        caller: &Caller,
        address: &TenantAddress<'_>,
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

    async fn public_tenant(&self, address: &TenantAddress<'_>) -> Result<Option<TenantId>, ApiError> {
        Ok(self.addressed(address).await?)
    }
}
