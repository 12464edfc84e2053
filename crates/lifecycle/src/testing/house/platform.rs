//! What belongs to the installation: its people, its worker, and support.

use std::sync::Arc;

use tenantry_identity::user::PlatformRole;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Origin, PermissionSet, SessionId, SystemScope, UserId};

use super::House;
use crate::roles;
use crate::support::{SupportParts, SupportService};

impl House {
    /// Operators on behalf of members.
    #[must_use]
    pub fn support(&self) -> SupportService {
        SupportService::new(SupportParts {
            catalog: Arc::clone(&self.catalog),
            people: self.shared_store(),
            store: self.shared_store(),
            visits: self.shared_store(),
            directory: self.shared_store(),
            sessions: self.shared_store(),
            signer: self.signer.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            gate: self.gate(),
        })
    }

    /// A scope over the installation, for a person with this platform role.
    #[must_use]
    pub fn platform(&self, role: PlatformRole) -> SystemScope {
        let (user, session) = (Uuid::from_u128(9_001), Uuid::from_u128(9_002));
        self.gate().enter_system(
            UserId::from_uuid(user),
            SessionId::from_uuid(session),
            roles::platform_permissions(role),
            Origin::default(),
        )
    }

    /// An operator's scope over the installation.
    #[must_use]
    pub fn operator(&self) -> SystemScope {
        self.platform(PlatformRole::Operator)
    }

    /// The worker's scope over the installation.
    #[must_use]
    pub fn worker(&self) -> SystemScope {
        self.gate()
            .enter_system_as_worker("billing_run", PermissionSet::default())
    }
}
