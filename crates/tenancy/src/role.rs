//! Roles: five system roles by meaning, under the names a catalog gives them.

use std::collections::HashMap;

use tenantry_kernel::{Code, PermissionSet};

/// What a role means to Tenantry, whatever the catalog calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemRole {
    /// Everything; a tenant always has one.
    Owner,
    /// Everything but money and the tenant's end.
    Admin,
    /// Looks after members and viewers.
    Manager,
    /// Uses the product.
    Member,
    /// Looks on.
    Viewer,
}

impl SystemRole {
    /// All five, from the strongest to the weakest.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Manager, Self::Member, Self::Viewer];

    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// The role of that name, whatever its case.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        let folded = Code::fold(text);
        Self::ALL.into_iter().find(|role| role.as_str() == folded)
    }

    /// True for the roles that `members.manage_basic` reaches.
    #[must_use]
    pub const fn is_basic(self) -> bool {
        matches!(self, Self::Member | Self::Viewer)
    }
}

/// One role as a catalog defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDefinition {
    /// The name that is stored and shown.
    pub code: Code,
    /// What it means.
    pub base: SystemRole,
    /// Other names that input may use.
    pub aliases: Vec<String>,
    /// What it allows.
    pub permissions: PermissionSet,
}

/// The roles of a catalog, found by any of their names.
#[derive(Clone, Debug)]
pub struct RoleBook {
    roles: Vec<RoleDefinition>,
    names: HashMap<String, usize>,
    owner: RoleDefinition,
}

/// Why a list of roles makes no book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoleBook {
    /// Exactly one role may be the owner's: the last-owner rule counts its holders.
    #[error("exactly one role must be based on owner, not {0}")]
    Owners(usize),
    /// Two roles answer to one name.
    #[error("the name {0} belongs to two roles")]
    Ambiguous(String),
}

impl RoleBook {
    /// Makes a book of these roles.
    ///
    /// # Errors
    /// [`InvalidRoleBook`].
    pub fn new(roles: Vec<RoleDefinition>) -> Result<Self, InvalidRoleBook> {
        let mut owners = roles.iter().filter(|role| role.base == SystemRole::Owner);
        let owner = match (owners.next(), owners.count()) {
            (Some(owner), 0) => owner.clone(),
            (first, more) => return Err(InvalidRoleBook::Owners(usize::from(first.is_some()) + more)),
        };
        let mut names = HashMap::new();
        for (position, role) in roles.iter().enumerate() {
            let own_names = std::iter::once(role.code.as_str()).chain(role.aliases.iter().map(String::as_str));
            for name in own_names {
                let before = names.insert(Code::fold(name), position);
                if before.is_some_and(|other| other != position) {
                    return Err(InvalidRoleBook::Ambiguous(name.to_owned()));
                }
            }
        }
        // The system names work in every catalog, unless the catalog gives them to another role.
        for base in SystemRole::ALL {
            if let Some(position) = roles.iter().position(|role| role.base == base) {
                names.entry(base.as_str().to_owned()).or_insert(position);
            }
        }
        Ok(Self { roles, names, owner })
    }

    /// The role that `text` names: its code, an alias, or a system role's name; case, `_`, `-` and spaces do not count.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&RoleDefinition> {
        self.names
            .get(&Code::fold(text))
            .and_then(|position| self.roles.get(*position))
    }

    /// The role with exactly this code, as stored.
    #[must_use]
    pub fn get(&self, code: &Code) -> Option<&RoleDefinition> {
        self.roles.iter().find(|role| role.code == *code)
    }

    /// The owner's role.
    #[must_use]
    pub const fn owner(&self) -> &RoleDefinition {
        &self.owner
    }

    /// The first role with this meaning, if the catalog has one.
    #[must_use]
    pub fn by_base(&self, base: SystemRole) -> Option<&RoleDefinition> {
        self.roles.iter().find(|role| role.base == base)
    }

    /// All roles, in the catalog's order.
    #[must_use]
    pub fn all(&self) -> &[RoleDefinition] {
        &self.roles
    }

    /// What a member with this role and these extra permissions may do. A role that the catalog no
    /// longer knows allows nothing.
    #[must_use]
    pub fn permissions_of(&self, role: &Code, extra: &PermissionSet) -> PermissionSet {
        match self.get(role) {
            Some(definition) if extra.is_empty() => definition.permissions.clone(),
            Some(definition) => definition.permissions.union(extra),
            None => PermissionSet::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(code: &str, base: SystemRole, aliases: &[&str]) -> RoleDefinition {
        RoleDefinition {
            code: Code::try_from(code).unwrap(),
            base,
            aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
            permissions: PermissionSet::default(),
        }
    }

    #[test]
    fn a_role_is_found_by_any_of_its_names() {
        let book = RoleBook::new(vec![
            role("tenant_admin", SystemRole::Owner, &["Client Admin"]),
            role("user", SystemRole::Member, &[]),
        ])
        .unwrap();

        for name in ["TENANT_ADMIN", "tenant-admin", "clientadmin", "owner"] {
            assert_eq!(book.find(name).unwrap().code.as_str(), "tenant_admin", "{name}");
        }
        assert_eq!(book.find("Member").unwrap().code.as_str(), "user");
        assert!(book.find("viewer").is_none());
    }

    #[test]
    fn a_catalogs_own_name_wins_over_a_system_name() {
        let book = RoleBook::new(vec![
            role("boss", SystemRole::Owner, &[]),
            role("chief", SystemRole::Admin, &[]),
            role("staff", SystemRole::Member, &["admin"]),
        ])
        .unwrap();

        assert_eq!(book.find("admin").unwrap().code.as_str(), "staff");
    }

    #[test]
    fn a_book_needs_exactly_one_owner_and_unambiguous_names() {
        assert_eq!(RoleBook::new(vec![]).unwrap_err(), InvalidRoleBook::Owners(0));
        let two = vec![role("a", SystemRole::Owner, &[]), role("b", SystemRole::Owner, &[])];
        assert_eq!(RoleBook::new(two).unwrap_err(), InvalidRoleBook::Owners(2));
        let twins = vec![
            role("a_b", SystemRole::Owner, &[]),
            role("x", SystemRole::Viewer, &["A-B"]),
        ];
        assert_eq!(
            RoleBook::new(twins).unwrap_err(),
            InvalidRoleBook::Ambiguous("A-B".to_owned())
        );
    }
}
