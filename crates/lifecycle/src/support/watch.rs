//! Whether a visit goes on: asked for every call that it makes, and answered from memory when warm.

use std::sync::Arc;

use tenantry_identity::directory::SessionDirectory;
use tenantry_identity::support::{Impersonation, SupportDirectory};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{ImpersonationId, Principal, StoreError, TenantId};
use tenantry_tenancy::directory::AccessDirectory;
use tenantry_tenancy::security::SupportAccess;

use crate::roles::{self, PLATFORM_MANAGE, PLATFORM_READ};

/// Watches visits. Whether the tenant is open and the member still there is the gate's to say.
#[derive(Clone)]
pub struct SupportWatch {
    directory: Arc<dyn AccessDirectory>,
    visits: Arc<dyn SupportDirectory>,
    sessions: Arc<dyn SessionDirectory>,
}

impl SupportWatch {
    /// Watches by these directories.
    #[must_use]
    pub fn new(
        directory: Arc<dyn AccessDirectory>,
        visits: Arc<dyn SupportDirectory>,
        sessions: Arc<dyn SessionDirectory>,
    ) -> Self {
        Self {
            directory,
            visits,
            sessions,
        }
    }

    /// The visit, while nobody has ended it, its time is not over, the operator is signed in and has a platform role
    /// that allows it, and the tenant agrees.
    ///
    /// # Errors
    /// The directories'.
    pub async fn live(
        &self,
        tenant: TenantId,
        id: ImpersonationId,
        now: OffsetDateTime,
    ) -> Result<Option<Arc<Impersonation>>, StoreError> {
        let found = self.visits.visit(tenant, id).await?;
        let Some(visit) = found.filter(|visit| visit.is_live(now)) else {
            return Ok(None);
        };
        let session = self.sessions.live(visit.operator, visit.session, now).await?;
        let goes_on = session.is_some() && self.may_act(&visit).await? && self.agreed(tenant, now).await?;
        Ok(goes_on.then_some(visit))
    }

    /// True while the operator's platform role, as it is now, allows what the visit does.
    async fn may_act(&self, visit: &Impersonation) -> Result<bool, StoreError> {
        let Some(role) = self.sessions.platform_role(visit.operator).await? else {
            return Ok(false);
        };
        let needed = if visit.read_only {
            PLATFORM_READ
        } else {
            PLATFORM_MANAGE
        };
        Ok(roles::platform_permissions(role).holds(&needed))
    }

    /// True when the installation's people may be in the tenant: its policy asks for no consent, or it has given one
    /// that holds.
    ///
    /// # Errors
    /// The directories'.
    pub async fn agreed(&self, tenant: TenantId, now: OffsetDateTime) -> Result<bool, StoreError> {
        if !self.asks(tenant).await? {
            return Ok(true);
        }
        let until = self.visits.agreed_until(tenant).await?;
        Ok(until.is_some_and(|until| now < until))
    }

    /// True when the tenant's policy asks for its consent.
    pub(super) async fn asks(&self, tenant: TenantId) -> Result<bool, StoreError> {
        let found = self.directory.tenant(tenant).await?;
        Ok(found.is_some_and(|tenant| tenant.security.support_access == SupportAccess::WithConsent))
    }
}

/// Who acts, and on whose behalf.
pub(crate) const fn acting(visit: &Impersonation) -> Principal {
    Principal::Support {
        operator: visit.operator,
        impersonation: visit.id,
        membership: visit.membership,
    }
}
