//! Whom credentials turn out to be.

use std::num::NonZeroU32;
use std::sync::Arc;

use tenantry_identity::support::Impersonation;
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{
    ApiKeyId, MembershipId, PermissionSet, PlatformKeyId, Principal, ServiceAccountId, SessionId, TenantId, UserId,
};

use crate::support::acting;

/// Whom a credential turned out to be.
#[derive(Clone, Debug)]
pub enum Caller {
    /// A signed-in person.
    Person(Person),
    /// A program with an API key.
    Key(Key),
    /// A program of the installation with a platform key.
    Platform(PlatformCaller),
    /// A service account with an access token.
    Service(ServiceCaller),
    /// An operator on behalf of a member.
    Support(SupportCaller),
}

/// A signed-in person, as their access token tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The human.
    pub user: UserId,
    /// The session the token belongs to.
    pub session: SessionId,
    /// The tenant and membership the token was minted for; `None` for platform people.
    pub seat: Option<(TenantId, MembershipId)>,
    /// Their role over the installation, if any.
    pub platform_role: Option<PlatformRole>,
    /// True while their last proof of who they are is fresh enough for delicate changes.
    pub stepped_up: bool,
}

/// An API key that passed every check of its own.
#[derive(Clone, Debug)]
pub struct Key {
    /// The tenant it is bound to.
    pub tenant: TenantId,
    /// The key.
    pub id: ApiKeyId,
    /// Whose own it is; `None` for one of the tenant's, or of a service account.
    pub person: Option<UserId>,
    /// False for test keys.
    pub live: bool,
    /// What it may do.
    pub permissions: PermissionSet,
    /// Calls per minute, when the key has a limit of its own.
    pub rate_limit_per_minute: Option<NonZeroU32>,
}

/// A platform key that passed every check of its own. It enters no tenant.
#[derive(Clone, Debug)]
pub struct PlatformCaller {
    /// The key.
    pub id: PlatformKeyId,
    /// What it may do.
    pub permissions: PermissionSet,
}

/// A service account whose token passed every check.
#[derive(Clone, Debug)]
pub struct ServiceCaller {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// The account.
    pub account: ServiceAccountId,
    /// What it may do by its own permissions and its token's scope.
    pub permissions: PermissionSet,
}

/// An operator on behalf of a member, whose visit goes on.
#[derive(Clone, Debug)]
pub struct SupportCaller(pub Arc<Impersonation>);

impl SupportCaller {
    /// Who acts, and on whose behalf.
    #[must_use]
    pub fn principal(&self) -> Principal {
        acting(&self.0)
    }
}
