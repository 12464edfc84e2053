//! Who may touch whom, and who may give what. Pure: use cases of this crate and of the lifecycle ask here.
//!
//! Three rules: nobody grants what they lack; nobody touches a member who may do more than they do;
//! the last active owner stays.

use tenantry_kernel::{Denied, Permission, PermissionSet};

use crate::membership::{Membership, MembershipState};
use crate::permissions::{MEMBERS_MANAGE, MEMBERS_MANAGE_BASIC};
use crate::role::{RoleAssignment, RoleBook, RoleDefinition};

/// Passes when there may be members that `actor` may manage: the first question, before any is looked up.
///
/// # Errors
/// [`Denied`] naming `members.manage`.
pub fn may_manage_some(actor: &PermissionSet) -> Result<(), Denied> {
    if actor.holds(&MEMBERS_MANAGE) || actor.holds(&MEMBERS_MANAGE_BASIC) {
        Ok(())
    } else {
        Err(Denied::new(MEMBERS_MANAGE))
    }
}

/// Passes when `actor` may change, deactivate or remove `target`, whose further roles are `assigned`.
///
/// Whoever holds all that an owner holds touches everyone. `members.manage` touches those whose
/// permissions the actor holds too, those for one resource included, so an admin never touches an owner.
/// `members.manage_basic` touches members and viewers, and those with a tenant's own roles that allow no more,
/// without extra permissions that the actor lacks.
///
/// # Errors
/// [`Denied`] naming the permission that is lacking.
pub fn may_manage(
    actor: &PermissionSet,
    roles: &RoleBook,
    target: &Membership,
    assigned: &[RoleAssignment],
) -> Result<(), Denied> {
    let held = std::iter::once(target.role()).chain(assigned.iter().map(|assignment| &assignment.role));
    let held: Vec<Option<&RoleDefinition>> = held.map(|role| roles.get(role)).collect();
    if !actor.holds(&MEMBERS_MANAGE) {
        let basic = held.iter().all(|role| role.is_some_and(RoleDefinition::is_basic));
        return if actor.holds(&MEMBERS_MANAGE_BASIC) && basic {
            covers(actor, target.extra())
        } else {
            Err(Denied::new(MEMBERS_MANAGE))
        };
    }
    if actor.covers(&roles.owner().permissions) {
        return Ok(());
    }
    covers(actor, target.extra())?;
    for role in held {
        // What a role that left the catalog allowed is unknown: only an owner may clean up after it.
        let permissions = role.map_or(&roles.owner().permissions, |role| &role.permissions);
        covers(actor, permissions)?;
    }
    Ok(())
}

/// Passes when `actor` may give `role` and `extra` to somebody, be it by invitation or by a change.
///
/// # Errors
/// [`Denied`] naming a permission that would be granted and is lacking, or the one that granting needs.
pub fn may_grant(actor: &PermissionSet, role: &RoleDefinition, extra: &PermissionSet) -> Result<(), Denied> {
    may_grant_extra(actor, extra)?;
    if actor.holds(&MEMBERS_MANAGE) {
        return covers(actor, &role.permissions);
    }
    if !role.is_basic() {
        return Err(Denied::new(MEMBERS_MANAGE));
    }
    // A manager is trusted with members and viewers as a catalog defines them, even where their role
    // holds a narrower variant of the manager's own permissions (`usage.read_basic`).
    if actor.holds(&MEMBERS_MANAGE_BASIC) {
        return Ok(());
    }
    covers(actor, &role.permissions)
}

/// Passes when `actor` holds every permission it is about to give beyond a role, or by defining one.
///
/// # Errors
/// [`Denied`] naming a permission that is lacking.
pub fn may_grant_extra(actor: &PermissionSet, extra: &PermissionSet) -> Result<(), Denied> {
    covers(actor, extra)
}

/// True when the tenant must have another active owner before `member` becomes what `after` says.
/// `after` is `None` when the membership is to be removed.
#[must_use]
pub fn needs_another_owner(roles: &RoleBook, member: &Membership, after: Option<&Membership>) -> bool {
    is_active_owner(roles, member) && !after.is_some_and(|after| is_active_owner(roles, after))
}

/// How the number of taken seats changes when a membership goes from one state to another; `None` is
/// "no membership".
#[must_use]
pub const fn seats_delta(before: Option<MembershipState>, after: Option<MembershipState>) -> i64 {
    seat(after) - seat(before)
}

const fn seat(state: Option<MembershipState>) -> i64 {
    match state {
        Some(state) if state.takes_a_seat() => 1,
        _ => 0,
    }
}

fn is_active_owner(roles: &RoleBook, member: &Membership) -> bool {
    let is_owner = roles.get(member.role()).is_some_and(RoleDefinition::is_owner);
    is_owner && member.state() == MembershipState::Active
}

fn covers(actor: &PermissionSet, wanted: &PermissionSet) -> Result<(), Denied> {
    let lacking: Option<Permission> = wanted.difference(actor).iter().next().cloned();
    lacking.map_or(Ok(()), |permission| Err(Denied::new(permission)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::{MEMBERS_INVITE, TENANT_DELETE};
    use crate::role::SystemRole::{self, Admin, Manager, Member, Owner, Viewer};
    use crate::testing::{self, assignment, member, own_role, role_permissions, roles};

    #[test]
    fn who_touches_whom() {
        let book = roles();
        let reach = |actor: SystemRole| -> Vec<SystemRole> {
            let actor = role_permissions(actor);
            let touched = |target: &SystemRole| may_manage(&actor, &book, &member(1, *target), &[]).is_ok();
            SystemRole::ALL.into_iter().filter(touched).collect()
        };

        assert_eq!(reach(Owner), SystemRole::ALL);
        assert_eq!(reach(Admin), [Admin, Manager, Member, Viewer]);
        assert_eq!(reach(Manager), [Member, Viewer]);
        assert_eq!(reach(Member), []);
        assert_eq!(reach(Viewer), []);
    }

    #[test]
    fn who_gives_which_role() {
        let book = roles();
        let gift = |actor: SystemRole| -> Vec<SystemRole> {
            let actor = role_permissions(actor);
            let given =
                |role: &SystemRole| may_grant(&actor, book.by_base(*role).unwrap(), &PermissionSet::default()).is_ok();
            SystemRole::ALL.into_iter().filter(given).collect()
        };

        assert_eq!(gift(Owner), SystemRole::ALL);
        assert_eq!(gift(Admin), [Admin, Manager, Member, Viewer]);
        assert_eq!(gift(Manager), [Member, Viewer]);
    }

    #[test]
    fn extra_permissions_are_never_given_by_those_who_lack_them() {
        let book = roles();
        let extra: PermissionSet = [TENANT_DELETE].into_iter().collect();
        let viewer = book.by_base(Viewer).unwrap();

        for actor in [Admin, Manager] {
            let denied = may_grant(&role_permissions(actor), viewer, &extra).unwrap_err();
            assert_eq!(denied.permission(), &TENANT_DELETE, "{actor:?}");
        }
        assert!(may_grant(&role_permissions(Owner), viewer, &extra).is_ok());
    }

    #[test]
    fn extra_permissions_lift_a_member_out_of_reach() {
        let book = roles();
        let mut target = member(1, Viewer);
        let extra: PermissionSet = [TENANT_DELETE].into_iter().collect();
        target.change_role(target.role().clone(), extra, testing::NOW);

        assert!(may_manage(&role_permissions(Manager), &book, &target, &[]).is_err());
        assert!(may_manage(&role_permissions(Admin), &book, &target, &[]).is_err());
        assert!(may_manage(&role_permissions(Owner), &book, &target, &[]).is_ok());
    }

    #[test]
    fn further_roles_lift_a_member_out_of_reach_also_for_one_resource() {
        let book = roles().with_own(&[
            own_role(1, "remover", &["tenant.delete"]),
            own_role(2, "reader", &["members.*"]),
        ]);
        let viewer = member(1, Viewer);
        let reach = |actor: SystemRole, assigned: &[RoleAssignment]| {
            may_manage(&role_permissions(actor), &book, &viewer, assigned).is_ok()
        };

        for resource in [None, Some("team:sales")] {
            let assigned = [assignment(1, 1, "remover", resource)];
            assert!(!reach(Admin, &assigned) && !reach(Manager, &assigned) && reach(Owner, &assigned));
            let unknown = [assignment(1, 1, "gone", resource)];
            assert!(!reach(Admin, &unknown) && !reach(Manager, &unknown) && reach(Owner, &unknown));
        }
        let manages = [assignment(1, 1, "reader", None)];
        assert!(reach(Admin, &manages) && !reach(Manager, &manages));
        assert!(reach(Manager, &[assignment(1, 1, "viewer", Some("team:sales"))]));
    }

    #[test]
    fn a_tenants_own_role_is_given_by_those_who_hold_all_of_it() {
        let book = roles().with_own(&[
            own_role(1, "remover", &["tenant.*"]),
            own_role(2, "reader", &["tenant.read"]),
        ]);
        let gift = |actor: SystemRole, role: &str| {
            may_grant(
                &role_permissions(actor),
                book.find(role).unwrap(),
                &PermissionSet::default(),
            )
            .is_ok()
        };

        assert!(gift(Owner, "remover") && !gift(Admin, "remover") && !gift(Manager, "remover"));
        assert!(gift(Admin, "reader") && gift(Manager, "reader") && !gift(Viewer, "remover"));
    }

    #[test]
    fn inviting_alone_gives_only_basic_roles_that_the_inviter_covers() {
        let book = roles();
        let bare: PermissionSet = [MEMBERS_INVITE].into_iter().collect();
        let reader = bare.union(&role_permissions(Viewer));
        let viewer = book.by_base(Viewer).unwrap();
        let admin = book.by_base(Admin).unwrap();

        assert!(may_grant(&bare, viewer, &PermissionSet::default()).is_err());
        assert!(may_grant(&reader, viewer, &PermissionSet::default()).is_ok());
        let denied = may_grant(
            &reader
                .union(&role_permissions(Admin))
                .difference(&[MEMBERS_MANAGE].into_iter().collect()),
            admin,
            &PermissionSet::default(),
        );
        assert_eq!(denied.unwrap_err().permission(), &MEMBERS_MANAGE);
    }

    #[test]
    fn a_role_that_left_the_catalog_is_touched_by_owners_only() {
        let book = roles();
        let mut target = member(1, Viewer);
        target.change_role("gone".try_into().unwrap(), PermissionSet::default(), testing::NOW);

        assert!(may_manage(&role_permissions(Admin), &book, &target, &[]).is_err());
        assert!(may_manage(&role_permissions(Manager), &book, &target, &[]).is_err());
        assert!(may_manage(&role_permissions(Owner), &book, &target, &[]).is_ok());
    }

    #[test]
    fn an_owner_is_missed_only_when_an_active_one_goes() {
        let book = roles();
        let owner = member(1, Owner);
        let mut demoted = owner.clone();
        demoted.change_role(member(1, Admin).role().clone(), PermissionSet::default(), testing::NOW);
        let mut closed = owner.clone();
        closed.deactivate(testing::NOW).unwrap();

        assert!(needs_another_owner(&book, &owner, Some(&demoted)));
        assert!(needs_another_owner(&book, &owner, Some(&closed)));
        assert!(needs_another_owner(&book, &owner, None));
        assert!(!needs_another_owner(&book, &owner, Some(&owner)));
        assert!(!needs_another_owner(&book, &closed, None));
        assert!(!needs_another_owner(&book, &member(2, Admin), None));
    }

    #[test]
    fn seats_are_taken_by_the_invited_and_the_active() {
        use MembershipState::{Active, Deactivated, Invited};

        for (before, after, delta) in [
            (None, Some(Invited), 1),
            (Some(Invited), Some(Active), 0),
            (Some(Active), Some(Deactivated), -1),
            (Some(Deactivated), Some(Active), 1),
            (Some(Deactivated), None, 0),
            (Some(Active), None, -1),
        ] {
            assert_eq!(seats_delta(before, after), delta, "{before:?} -> {after:?}");
        }
    }
}
