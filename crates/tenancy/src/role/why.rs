//! Why a member may do something, or why not. Pure; the answers are those of the gate, with their reasons.

use std::collections::BTreeMap;

use tenantry_kernel::{Code, Permission, Resource};

use crate::membership::{Membership, MembershipState};
use crate::role::{AssignmentId, Grant, RoleAssignment, RoleBook, RoleDefinition, RoleKind};

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The role that the member carries gives it.
    Role {
        /// The role.
        role: Code,
        /// Through which of its grants; `None` for a role of the catalog.
        through: Option<Grant>,
    },
    /// It is one of the member's permissions beyond the role.
    Extra,
    /// A further role gives it.
    Assignment {
        /// The assignment.
        id: AssignmentId,
        /// The role.
        role: Code,
        /// The only resource it holds for.
        resource: Option<Resource>,
        /// Through which of the role's grants.
        through: Option<Grant>,
    },
    /// The tenant is closed.
    TenantSuspended,
    /// The membership is not active.
    NotActive {
        /// What it is.
        state: MembershipState,
    },
    /// A role that the member has is no longer known, and gives nothing.
    UnknownRole {
        /// The role.
        role: Code,
    },
    /// A further role would give it, for other resources than the one that was asked about.
    Elsewhere {
        /// The assignment.
        id: AssignmentId,
        /// The role.
        role: Code,
        /// What it is narrowed to.
        resource: Resource,
    },
    /// Nothing that the member has gives it. These roles would.
    NotGranted {
        /// The roles, in the book's order.
        would: Vec<Code>,
    },
}

/// The answer to "may this member do that?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether they may, now.
    pub allowed: bool,
    /// Why, or why not: what gives it comes first.
    pub reasons: Vec<Reason>,
}

/// One of the things that a member may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The permission.
    pub permission: Permission,
    /// What gives it: roles, extra permissions, further roles.
    pub sources: Vec<Reason>,
}

/// A member with all that decides what they may do.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The tenant's roles.
    pub book: &'a RoleBook,
    /// True when the tenant is open.
    pub open: bool,
    /// The member.
    pub member: &'a Membership,
    /// Their further roles.
    pub assigned: &'a [RoleAssignment],
}

impl Standing<'_> {
    /// Whether the member may do this, to this resource if one is named, and why.
    #[must_use]
    pub fn verdict(&self, permission: &Permission, resource: Option<&Resource>) -> Verdict {
        let applies = |reason: &Reason| match reason {
            Reason::Assignment { resource: Some(to), .. } => Some(to) == resource,
            _ => true,
        };
        let sources = self.sources(permission);
        let (mut reasons, elsewhere): (Vec<_>, Vec<_>) = sources.into_iter().partition(applies);
        let granted = !reasons.is_empty();
        let barred = self.barred();
        let allowed = granted && barred.is_empty();
        reasons.extend(barred);
        if !granted {
            reasons.extend(elsewhere.into_iter().filter_map(narrowed_to));
            reasons.extend(self.unknown());
            reasons.push(Reason::NotGranted {
                would: self.would_give(permission),
            });
        }
        Verdict { allowed, reasons }
    }

    /// Everything that the member's roles and permissions give, for all resources or some, and what gives it; whether
    /// they may use it now is another question: see [`Standing::barred`].
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        let mut held: BTreeMap<Permission, Vec<Reason>> = BTreeMap::new();
        let named = self.book.registry().union(self.member.extra());
        for permission in named.iter() {
            let sources = self.sources(permission);
            if !sources.is_empty() {
                held.insert(permission.clone(), sources);
            }
        }
        let held = held.into_iter();
        held.map(|(permission, sources)| Held { permission, sources }).collect()
    }

    /// Why the member may do nothing at all, if so.
    #[must_use]
    pub fn barred(&self) -> Vec<Reason> {
        let mut barred = Vec::new();
        if self.member.state() != MembershipState::Active {
            barred.push(Reason::NotActive {
                state: self.member.state(),
            });
        }
        if !self.open {
            barred.push(Reason::TenantSuspended);
        }
        barred
    }

    fn sources(&self, permission: &Permission) -> Vec<Reason> {
        let mut sources = Vec::new();
        if let Some(role) = self.giving(self.member.role(), permission) {
            sources.push(Reason::Role {
                role: role.code.clone(),
                through: self.through(role, permission),
            });
        }
        if self.member.extra().holds(permission) {
            sources.push(Reason::Extra);
        }
        for assignment in self.assigned {
            if let Some(role) = self.giving(&assignment.role, permission) {
                sources.push(Reason::Assignment {
                    id: assignment.id,
                    role: role.code.clone(),
                    resource: assignment.resource.clone(),
                    through: self.through(role, permission),
                });
            }
        }
        sources
    }

    fn giving(&self, role: &Code, permission: &Permission) -> Option<&RoleDefinition> {
        self.book.get(role).filter(|role| role.permissions.holds(permission))
    }

    fn through(&self, role: &RoleDefinition, permission: &Permission) -> Option<Grant> {
        match &role.kind {
            RoleKind::System(_) => None,
            RoleKind::Own { grants, .. } => grants.through(permission, self.book).cloned(),
        }
    }

    fn would_give(&self, permission: &Permission) -> Vec<Code> {
        let all = self.book.all().iter();
        let giving = all.filter(|role| role.permissions.holds(permission));
        giving.map(|role| role.code.clone()).collect()
    }

    fn unknown(&self) -> Vec<Reason> {
        let carried = std::iter::once(self.member.role()).chain(self.assigned.iter().map(|one| &one.role));
        let unknown = carried.filter(|role| self.book.get(role).is_none());
        unknown.map(|role| Reason::UnknownRole { role: role.clone() }).collect()
    }
}

fn narrowed_to(reason: Reason) -> Option<Reason> {
    match reason {
        Reason::Assignment {
            id,
            role,
            resource: Some(resource),
            ..
        } => Some(Reason::Elsewhere { id, role, resource }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::{DOMAINS_MANAGE, DOMAINS_READ, TENANT_DELETE, TENANT_READ};
    use crate::role::SystemRole::{Admin, Viewer};
    use crate::testing::{NOW, assignment, member, own_role, roles};
    use tenantry_kernel::PermissionSet;

    fn sales() -> Resource {
        Resource::try_from("team:sales").unwrap()
    }

    fn code(text: &str) -> Code {
        Code::try_from(text).unwrap()
    }

    #[test]
    fn every_source_is_told_with_the_grant_it_goes_through() {
        let book = roles().with_own(&[own_role(1, "hosts", &["domains.*"])]);
        let mut ada = member(5, Viewer);
        ada.change_role(code("viewer"), PermissionSet::from_iter([DOMAINS_READ]), NOW);
        let assigned = [
            assignment(1, 5, "hosts", None),
            assignment(2, 5, "admin", Some("team:sales")),
        ];
        let standing = Standing {
            book: &book,
            open: true,
            member: &ada,
            assigned: &assigned,
        };

        let everywhere = standing.verdict(&DOMAINS_READ, None);
        let on_sales = standing.verdict(&DOMAINS_READ, Some(&sales()));
        let by_role = standing.verdict(&TENANT_READ, None);

        assert!(everywhere.allowed && on_sales.allowed && by_role.allowed);
        let area = Some(Grant::restore("domains.*").unwrap());
        assert_eq!(
            everywhere.reasons,
            [
                Reason::Extra,
                Reason::Assignment {
                    id: assigned[0].id,
                    role: code("hosts"),
                    resource: None,
                    through: area
                }
            ]
        );
        assert_eq!(on_sales.reasons.len(), 3);
        assert_eq!(
            by_role.reasons,
            [Reason::Role {
                role: code("viewer"),
                through: None
            }]
        );
        let held = standing.held();
        assert!(
            held.iter()
                .any(|held| held.permission == DOMAINS_MANAGE && held.sources.len() == 2)
        );
        assert!(held.iter().all(|held| held.permission != TENANT_DELETE));
    }

    #[test]
    fn a_refusal_says_what_is_closest_and_what_would_help() {
        let book = roles().with_own(&[own_role(1, "hosts", &["domains.*"])]);
        let ada = member(5, Viewer);
        let assigned = [
            assignment(1, 5, "hosts", Some("team:sales")),
            assignment(2, 5, "gone", None),
        ];
        let standing = Standing {
            book: &book,
            open: true,
            member: &ada,
            assigned: &assigned,
        };

        let refused = standing.verdict(&DOMAINS_MANAGE, None);

        assert!(!refused.allowed);
        assert_eq!(
            refused.reasons,
            [
                Reason::Elsewhere {
                    id: assigned[0].id,
                    role: code("hosts"),
                    resource: sales()
                },
                Reason::UnknownRole { role: code("gone") },
                Reason::NotGranted {
                    would: vec![code("owner"), code("admin"), code("hosts")]
                }
            ]
        );
    }

    #[test]
    fn what_is_given_counts_for_nothing_while_somebody_is_shut_out() {
        let book = roles();
        let mut ada = member(5, Admin);
        ada.deactivate(NOW).unwrap();
        let standing = Standing {
            book: &book,
            open: false,
            member: &ada,
            assigned: &[],
        };

        let refused = standing.verdict(&TENANT_READ, None);

        assert!(!refused.allowed);
        assert!(matches!(refused.reasons[0], Reason::Role { .. }));
        assert_eq!(
            refused.reasons[1..],
            [
                Reason::NotActive {
                    state: MembershipState::Deactivated
                },
                Reason::TenantSuspended
            ]
        );
    }
}
