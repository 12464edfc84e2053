//! The further roles of members, and why a member may do something or not.

use tenantry_kernel::id::MembershipId;
use tenantry_kernel::retry::contended;
use tenantry_kernel::{FieldError, Permission, PermissionSet, Resource, TenantScope};

use crate::membership::steps::{self, Target};
use crate::membership::{MemberError, Membership, policy};
use crate::permissions::MEMBERS_READ;
use crate::role::assignment::MAX_ASSIGNMENTS;
use crate::role::service::RolePorts;
use crate::role::why::{Held, Reason, Standing, Verdict};
use crate::role::{AssignmentId, RoleAssignment, RoleError};
use crate::store::TenancyUnit;
use crate::tenant::TenantStatus;

/// How often a change is tried when others are in the way.
const TRIES: u8 = 5;

/// What a member may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The answer to a question about one permission.
    One {
        /// Which.
        permission: Permission,
        /// To what, if that was asked.
        resource: Option<Resource>,
        /// The answer.
        verdict: Verdict,
    },
    /// All that their roles and permissions give.
    All {
        /// What, and through what.
        held: Vec<Held>,
        /// Why they may do none of it now, if so.
        barred: Vec<Reason>,
    },
}

/// Gives members further roles, and answers what they may do.
pub struct AccessService(RolePorts);

impl AccessService {
    /// Works on these ports.
    #[must_use]
    pub const fn new(ports: RolePorts) -> Self {
        Self(ports)
    }

    /// The further roles of a member, oldest first: never more than [`MAX_ASSIGNMENTS`].
    ///
    /// # Errors
    /// [`RoleError::Member`] when there is no such member; [`RoleError::Denied`], [`RoleError::Store`].
    pub async fn assignments(&self, scope: &TenantScope, id: MembershipId) -> Result<Vec<RoleAssignment>, RoleError> {
        scope.require(&MEMBERS_READ)?;

        let mut unit = self.0.store.read(scope).await?;
        found(&mut *unit, id).await?;
        Ok(unit.memberships().assignments(&[id]).await?)
    }

    /// Gives a member a further role, for everything or for one resource. The owners' role is given by changing the role
    /// that a member carries, and by handing the tenant over: owners are counted by it.
    ///
    /// # Errors
    /// [`RoleError`]: denied, also for what the role gives and the caller does not hold, and for members who may more
    /// than the caller; unknown role; no such member; assigned already; too many.
    pub async fn assign(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        role: &str,
        resource: Option<Resource>,
    ) -> Result<RoleAssignment, RoleError> {
        policy::may_manage_some(scope.permissions())?;
        let (new, now) = (AssignmentId::from_uuid(self.0.ids.next()), self.0.clock.now(scope));

        contended(TRIES, || async {
            let mut unit = self.0.store.begin(scope).await?;
            let own = steps::hold_roles(&mut *unit).await?;
            let target = Target {
                scope,
                roles: own.book(&self.0.catalog),
                id,
                expected: None,
                now,
            };
            let role = target.roles.find(role).ok_or(MemberError::UnknownRole)?;
            if role.is_owner() {
                let detail = "owners are made by changing their role, or by handing the tenant over";
                return Err(RoleError::Invalid(vec![FieldError::new("role", "owners_only", detail)]));
            }
            let member = steps::manageable(unit.memberships(), target).await?;
            policy::may_grant(scope.permissions(), role, &PermissionSet::default())?;
            if unit.memberships().assignments(&[id]).await?.len() >= MAX_ASSIGNMENTS {
                return Err(RoleError::TooManyAssigned);
            }
            let assignment = RoleAssignment {
                id: new,
                membership: id,
                role: role.code.clone(),
                resource: resource.clone(),
                created_at: now,
            };
            touch(&mut *unit, member, target).await?;
            unit.memberships().assign(&assignment).await?;
            unit.commit(vec![assignment.given()]).await?;
            Ok(assignment)
        })
        .await
    }

    /// Takes a further role back.
    ///
    /// # Errors
    /// [`RoleError`]: not found, denied for members who may more than the caller.
    pub async fn unassign(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        assignment: AssignmentId,
    ) -> Result<(), RoleError> {
        policy::may_manage_some(scope.permissions())?;
        let now = self.0.clock.now(scope);

        contended(TRIES, || async {
            let mut unit = self.0.store.begin(scope).await?;
            let own = steps::hold_roles(&mut *unit).await?;
            let target = Target {
                scope,
                roles: own.book(&self.0.catalog),
                id,
                expected: None,
                now,
            };
            let member = steps::manageable(unit.memberships(), target).await?;
            let assigned = unit.memberships().assignments(&[id]).await?;
            let taken = assigned.into_iter().find(|one| one.id == assignment);
            let taken = taken.ok_or(RoleError::NotFound)?;
            touch(&mut *unit, member, target).await?;
            unit.memberships().unassign(assignment).await?;
            unit.commit(vec![taken.taken()]).await?;
            Ok(())
        })
        .await
    }

    /// Whether a member may do something, to a resource if one is named, and why or why not; without a permission, all
    /// that they may do.
    ///
    /// # Errors
    /// [`RoleError`]: denied, no such member, unknown permission, or a resource without a permission.
    pub async fn explain(
        &self,
        scope: &TenantScope,
        id: MembershipId,
        permission: Option<&str>,
        resource: Option<Resource>,
    ) -> Result<Answer, RoleError> {
        scope.require(&MEMBERS_READ)?;
        let permission = permission.map(|text| self.permission(text)).transpose()?;

        let mut unit = self.0.store.read(scope).await?;
        let member = found(&mut *unit, id).await?;
        let assigned = unit.memberships().assignments(&[id]).await?;
        let own = steps::read_roles(&mut *unit).await?;
        let tenant = unit.tenants().find().await?;
        let standing = Standing {
            book: own.book(&self.0.catalog),
            open: tenant.is_some_and(|tenant| matches!(tenant.status(), TenantStatus::Active)),
            member: &member,
            assigned: &assigned,
        };
        Ok(match permission {
            Some(permission) => Answer::One {
                verdict: standing.verdict(&permission, resource.as_ref()),
                permission,
                resource,
            },
            None => Answer::All {
                held: standing.held(),
                barred: standing.barred(),
            },
        })
    }

    fn permission(&self, text: &str) -> Result<Permission, RoleError> {
        self.0.catalog.find_permission(text).cloned().ok_or_else(|| {
            let detail = format!("there is no permission {text:?}");
            RoleError::Invalid(vec![FieldError::new("permission", "unknown_permission", detail)])
        })
    }
}

async fn found(unit: &mut dyn TenancyUnit, id: MembershipId) -> Result<Membership, RoleError> {
    let member = unit.memberships().find(id).await?;
    Ok(member.ok_or(MemberError::NotFound)?)
}

/// Counts the member's version up: of two who change what a member may do, one looks again.
async fn touch(unit: &mut dyn TenancyUnit, mut member: Membership, target: Target<'_>) -> Result<(), RoleError> {
    member.touched(target.now);
    match unit.memberships().update(&member).await {
        Err(tenantry_kernel::StoreError::Stale) => Err(RoleError::Store(tenantry_kernel::StoreError::Contended)),
        written => Ok(written?),
    }
}
