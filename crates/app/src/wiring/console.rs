//! Whoever is at the console of the installation.

use tenantry_kernel::{Origin, PermissionSet, Principal, TenantId, TenantScope};
use tenantry_tenancy::gate::EnterError;
use tenantry_tenancy::permissions::{PLATFORM_MANAGE, PLATFORM_READ};

use super::Installation;

impl Installation {
    /// A scope in one tenant, suspended or not, with all that an operator may do there: for the command line, whose
    /// user holds the database and the master key anyway.
    ///
    /// # Errors
    /// [`EnterError`] when there is no such tenant.
    pub async fn enter_at_console(&self, tenant: TenantId) -> Result<TenantScope, EnterError> {
        let scope = self.gate.enter_as_system(tenant, "console").await?;
        let platform = PermissionSet::from_iter([PLATFORM_READ, PLATFORM_MANAGE]);
        let permissions = scope.permissions().union(&platform);
        let principal = Principal::Worker { job: "console" };
        Ok(self.authority.enter(tenant, principal, permissions, Origin::default()))
    }
}
