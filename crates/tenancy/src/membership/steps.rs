//! The steps of a change to a member inside an open unit: find, check the version, check who may, decide,
//! write. Shared by [`MemberService`](crate::membership::service::MemberService) and the use cases of the
//! lifecycle, which count seats in the same unit.

use std::sync::Arc;

use tenantry_kernel::id::MembershipId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Event, PermissionSet, StoreError, TenantScope};

use crate::membership::{MemberError, Membership, MembershipRepository, policy};
use crate::role::{OwnRoles, RoleBook, RoleDefinition};
use crate::store::TenancyUnit;

/// Who changes which member, and what they believe they saw.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Who acts.
    pub scope: &'a TenantScope,
    /// The tenant's roles: the catalog's and its own.
    pub roles: &'a RoleBook,
    /// On whom.
    pub id: MembershipId,
    /// The version the caller saw, if it told one.
    pub expected: Option<i64>,
    /// Now.
    pub now: OffsetDateTime,
}

/// A member before and after a change that has been written, and the event that tells of it.
#[derive(Clone, Debug)]
pub struct Changed {
    /// As it was.
    pub before: Membership,
    /// As it is now; `None` when it was removed.
    pub after: Option<Membership>,
    /// What to commit; `None` when nothing changed.
    pub event: Option<Event>,
}

impl Changed {
    /// How the number of taken seats changed.
    #[must_use]
    pub fn seats_delta(&self) -> i64 {
        let after = self.after.as_ref().map(Membership::state);
        policy::seats_delta(Some(self.before.state()), after)
    }
}

/// The roles that the unit's tenant defines, which stay as they are until the unit ends: whoever decides by them who may
/// do what decides rightly. Their book is what a [`Target`] carries.
///
/// # Errors
/// The store's.
pub async fn hold_roles(unit: &mut dyn TenancyUnit) -> Result<Arc<OwnRoles>, StoreError> {
    Ok(OwnRoles::new(unit.roles().hold().await?))
}

/// As [`hold_roles`], in a unit that only reads.
///
/// # Errors
/// The store's.
pub async fn read_roles(unit: &mut dyn TenancyUnit) -> Result<Arc<OwnRoles>, StoreError> {
    Ok(OwnRoles::new(unit.roles().all().await?))
}

/// Gives another role and other extra permissions. Asking for what is there already changes nothing.
///
/// # Errors
/// [`MemberError`]: not found, stale, denied, last owner.
pub async fn change_role(
    members: &mut dyn MembershipRepository,
    target: Target<'_>,
    role: &RoleDefinition,
    extra: PermissionSet,
) -> Result<Changed, MemberError> {
    let before = manageable(members, target).await?;
    // What the member has already is kept, not granted: an unchanged part needs no right to give it.
    let added = extra.difference(before.extra());
    if role.code == *before.role() {
        policy::may_grant_extra(target.scope.permissions(), &added)?;
    } else {
        policy::may_grant(target.scope.permissions(), role, &added)?;
    }
    let mut after = before.clone();
    let Some(event) = after.change_role(role.code.clone(), extra, target.now) else {
        return Ok(unchanged(before));
    };
    write(members, target, before, after, event).await
}

/// Changes what the tenant knows of a member: name, department, position.
///
/// # Errors
/// [`MemberError`]: not found, stale, denied.
pub async fn describe(
    members: &mut dyn MembershipRepository,
    target: Target<'_>,
    change: crate::membership::DetailsChange,
) -> Result<Changed, MemberError> {
    let before = manageable(members, target).await?;
    let mut after = before.clone();
    let Some(event) = after.describe(change, target.now) else {
        return Ok(unchanged(before));
    };
    write(members, target, before, after, event).await
}

/// Closes the tenant to an active member. Frees a seat.
///
/// # Errors
/// [`MemberError`]: not found, stale, denied, last owner, not active.
pub async fn deactivate(members: &mut dyn MembershipRepository, target: Target<'_>) -> Result<Changed, MemberError> {
    let before = manageable(members, target).await?;
    let mut after = before.clone();
    let event = after.deactivate(target.now)?;
    write(members, target, before, after, event).await
}

/// Opens the tenant again to a deactivated member. Takes a seat.
///
/// # Errors
/// [`MemberError`]: not found, stale, denied, not deactivated.
pub async fn reactivate(members: &mut dyn MembershipRepository, target: Target<'_>) -> Result<Changed, MemberError> {
    let before = manageable(members, target).await?;
    let mut after = before.clone();
    let event = after.reactivate(target.now)?;
    write(members, target, before, after, event).await
}

/// Removes a member, or revokes an invitation. Frees a seat unless it was free.
///
/// # Errors
/// [`MemberError`]: not found, stale, denied, last owner.
pub async fn remove(members: &mut dyn MembershipRepository, target: Target<'_>) -> Result<Changed, MemberError> {
    let before = manageable(members, target).await?;
    keep_an_owner(members, target.roles, &before, None).await?;
    members.delete(before.id(), before.version()).await?;
    Ok(Changed {
        event: Some(before.removed()),
        before,
        after: None,
    })
}

/// The member, when the caller saw this version of it and may touch it.
///
/// # Errors
/// [`MemberError`]: not found, stale, denied.
pub async fn manageable(members: &mut dyn MembershipRepository, target: Target<'_>) -> Result<Membership, MemberError> {
    policy::may_manage_some(target.scope.permissions())?;
    let member = members.find(target.id).await?.ok_or(MemberError::NotFound)?;
    let assigned = members.assignments(&[member.id()]).await?;
    policy::may_manage(target.scope.permissions(), target.roles, &member, &assigned)?;
    if target.expected.is_some_and(|expected| expected != member.version()) {
        return Err(MemberError::Stale);
    }
    Ok(member)
}

/// Passes when the tenant keeps an active owner after `before` becomes `after`. Locks the other owners
/// until the unit ends.
///
/// # Errors
/// [`MemberError::LastOwner`], [`MemberError::Store`].
pub async fn keep_an_owner(
    members: &mut dyn MembershipRepository,
    roles: &RoleBook,
    before: &Membership,
    after: Option<&Membership>,
) -> Result<(), MemberError> {
    if !policy::needs_another_owner(roles, before, after) {
        return Ok(());
    }
    match members.other_owners(&roles.owner().code, before.id()).await? {
        0 => Err(MemberError::LastOwner),
        _ => Ok(()),
    }
}

async fn write(
    members: &mut dyn MembershipRepository,
    target: Target<'_>,
    before: Membership,
    after: Membership,
    event: Event,
) -> Result<Changed, MemberError> {
    keep_an_owner(members, target.roles, &before, Some(&after)).await?;
    members.update(&after).await?;
    Ok(Changed {
        before,
        after: Some(after.saved()),
        event: Some(event),
    })
}

fn unchanged(member: Membership) -> Changed {
    Changed {
        after: Some(member.clone()),
        before: member,
        event: None,
    }
}
