//! What a change to a role would do to those who carry it. Pure: the same reckoning as the gate's, before and after.

use std::collections::BTreeMap;

use tenantry_kernel::id::MembershipId;
use tenantry_kernel::{Code, EmailAddress, Permission, PermissionSet};

use crate::membership::Membership;
use crate::role::{Powers, RoleAssignment, RoleBook};

/// How many members are named for one permission; all are counted.
pub const NAMED: usize = 20;

/// What a change to a role would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many members carry the role or have it for something, in whatever state.
    pub holders: u64,
    /// How many of them would be able to do something else than now.
    pub affected: u64,
    /// What would be gained and lost, by permission.
    pub changes: Vec<Shift>,
}

/// What would be gained or lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The permission.
    pub permission: Permission,
    /// True when it would be gained.
    pub gained: bool,
    /// By how many members, for all resources or some.
    pub members: u64,
    /// By how many of them for some resources alone.
    pub narrowed: u64,
    /// The first of them.
    pub named: Vec<Named>,
}

/// A member by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The membership.
    pub id: MembershipId,
    /// The address.
    pub email: EmailAddress,
}

/// Adds up what would change for one member after the other.
pub struct Tally<'a> {
    before: &'a RoleBook,
    after: &'a RoleBook,
    role: &'a Code,
    replacement: Option<&'a Code>,
    preview: Preview,
    shifts: BTreeMap<(Permission, bool), Shift>,
}

impl<'a> Tally<'a> {
    /// From the roles as they are to the roles as they would be, where `replacement` would take the place of `role`.
    #[must_use]
    pub fn new(before: &'a RoleBook, after: &'a RoleBook, role: &'a Code, replacement: Option<&'a Code>) -> Self {
        Self {
            before,
            after,
            role,
            replacement,
            preview: Preview::default(),
            shifts: BTreeMap::new(),
        }
    }

    /// Counts a holder of the role, whose further roles are `assigned`.
    pub fn count(&mut self, member: &Membership, assigned: &[RoleAssignment]) {
        let (role, extra) = (member.role(), member.extra());
        let before = Powers::of(self.before, role, extra, assigned);
        let moved = self.moved(assigned);
        let after = Powers::of(self.after, self.renamed(role), extra, &moved);

        self.preview.holders += 1;
        let mut changed = false;
        for (gained, from, to) in [(true, &before, &after), (false, &after, &before)] {
            let wide = to.everywhere.difference(&from.everywhere);
            let narrow = only_for_some(to, from).difference(&wide);
            changed |= !wide.is_empty() || !narrow.is_empty();
            self.note(member, gained, &wide, false);
            self.note(member, gained, &narrow, true);
        }
        self.preview.affected += u64::from(changed);
    }

    /// All of it.
    #[must_use]
    pub fn preview(self) -> Preview {
        Preview {
            changes: self.shifts.into_values().collect(),
            ..self.preview
        }
    }

    fn renamed<'r>(&'r self, role: &'r Code) -> &'r Code {
        match self.replacement {
            Some(replacement) if role == self.role => replacement,
            _ => role,
        }
    }

    fn moved(&self, assigned: &[RoleAssignment]) -> Vec<RoleAssignment> {
        let moved = assigned.iter().map(|assignment| RoleAssignment {
            role: self.renamed(&assignment.role).clone(),
            ..assignment.clone()
        });
        moved.collect()
    }

    fn note(&mut self, member: &Membership, gained: bool, permissions: &PermissionSet, narrowed: bool) {
        for permission in permissions.iter() {
            let shift = self
                .shifts
                .entry((permission.clone(), gained))
                .or_insert_with(|| Shift {
                    permission: permission.clone(),
                    gained,
                    members: 0,
                    narrowed: 0,
                    named: Vec::new(),
                });
            shift.members += 1;
            shift.narrowed += u64::from(narrowed);
            if shift.named.len() < NAMED {
                shift.named.push(Named {
                    id: member.id(),
                    email: member.email().clone(),
                });
            }
        }
    }
}

/// What `to` holds for some resource and `from` does not, neither for it nor everywhere.
fn only_for_some(to: &Powers, from: &Powers) -> PermissionSet {
    let Some(narrowed) = &to.narrowed else {
        return PermissionSet::default();
    };
    let lacking = narrowed.iter().flat_map(|(resource, held)| {
        held.iter().filter(move |permission| {
            let there = from.narrowed.as_ref();
            !from.everywhere.holds(permission) && !there.is_some_and(|there| there.holds(permission, resource))
        })
    });
    lacking.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::{DOMAINS_MANAGE, DOMAINS_READ, MEMBERS_READ, TENANT_READ};
    use crate::role::SystemRole::Viewer;
    use crate::testing::{NOW, assignment, member, own_role, roles};

    fn told(preview: &Preview) -> Vec<(String, bool, u64, u64)> {
        let told = |shift: &Shift| {
            (
                shift.permission.to_string(),
                shift.gained,
                shift.members,
                shift.narrowed,
            )
        };
        preview.changes.iter().map(told).collect()
    }

    fn clerk(number: u128) -> Membership {
        let mut clerk = member(number, Viewer);
        clerk.change_role(Code::try_from("clerk").unwrap(), PermissionSet::default(), NOW);
        clerk
    }

    #[test]
    fn gains_and_losses_are_counted_and_the_first_are_named() {
        let before = roles().with_own(&[own_role(1, "clerk", &["domains.read", "tenant.read"])]);
        let after = roles().with_own(&[own_role(1, "clerk", &["domains.manage", "tenant.read"])]);
        let code = Code::try_from("clerk").unwrap();
        let mut tally = Tally::new(&before, &after, &code, None);

        for number in 0..25 {
            tally.count(&clerk(number), &[]);
        }
        let mut extra = clerk(30);
        extra.change_role(
            code.clone(),
            PermissionSet::from_iter([DOMAINS_READ, DOMAINS_MANAGE]),
            NOW,
        );
        tally.count(&extra, &[]);
        let preview = tally.preview();

        assert_eq!((preview.holders, preview.affected), (26, 25));
        assert_eq!(
            told(&preview),
            [
                ("domains.manage".to_owned(), true, 25, 0),
                ("domains.read".to_owned(), false, 25, 0)
            ]
        );
        assert_eq!(preview.changes[0].named.len(), NAMED);
        assert_eq!(preview.changes[0].named[0].email, *clerk(0).email());
    }

    #[test]
    fn what_is_lost_for_one_resource_is_told_apart() {
        let before = roles().with_own(&[own_role(1, "clerk", &["domains.read"])]);
        let after = roles();
        let (code, viewer) = (Code::try_from("clerk").unwrap(), Code::try_from("viewer").unwrap());
        let assigned = [assignment(1, 5, "clerk", Some("team:sales"))];
        let mut tally = Tally::new(&before, &after, &code, Some(&viewer));

        tally.count(&member(5, Viewer), &assigned);
        tally.count(&clerk(6), &[]);

        assert_eq!(
            told(&tally.preview()),
            [
                ("domains.read".to_owned(), false, 2, 1),
                (MEMBERS_READ.to_string(), true, 1, 0),
                (TENANT_READ.to_string(), true, 1, 0)
            ]
        );
    }
}
