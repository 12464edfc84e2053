//! The tenant scope: the only way to a tenant's data.
//!
//! **Invariant:** a scope cannot be made by hand. It is minted with an [`Authority`], which the
//! composition root makes once and hands to tenancy's gate, the worker's gate and an embedder's resolver.
//!
//! ```compile_fail
//! use tenantry_kernel::{Origin, PermissionSet, Principal, TenantId, TenantScope, uuid::Uuid};
//! // The fields are private: this does not compile.
//! let forged = TenantScope {
//!     tenant: TenantId::from_uuid(Uuid::nil()),
//!     principal: Principal::Anonymous,
//!     permissions: PermissionSet::default(),
//!     narrowed: None,
//!     origin: Origin::default(),
//!     receipt: None,
//! };
//! ```

use std::sync::Arc;

use crate::error::Denied;
use crate::id::TenantId;
use crate::permission::{Permission, PermissionSet};
use crate::principal::{Origin, Principal};
use crate::resource::{Narrowed, Resource};

/// The right to mint scopes. Made once, in the composition root.
#[derive(Clone, Debug)]
pub struct Authority(());

impl Authority {
    /// Makes the authority. The lint `disallowed_methods` forbids this call outside the composition root.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "minting must be visible: no `default()` may do it"
    )]
    pub const fn new() -> Self {
        Self(())
    }

    /// Mints a scope for one tenant. The caller has checked that the principal may enter it.
    #[must_use]
    pub const fn enter(
        &self,
        tenant: TenantId,
        principal: Principal,
        permissions: PermissionSet,
        origin: Origin,
    ) -> TenantScope {
        TenantScope {
            tenant,
            principal,
            permissions,
            narrowed: None,
            origin,
            receipt: None,
        }
    }

    /// The same scope, whose principal also holds permissions for some resources alone.
    #[must_use]
    pub fn narrow(&self, scope: TenantScope, narrowed: Arc<Narrowed>) -> TenantScope {
        TenantScope {
            narrowed: Some(narrowed),
            ..scope
        }
    }

    /// Mints a scope over the installation. The caller has checked that the principal is an operator or a worker.
    #[must_use]
    pub const fn enter_system(&self, principal: Principal, permissions: PermissionSet, origin: Origin) -> SystemScope {
        SystemScope {
            principal,
            permissions,
            origin,
            receipt: None,
        }
    }
}

/// What an idempotent request leaves behind in the same commit as its effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The operation, as the route table names it.
    pub operation: &'static str,
    /// The caller's `Idempotency-Key`.
    pub key: Arc<str>,
    /// Keyed digest of the request: where it goes and what it says.
    pub body_digest: [u8; 32],
    /// True for routes that are called before a tenant is known, such as sign-up: the receipt is then kept for
    /// the installation (nil tenant, empty principal), and the digest is what binds it to its caller.
    pub platform: bool,
}

/// One tenant, one principal, what it may do, and where the call came from.
#[derive(Clone, Debug)]
pub struct TenantScope {
    tenant: TenantId,
    principal: Principal,
    permissions: PermissionSet,
    narrowed: Option<Arc<Narrowed>>,
    origin: Origin,
    receipt: Option<Arc<Receipt>>,
}

impl TenantScope {
    /// The tenant everything under this scope belongs to.
    #[must_use]
    pub const fn tenant_id(&self) -> TenantId {
        self.tenant
    }

    /// Who acts.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What they may do, whatever it is done to.
    #[must_use]
    pub const fn permissions(&self) -> &PermissionSet {
        &self.permissions
    }

    /// What they may do to some resources beyond that, if anything.
    #[must_use]
    pub fn narrowed(&self) -> Option<&Narrowed> {
        self.narrowed.as_deref()
    }

    /// Where the call came from.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The receipt to leave with the next commit, for requests that carry an `Idempotency-Key`.
    #[must_use]
    pub fn receipt(&self) -> Option<&Receipt> {
        self.receipt.as_deref()
    }

    /// The same scope, leaving `receipt` with its commit.
    #[must_use]
    pub fn with_receipt(mut self, receipt: Receipt) -> Self {
        self.receipt = Some(Arc::new(receipt));
        self
    }

    /// The same scope without a receipt: for the second commit of a use case that needs two.
    #[must_use]
    pub fn without_receipt(&self) -> Self {
        Self {
            receipt: None,
            ..self.clone()
        }
    }

    /// The same principal in the same tenant, calling from here. It leaves no receipt.
    #[must_use]
    pub fn called_from(&self, origin: Origin) -> Self {
        Self {
            tenant: self.tenant,
            principal: self.principal.clone(),
            permissions: self.permissions.clone(),
            narrowed: self.narrowed.clone(),
            origin,
            receipt: None,
        }
    }

    /// Passes when the permission is held.
    ///
    /// # Errors
    /// [`Denied`] naming the permission otherwise.
    pub fn require(&self, permission: &Permission) -> Result<(), Denied> {
        if self.permissions.holds(permission) {
            Ok(())
        } else {
            Err(Denied::new(permission.clone()))
        }
    }

    /// Passes when the permission is held for this resource: everywhere, or by a role that is narrowed to it.
    ///
    /// # Errors
    /// [`Denied`] naming the permission otherwise.
    pub fn require_on(&self, permission: &Permission, resource: &Resource) -> Result<(), Denied> {
        let narrowed = self.narrowed.as_ref();
        if self.permissions.holds(permission) || narrowed.is_some_and(|held| held.holds(permission, resource)) {
            Ok(())
        } else {
            Err(Denied::new(permission.clone()))
        }
    }
}

/// The installation as a whole: operators and workers. Ports that take it answer with ids to be
/// re-entered one tenant at a time.
#[derive(Clone, Debug)]
pub struct SystemScope {
    principal: Principal,
    permissions: PermissionSet,
    origin: Origin,
    receipt: Option<Arc<Receipt>>,
}

impl SystemScope {
    /// Who acts.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What they may do.
    #[must_use]
    pub const fn permissions(&self) -> &PermissionSet {
        &self.permissions
    }

    /// Where the call came from.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The receipt to leave with the next commit.
    #[must_use]
    pub fn receipt(&self) -> Option<&Receipt> {
        self.receipt.as_deref()
    }

    /// The same scope, leaving `receipt` with its commit.
    #[must_use]
    pub fn with_receipt(mut self, receipt: Receipt) -> Self {
        self.receipt = Some(Arc::new(receipt));
        self
    }

    /// Passes when the permission is held.
    ///
    /// # Errors
    /// [`Denied`] naming the permission otherwise.
    pub fn require(&self, permission: &Permission) -> Result<(), Denied> {
        if self.permissions.holds(permission) {
            Ok(())
        } else {
            Err(Denied::new(permission.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test_authority;
    use crate::uuid::Uuid;

    #[test]
    fn another_call_of_the_same_principal_has_its_own_origin_and_no_receipt() {
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let held: PermissionSet = [Permission::known("things.read")].into_iter().collect();
        let from = |id: &str| Origin {
            request_id: id.into(),
            ..Origin::default()
        };
        let receipt = Receipt {
            operation: "things_create",
            key: "k".into(),
            body_digest: [7; 32],
            platform: false,
        };
        let narrowed = Arc::new(Narrowed::default());
        let first = test_authority().enter(tenant, Principal::Anonymous, held.clone(), from("first"));
        let first = test_authority().narrow(first, narrowed).with_receipt(receipt);

        let second = first.called_from(from("second"));

        assert_eq!(&*second.origin().request_id, "second");
        assert!(second.receipt().is_none() && first.receipt().is_some());
        assert_eq!((second.tenant_id(), second.permissions()), (tenant, &held));
        assert_eq!(second.principal(), first.principal());
        assert!(second.narrowed().is_some());
    }
}
