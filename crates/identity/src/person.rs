//! The signed-in person: who acts on their own account, outside any tenant.

use tenantry_kernel::Origin;
use tenantry_kernel::TenantId;
use tenantry_kernel::id::{MembershipId, SessionId, UserId};

use crate::token::AccessClaims;
use crate::user::PlatformRole;

/// A person whose access token was verified and whose session is live.
#[derive(Clone, Debug)]
pub struct Person {
    /// The human.
    pub user: UserId,
    /// The session the access token belongs to.
    pub session: SessionId,
    /// The tenant the token is for; `None` when no tenant was chosen.
    pub tenant: Option<TenantId>,
    /// The tie to that tenant.
    pub membership: Option<MembershipId>,
    /// The role on the platform, for operators and support.
    pub platform_role: Option<PlatformRole>,
    /// Where the call came from.
    pub origin: Origin,
}

impl Person {
    /// The person that verified claims speak of.
    #[must_use]
    pub const fn from_claims(claims: &AccessClaims, origin: Origin) -> Self {
        Self {
            user: claims.user,
            session: claims.session,
            tenant: claims.tenant,
            membership: claims.membership,
            platform_role: claims.platform_role,
            origin,
        }
    }
}
