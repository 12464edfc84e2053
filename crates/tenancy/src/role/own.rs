//! A tenant's own roles as the gate has them, and what follows from them for a member.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use tenantry_kernel::{Narrowed, PermissionSet};

use crate::directory::MemberAccess;
use crate::role::{OwnRole, RoleAssignment, RoleBook};

/// The roles that a tenant defines, read together. Nearly always there are none.
///
/// The book that follows from them is made once and kept with them: an installation has one catalog.
#[derive(Default)]
pub struct OwnRoles {
    roles: Vec<OwnRole>,
    book: OnceLock<RoleBook>,
}

impl OwnRoles {
    /// Those of a tenant that defines none: always the same value.
    #[must_use]
    pub fn none() -> Arc<Self> {
        static NONE: LazyLock<Arc<OwnRoles>> = LazyLock::new(Arc::default);
        Arc::clone(&NONE)
    }

    /// These roles.
    #[must_use]
    pub fn new(roles: Vec<OwnRole>) -> Arc<Self> {
        if roles.is_empty() {
            return Self::none();
        }
        Arc::new(Self {
            roles,
            book: OnceLock::new(),
        })
    }

    /// The tenant's roles: the catalog's and these.
    #[must_use]
    pub fn book<'a>(&'a self, catalog: &'a RoleBook) -> &'a RoleBook {
        if self.roles.is_empty() {
            return catalog;
        }
        self.book.get_or_init(|| catalog.with_own(&self.roles))
    }

    /// Each of them.
    #[must_use]
    pub fn all(&self) -> &[OwnRole] {
        &self.roles
    }
}

impl PartialEq for OwnRoles {
    fn eq(&self, other: &Self) -> bool {
        self.roles == other.roles
    }
}

impl Eq for OwnRoles {}

impl fmt::Debug for OwnRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnRoles").field(&self.roles).finish()
    }
}

/// What a member may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Powers {
    /// Whatever it is done to.
    pub everywhere: PermissionSet,
    /// Beyond that, to some resources alone; `None` when that is nothing.
    pub narrowed: Option<Arc<Narrowed>>,
}

impl Powers {
    /// What follows from a role, extra permissions and further roles. A role that is no longer known gives nothing.
    #[must_use]
    pub fn of(
        book: &RoleBook,
        role: &tenantry_kernel::Code,
        extra: &PermissionSet,
        assigned: &[RoleAssignment],
    ) -> Self {
        let mut everywhere = book.permissions_of(role, extra);
        let mut narrowed = Narrowed::default();
        for assignment in assigned {
            let Some(role) = book.get(&assignment.role) else {
                continue;
            };
            match &assignment.resource {
                None => everywhere = everywhere.union(&role.permissions),
                Some(resource) => narrowed.add(resource.clone(), &role.permissions),
            }
        }
        Self {
            everywhere,
            narrowed: (!narrowed.is_empty()).then(|| Arc::new(narrowed)),
        }
    }
}

/// What followed for a member from a tenant's roles the last time. It is found again for the very same roles only, so
/// there is nothing to forget: members of whom more is known than a role would else be reckoned anew on every call.
#[derive(Default)]
pub struct Remembered(Mutex<Option<(Arc<OwnRoles>, Powers)>>);

impl Remembered {
    /// What a member may do, by the tenant's roles.
    pub(crate) fn powers(&self, member: &MemberAccess, own: &Arc<OwnRoles>, catalog: &RoleBook) -> Powers {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, powers)) = &*last
            && Arc::ptr_eq(known, own)
        {
            return powers.clone();
        }
        let powers = Powers::of(own.book(catalog), &member.role, &member.extra, &member.assigned);
        *last = Some((Arc::clone(own), powers.clone()));
        powers
    }
}

/// What is remembered is no part of the value.
impl PartialEq for Remembered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Remembered {}

impl Clone for Remembered {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remembered")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::{DOMAINS_READ, MEMBERS_READ, TENANT_READ};
    use crate::role::SystemRole;
    use crate::testing::{assignment, member_access, own_role, roles};
    use tenantry_kernel::Resource;

    #[test]
    fn what_a_member_may_do_is_role_extra_and_further_roles() {
        let own = OwnRoles::new(vec![own_role(1, "domains", &["domains.*"])]);
        let mut member = member_access(5, SystemRole::Viewer);
        member.assigned = vec![
            assignment(1, 5, "domains", Some("team:sales")),
            assignment(2, 5, "gone", None),
        ];

        let narrow = member.powers(&own, &roles());
        member.assigned.push(assignment(3, 5, "domains", None));
        let wide = member.clone().powers(&own, &roles());

        let sales = Resource::try_from("team:sales").unwrap();
        assert!(narrow.everywhere.holds(&TENANT_READ) && !narrow.everywhere.holds(&DOMAINS_READ));
        assert!(narrow.narrowed.unwrap().holds(&DOMAINS_READ, &sales));
        assert!(wide.everywhere.holds(&DOMAINS_READ) && wide.everywhere.holds(&MEMBERS_READ));
    }

    #[test]
    fn what_is_remembered_is_the_very_same_set_until_the_roles_are_others() {
        let own = OwnRoles::new(vec![own_role(1, "clerk", &["domains.*"])]);
        let other = OwnRoles::new(vec![own_role(1, "clerk", &["tenant.read"])]);
        let mut member = member_access(5, SystemRole::Viewer);
        member.assigned = vec![assignment(1, 5, "clerk", None)];
        let book = roles();

        let first = member.powers(&own, &book).everywhere;

        assert!(first.is_same(&member.powers(&own, &book).everywhere));
        assert!(!member.powers(&other, &book).everywhere.holds(&DOMAINS_READ));
        assert!(member.powers(&own, &book).everywhere.holds(&DOMAINS_READ));
    }

    #[test]
    fn without_roles_of_its_own_a_tenant_has_the_catalogs_very_book() {
        let catalog = roles();

        assert!(std::ptr::eq(
            OwnRoles::new(Vec::new()).book(&catalog),
            &raw const catalog
        ));
        assert!(Arc::ptr_eq(&OwnRoles::new(Vec::new()), &OwnRoles::none()));
    }
}
