//! The gate: the only place that mints scopes for members, keys, operators and workers.
//!
//! **Invariants:** a member enters only a tenant they are an active member of; nobody but operators and
//! workers enters a suspended one, save members who come to pay what it is suspended for; a stranger cannot tell a tenant they do not belong to from none.

use std::sync::Arc;

use tenantry_kernel::id::{ApiKeyId, MembershipId, PlatformKeyId, ServiceAccountId, SessionId, UserId};
use tenantry_kernel::{
    Authority, DomainError, ErrorKind, Narrowed, Origin, PermissionSet, Principal, StoreError, SystemScope, TenantId,
    TenantScope, Value,
};

use crate::directory::{AccessDirectory, MemberAccess, TenantAccess};
use crate::membership::MembershipState;
use crate::permissions::{PLATFORM_MANAGE, PLATFORM_READ};
use crate::role::{Powers, RoleBook};
use crate::tenant::{SuspensionCause, TenantStatus};

/// Why somebody may not enter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnterError {
    /// There is no such tenant, or not for this caller.
    #[error("there is no such tenant")]
    NotFound,
    /// The tenant is closed.
    #[error("the tenant is suspended")]
    Suspended {
        /// Why, in words for its members.
        reason: String,
        /// What closed it.
        cause: SuspensionCause,
    },
    /// The tenant lets nobody in from this address.
    #[error("the tenant's policy does not allow this address")]
    AddressNotAllowed,
    /// The membership is not active: not accepted yet, or deactivated.
    #[error("the membership is {}", .0.as_str())]
    Denied(MembershipState),
    /// The look-up failed.
    #[error("could not look up the tenant or the member")]
    Store(#[from] StoreError),
}

impl DomainError for EnterError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Suspended { .. } => ErrorKind::Locked,
            Self::AddressNotAllowed | Self::Denied(_) => ErrorKind::Denied,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Suspended { .. } => "tenant_suspended",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::Denied(_) => "membership_inactive",
            Self::Store(cause) => cause.code(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Suspended { reason, cause } => {
                vec![("reason", reason.as_str().into()), ("cause", cause.as_str().into())]
            }
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

/// Mints scopes for those who may enter.
pub struct Gate {
    authority: Authority,
    directory: Arc<dyn AccessDirectory>,
    roles: Arc<RoleBook>,
    /// All an owner may do, and what is the installation's to decide about a tenant.
    operator: PermissionSet,
    read_only: PermissionSet,
}

impl Gate {
    /// A gate with the right to mint, over this directory.
    #[must_use]
    pub fn new(authority: Authority, directory: Arc<dyn AccessDirectory>, roles: Arc<RoleBook>) -> Self {
        let reads = |name: &str| {
            let verb = name.rsplit('.').next().unwrap_or_default();
            verb == "read" || verb == "read_basic"
        };
        let read_only = roles
            .owner()
            .permissions
            .iter()
            .filter(|permission| reads(permission.as_str()))
            .cloned()
            .chain([PLATFORM_READ])
            .collect();
        let platform = PermissionSet::from_iter([PLATFORM_READ, PLATFORM_MANAGE]);
        let operator = roles.owner().permissions.union(&platform);
        Self {
            authority,
            directory,
            roles,
            operator,
            read_only,
        }
    }

    /// A person enters as a member, with the role's permissions and their own extra ones.
    ///
    /// # Errors
    /// [`EnterError`]; `NotFound` also when the membership is another person's.
    pub async fn enter_member(
        &self,
        tenant: TenantId,
        user: UserId,
        membership: MembershipId,
        session: SessionId,
        origin: Origin,
    ) -> Result<TenantScope, EnterError> {
        let (found, member) = self.member(tenant, user, membership).await?;
        Self::require_allowed(&found, &origin)?;
        Self::require_open(&found)?;

        Ok(self.as_member(&found, &member, session, origin))
    }

    /// As [`Gate::enter_member`], and also into a tenant that is suspended because an invoice is unpaid: for what
    /// a member needs to pay it, and for nothing else. The caller sees to that.
    ///
    /// # Errors
    /// [`EnterError`]; what an operator has suspended stays closed.
    pub async fn enter_member_to_pay(
        &self,
        tenant: TenantId,
        user: UserId,
        membership: MembershipId,
        session: SessionId,
        origin: Origin,
    ) -> Result<TenantScope, EnterError> {
        let (found, member) = self.member(tenant, user, membership).await?;
        Self::require_allowed(&found, &origin)?;
        if found.status.suspension() != Some(SuspensionCause::Unpaid) {
            Self::require_open(&found)?;
        }

        Ok(self.as_member(&found, &member, session, origin))
    }

    /// The tenant and the active member. Membership is looked at before anything is said about the tenant: only those
    /// inside learn that it is suspended.
    async fn member(
        &self,
        tenant: TenantId,
        user: UserId,
        membership: MembershipId,
    ) -> Result<(Arc<TenantAccess>, Arc<MemberAccess>), EnterError> {
        let found = self.tenant(tenant).await?;
        let member = self.directory.member(tenant, membership).await?;
        let member = member
            .filter(|member| member.user == user)
            .ok_or(EnterError::NotFound)?;
        Self::require_active(&member)?;
        Ok((found, member))
    }

    fn as_member(
        &self,
        tenant: &TenantAccess,
        member: &MemberAccess,
        session: SessionId,
        origin: Origin,
    ) -> TenantScope {
        let Powers { everywhere, narrowed } = member.powers(&tenant.roles, &self.roles);
        let principal = Principal::Member {
            user: member.user,
            membership: member.membership,
            session,
        };
        let scope = self.authority.enter(tenant.id, principal, everywhere, origin);
        match narrowed {
            Some(narrowed) => self.authority.narrow(scope, narrowed),
            None => scope,
        }
    }

    /// A program enters with a key that has been checked; the permissions are the key's.
    ///
    /// # Errors
    /// [`EnterError`].
    pub async fn enter_key(
        &self,
        tenant: TenantId,
        key: ApiKeyId,
        live: bool,
        permissions: PermissionSet,
        origin: Origin,
    ) -> Result<TenantScope, EnterError> {
        let found = self.tenant(tenant).await?;
        Self::require_allowed(&found, &origin)?;
        Self::require_open(&found)?;

        let principal = Principal::ApiKey { key, live };
        Ok(self.authority.enter(tenant, principal, permissions, origin))
    }

    /// An operator enters on behalf of a member, with what `narrow` leaves of the member's permissions. The caller has
    /// checked that they may. The tenant's list of addresses is for its own people: operators come from elsewhere.
    ///
    /// # Errors
    /// [`EnterError`]; `NotFound` also when nobody acts on behalf of a member of this person's.
    pub async fn enter_support(
        &self,
        tenant: TenantId,
        user: UserId,
        acting: Principal,
        narrow: impl Fn(&PermissionSet) -> PermissionSet + Send + Sync,
        origin: Origin,
    ) -> Result<TenantScope, EnterError> {
        let membership = acting.on_behalf_of().ok_or(EnterError::NotFound)?;
        let (found, member) = self.member(tenant, user, membership).await?;
        Self::require_open(&found)?;

        let Powers { everywhere, narrowed } = member.powers(&found.roles, &self.roles);
        let left_of = |held: &PermissionSet| narrow(held).intersection(held);
        let scope = self.authority.enter(tenant, acting, left_of(&everywhere), origin);
        let Some(narrowed) = narrowed else {
            return Ok(scope);
        };
        let mut some = Narrowed::default();
        for (resource, held) in narrowed.iter() {
            some.add(resource.clone(), &left_of(held));
        }
        Ok(self.authority.narrow(scope, Arc::new(some)))
    }

    /// Whoever shows a credential ends it: they enter for that and nothing else, whatever the tenant's state. The
    /// caller has checked the credential.
    ///
    /// # Errors
    /// [`EnterError::NotFound`], [`EnterError::Store`].
    pub async fn enter_to_end(
        &self,
        tenant: TenantId,
        holder: Principal,
        origin: Origin,
    ) -> Result<TenantScope, EnterError> {
        self.tenant(tenant).await?;

        Ok(self.authority.enter(tenant, holder, PermissionSet::default(), origin))
    }

    /// A service account enters; the permissions are what its token allows of its own. It may never do more than an
    /// owner.
    ///
    /// # Errors
    /// [`EnterError`].
    pub async fn enter_service(
        &self,
        tenant: TenantId,
        account: ServiceAccountId,
        permissions: &PermissionSet,
        origin: Origin,
    ) -> Result<TenantScope, EnterError> {
        let found = self.tenant(tenant).await?;
        Self::require_open(&found)?;

        let permissions = self.bounded(permissions);
        let principal = Principal::ServiceAccount { account };
        Ok(self.authority.enter(tenant, principal, permissions, origin))
    }

    /// All that an owner of any tenant may do.
    #[must_use]
    pub fn owners_powers(&self) -> PermissionSet {
        self.roles.owner().permissions.clone()
    }

    /// Of these permissions what an owner may do.
    #[must_use]
    pub fn bounded(&self, permissions: &PermissionSet) -> PermissionSet {
        let owner = &self.roles.owner().permissions;
        if owner.covers(permissions) {
            permissions.clone()
        } else {
            permissions.intersection(owner)
        }
    }

    /// A person with a platform role enters any tenant, suspended or not: with all an owner may do, or
    /// with the reading part of it.
    ///
    /// # Errors
    /// [`EnterError::NotFound`], [`EnterError::Store`].
    pub async fn enter_operator(
        &self,
        tenant: TenantId,
        user: UserId,
        session: SessionId,
        read_only: bool,
        origin: Origin,
    ) -> Result<TenantScope, EnterError> {
        self.tenant(tenant).await?;

        let permissions = if read_only {
            self.read_only.clone()
        } else {
            self.operator.clone()
        };
        let principal = Principal::Operator { user, session };
        Ok(self.authority.enter(tenant, principal, permissions, origin))
    }

    /// A background worker enters a tenant, suspended or not, with all an owner may do.
    ///
    /// # Errors
    /// [`EnterError::NotFound`], [`EnterError::Store`].
    pub async fn enter_as_system(&self, tenant: TenantId, job: &'static str) -> Result<TenantScope, EnterError> {
        self.tenant(tenant).await?;

        let permissions = self.roles.owner().permissions.clone();
        let principal = Principal::Worker { job };
        Ok(self.authority.enter(tenant, principal, permissions, Origin::default()))
    }

    /// The founder enters a tenant that does not exist yet, with all an owner may do, to write it.
    #[must_use]
    pub fn found(&self, tenant: TenantId, founder: Principal, origin: Origin) -> TenantScope {
        self.authority
            .enter(tenant, founder, self.roles.owner().permissions.clone(), origin)
    }

    /// A person accepts an invitation, or joins by their address: they enter as the member they are about to be. The
    /// caller has checked the token or the claim.
    ///
    /// # Errors
    /// [`EnterError::NotFound`], [`EnterError::Suspended`], [`EnterError::Store`].
    pub async fn enter_invited(
        &self,
        tenant: TenantId,
        invited: Principal,
        origin: Origin,
    ) -> Result<TenantScope, EnterError> {
        let found = self.tenant(tenant).await?;
        Self::require_allowed(&found, &origin)?;
        Self::require_open(&found)?;

        Ok(self.authority.enter(tenant, invited, PermissionSet::default(), origin))
    }

    /// A person enters a tenant of theirs to leave it, or to say by which address it may know them, whatever the state
    /// of the tenant and of the membership. They may do nothing else there.
    ///
    /// # Errors
    /// [`EnterError::NotFound`] also when the membership is another person's; [`EnterError::Store`].
    pub async fn enter_to_leave(
        &self,
        tenant: TenantId,
        user: UserId,
        membership: MembershipId,
        session: SessionId,
        origin: Origin,
    ) -> Result<TenantScope, EnterError> {
        self.tenant(tenant).await?;
        let member = self.directory.member(tenant, membership).await?;
        let member = member
            .filter(|member| member.user == user)
            .ok_or(EnterError::NotFound)?;

        let principal = Principal::Member {
            user,
            membership: member.membership,
            session,
        };
        Ok(self
            .authority
            .enter(tenant, principal, PermissionSet::default(), origin))
    }

    /// A person with a platform role works across tenants.
    #[must_use]
    pub const fn enter_system(
        &self,
        user: UserId,
        session: SessionId,
        permissions: PermissionSet,
        origin: Origin,
    ) -> SystemScope {
        self.authority
            .enter_system(Principal::Operator { user, session }, permissions, origin)
    }

    /// A program of the installation works across tenants with a platform key that has been checked; the permissions
    /// are the key's.
    #[must_use]
    pub const fn enter_platform_key(
        &self,
        key: PlatformKeyId,
        permissions: PermissionSet,
        origin: Origin,
    ) -> SystemScope {
        self.authority
            .enter_system(Principal::PlatformKey { key }, permissions, origin)
    }

    /// A background worker works across tenants.
    #[must_use]
    pub fn enter_system_as_worker(&self, job: &'static str, permissions: PermissionSet) -> SystemScope {
        self.authority
            .enter_system(Principal::Worker { job }, permissions, Origin::default())
    }

    /// Who a member is, and what they may do now whatever it is done to, for a key they made; `None` when they are no
    /// active member any more. What they may do to some resources alone is theirs, and not their keys'.
    ///
    /// # Errors
    /// The directory's.
    pub async fn powers_of(
        &self,
        tenant: TenantId,
        membership: MembershipId,
    ) -> Result<Option<(UserId, PermissionSet)>, StoreError> {
        let member = self.directory.member(tenant, membership).await?;
        let Some(member) = member.filter(|member| member.status == MembershipState::Active) else {
            return Ok(None);
        };
        let tenant = self.directory.tenant(tenant).await?;
        Ok(tenant.map(|tenant| (member.user, member.powers(&tenant.roles, &self.roles).everywhere)))
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Arc<TenantAccess>, EnterError> {
        self.directory.tenant(tenant).await?.ok_or(EnterError::NotFound)
    }

    /// Only those inside get here, so only they learn that there is a list.
    fn require_allowed(tenant: &TenantAccess, origin: &Origin) -> Result<(), EnterError> {
        if tenant.security.allows_address(origin.address) {
            Ok(())
        } else {
            Err(EnterError::AddressNotAllowed)
        }
    }

    const fn require_active(member: &MemberAccess) -> Result<(), EnterError> {
        match member.status {
            MembershipState::Active => Ok(()),
            inactive => Err(EnterError::Denied(inactive)),
        }
    }

    fn require_open(tenant: &TenantAccess) -> Result<(), EnterError> {
        match &tenant.status {
            TenantStatus::Active => Ok(()),
            TenantStatus::Suspended { reason, cause, .. } => Err(EnterError::Suspended {
                reason: reason.clone(),
                cause: *cause,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
