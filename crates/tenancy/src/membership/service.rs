//! What may be done with the members of a tenant, as far as no seat is counted.

use std::sync::Arc;

use tenantry_kernel::id::MembershipId;
use tenantry_kernel::retry::contended;
use tenantry_kernel::{Clock, Page, PageRequest, PermissionSet, TenantScope};

use crate::membership::steps::{self, Changed, Target};
use crate::membership::{
    DetailsChange, MemberError, Membership, MembershipFilter, MembershipSource, MembershipState, policy,
};
use crate::permissions::MEMBERS_READ;
use crate::role::RoleBook;
use crate::store::TenancyStore;

/// Which members to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListMembers {
    /// In this state.
    pub state: Option<MembershipState>,
    /// With this role, by any of its names.
    pub role: Option<String>,
    /// Come about like this.
    pub source: Option<MembershipSource>,
    /// Invitations that can still be accepted (true), or cannot any more (false).
    pub acceptable: Option<bool>,
    /// Whose name or address contain this text.
    pub text: Option<String>,
}

/// Another role for a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRole {
    /// The role, by any of its names.
    pub role: String,
    /// Permissions beyond the role; `None` leaves those there are.
    pub extra: Option<PermissionSet>,
    /// The version the caller saw, if it told one.
    pub expected: Option<i64>,
}

/// Reads and changes the members of a tenant.
///
/// Inviting and removing people, and their seats, are the lifecycle's: its use cases take the same
/// [`steps`] and count seats in the same unit.
pub struct MemberService {
    store: Arc<dyn TenancyStore>,
    clock: Arc<dyn Clock>,
    /// The catalog's.
    roles: Arc<RoleBook>,
}

impl MemberService {
    /// Works on this store, by the catalog's roles and those that a tenant defines.
    #[must_use]
    pub fn new(store: Arc<dyn TenancyStore>, clock: Arc<dyn Clock>, roles: Arc<RoleBook>) -> Self {
        Self { store, clock, roles }
    }

    /// A page of members, oldest first.
    ///
    /// # Errors
    /// [`MemberError::UnknownRole`], [`MemberError::Denied`], [`MemberError::Store`].
    pub async fn list(
        &self,
        scope: &TenantScope,
        request: ListMembers,
        page: PageRequest,
    ) -> Result<Page<Membership>, MemberError> {
        scope.require(&MEMBERS_READ)?;

        let mut unit = self.store.read(scope).await?;
        let role = match request.role {
            Some(name) => {
                let own = steps::read_roles(&mut *unit).await?;
                let role = own.book(&self.roles).find(&name).ok_or(MemberError::UnknownRole)?;
                Some(role.code.clone())
            }
            None => None,
        };
        let filter = MembershipFilter {
            state: request.state,
            role,
            holding: None,
            source: request.source,
            acceptable: request.acceptable.map(|acceptable| (acceptable, self.clock.now(scope))),
            text: request
                .text
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty()),
        };
        Ok(unit.memberships().list(&filter, page).await?)
    }

    /// One member.
    ///
    /// # Errors
    /// [`MemberError::NotFound`], [`MemberError::Denied`], [`MemberError::Store`].
    pub async fn show(&self, scope: &TenantScope, id: MembershipId) -> Result<Membership, MemberError> {
        scope.require(&MEMBERS_READ)?;

        let mut unit = self.store.read(scope).await?;
        unit.memberships().find(id).await?.ok_or(MemberError::NotFound)
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// [`MemberError`]: not found, unknown role, stale, denied, last owner.
    pub async fn change_role(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        request: ChangeRole,
    ) -> Result<Membership, MemberError> {
        policy::may_manage_some(scope.permissions())?;

        contended(3, || async {
            let mut unit = self.store.begin(scope).await?;
            let own = steps::hold_roles(&mut *unit).await?;
            let target = self.target(scope, own.book(&self.roles), id, request.expected);
            let role = target.roles.find(&request.role).ok_or(MemberError::UnknownRole)?;
            let members = unit.memberships();
            let extra = match &request.extra {
                Some(extra) => extra.clone(),
                None => steps::manageable(members, target).await?.extra().clone(),
            };
            let changed = steps::change_role(members, target, role, extra).await?;
            finish(unit, changed).await
        })
        .await
    }

    /// Changes what the tenant knows of a member.
    ///
    /// # Errors
    /// [`MemberError`]: not found, stale, denied.
    pub async fn describe(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        change: DetailsChange,
        expected: Option<i64>,
    ) -> Result<Membership, MemberError> {
        policy::may_manage_some(scope.permissions())?;

        contended(3, || async {
            let mut unit = self.store.begin(scope).await?;
            let own = steps::hold_roles(&mut *unit).await?;
            let target = self.target(scope, own.book(&self.roles), id, expected);
            let changed = steps::describe(unit.memberships(), target, change.clone()).await?;
            finish(unit, changed).await
        })
        .await
    }

    /// Closes the tenant to a member. Counts no seat: where seats are counted, use the lifecycle's.
    ///
    /// # Errors
    /// [`MemberError`]: not found, stale, denied, last owner, not active.
    pub async fn deactivate(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        expected: Option<i64>,
    ) -> Result<Membership, MemberError> {
        policy::may_manage_some(scope.permissions())?;

        contended(3, || async {
            let mut unit = self.store.begin(scope).await?;
            let own = steps::hold_roles(&mut *unit).await?;
            let target = self.target(scope, own.book(&self.roles), id, expected);
            let changed = steps::deactivate(unit.memberships(), target).await?;
            finish(unit, changed).await
        })
        .await
    }

    /// Opens the tenant to a member again. Counts no seat: where seats are counted, use the lifecycle's.
    ///
    /// # Errors
    /// [`MemberError`]: not found, stale, denied, not deactivated.
    pub async fn reactivate(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        expected: Option<i64>,
    ) -> Result<Membership, MemberError> {
        policy::may_manage_some(scope.permissions())?;

        contended(3, || async {
            let mut unit = self.store.begin(scope).await?;
            let own = steps::hold_roles(&mut *unit).await?;
            let target = self.target(scope, own.book(&self.roles), id, expected);
            let changed = steps::reactivate(unit.memberships(), target).await?;
            finish(unit, changed).await
        })
        .await
    }

    fn target<'a>(
        &self,
        scope: &'a TenantScope,
        roles: &'a RoleBook,
        id: MembershipId,
        expected: Option<i64>,
    ) -> Target<'a> {
        Target {
            scope,
            roles,
            id,
            expected,
            now: self.clock.now(scope),
        }
    }
}

/// Commits what changed. Nothing changed: nothing is written, not even an event.
async fn finish(unit: Box<dyn crate::store::TenancyUnit>, changed: Changed) -> Result<Membership, MemberError> {
    if let Some(event) = changed.event {
        unit.commit(vec![event]).await?;
    }
    Ok(changed.after.unwrap_or(changed.before))
}

#[cfg(test)]
mod tests;
