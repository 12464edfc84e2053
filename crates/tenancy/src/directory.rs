//! Look-ups before a scope exists, and lists across tenants for operators.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{
    Code, EmailAddress, Page, PageRequest, PermissionSet, StoreError, SystemScope, TenantId, TenantScope,
};

use crate::locale::Timezone;
use crate::membership::MembershipState;
use crate::role::own::Remembered;
use crate::role::{OwnRoles, Powers, RoleAssignment, RoleBook};
use crate::security::SecurityPolicy;
use crate::tenant::{Slug, Tenant, TenantState, TenantStatus};
use crate::text::DisplayName;

/// What the gate needs to know of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantAccess {
    /// The tenant.
    pub id: TenantId,
    /// Its slug.
    pub slug: Slug,
    /// Its name.
    pub name: DisplayName,
    /// Whether it may be used.
    pub status: TenantStatus,
    /// Where its days begin.
    pub timezone: Timezone,
    /// The roles that it defines for itself.
    pub roles: Arc<OwnRoles>,
    /// What it asks of those who enter.
    pub security: Arc<SecurityPolicy>,
}

/// What the gate needs to know of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberAccess {
    /// The membership.
    pub membership: MembershipId,
    /// The human.
    pub user: UserId,
    /// The role, as stored.
    pub role: Code,
    /// Permissions beyond the role.
    pub extra: PermissionSet,
    /// Whether it may be used.
    pub status: MembershipState,
    /// Further roles.
    pub assigned: Vec<RoleAssignment>,
    /// What followed from all of it the last time.
    pub remembered: Remembered,
}

impl MemberAccess {
    /// What the member may do, by the roles of their tenant. For the same roles it is the very same sets each time.
    #[must_use]
    pub fn powers(&self, own: &Arc<OwnRoles>, catalog: &RoleBook) -> Powers {
        if self.extra.is_empty() && self.assigned.is_empty() {
            return Powers {
                everywhere: own.book(catalog).permissions_of(&self.role, &self.extra),
                narrowed: None,
            };
        }
        self.remembered.powers(self, own, catalog)
    }
}

/// The platform's look-ups that make a scope possible. Each is one statement; a decorator caches them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AccessDirectory: Send + Sync {
    /// The tenant with this id.
    async fn tenant(&self, tenant: TenantId) -> Result<Option<Arc<TenantAccess>>, StoreError>;

    /// A membership of this tenant; `None` for another tenant's.
    async fn member(&self, tenant: TenantId, membership: MembershipId)
    -> Result<Option<Arc<MemberAccess>>, StoreError>;

    /// The user's membership in this tenant, in whatever state.
    async fn membership_of(&self, tenant: TenantId, user: UserId) -> Result<Option<MembershipId>, StoreError>;

    /// Every tenant the user belongs to, in whatever state, oldest membership first.
    async fn memberships_of_user(&self, user: UserId) -> Result<Vec<(TenantId, MembershipId)>, StoreError>;

    /// The tenant that owns a slug (in lower case).
    async fn tenant_by_slug(&self, slug: &str) -> Result<Option<TenantId>, StoreError>;

    /// The tenant that has *verified* a host name (in lower case, without port or trailing dot).
    async fn tenant_by_host(&self, host: &str) -> Result<Option<TenantId>, StoreError>;
}

/// One tenant of a person, as they see it themself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belonging {
    /// The tenant.
    pub tenant: TenantId,
    /// Its slug.
    pub slug: Slug,
    /// Its name.
    pub name: DisplayName,
    /// Whether it may be used.
    pub state: TenantState,
    /// The membership.
    pub membership: MembershipId,
    /// Where the membership stands.
    pub status: MembershipState,
    /// The role's code.
    pub role: Code,
    /// The address by which the tenant knows the person.
    pub email: EmailAddress,
    /// The name by which it does.
    pub called: Option<DisplayName>,
    /// Until when the invitation can be accepted, if it is one.
    pub invitation_expires_at: Option<OffsetDateTime>,
    /// When the person last signed in there.
    pub last_login_at: Option<OffsetDateTime>,
    /// Since when.
    pub since: OffsetDateTime,
}

/// Where a person belongs. The number of statements does not grow with the number of tenants.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BelongingDirectory: Send + Sync {
    /// The person's tenants, oldest membership first, whatever their states.
    async fn belongings(&self, user: UserId, page: PageRequest) -> Result<Page<Belonging>, StoreError>;
}

/// Tenants as they show themselves. Programs ask this more often than anything else; a decorator caches it.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TenantProfiles: Send + Sync {
    /// The tenant of the scope, as its last commit left it.
    async fn profile(&self, scope: &TenantScope) -> Result<Option<Arc<Tenant>>, StoreError>;
}

/// Which tenants an operator looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantFilter {
    /// In this state.
    pub status: Option<TenantState>,
    /// On this plan, of whatever version.
    pub plan: Option<Code>,
    /// Name, slug or billing address contain this text, whatever its case.
    pub text: Option<String>,
}

/// Lists across tenants, for operators and workers. Answers ids, to be entered one at a time.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TenantDirectory: Send + Sync {
    /// Tenants that match the filter, oldest first.
    async fn list(
        &self,
        scope: &SystemScope,
        filter: &TenantFilter,
        page: PageRequest,
    ) -> Result<Page<TenantId>, StoreError>;
}
