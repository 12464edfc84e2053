//! The roles of a tenant, found by any of their names.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tenantry_kernel::{Code, Permission, PermissionSet};

use crate::permissions::OWNERSHIP_TRANSFER;
use crate::role::grants::{Grant, Grants, area_of};
use crate::role::{OwnRole, RoleId, SystemRole};

/// Where a role comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleKind {
    /// From the catalog; every tenant has it, none changes it.
    System(SystemRole),
    /// A tenant's own.
    Own {
        /// Which one.
        id: RoleId,
        /// What it is given, as it is written down.
        grants: Grants,
        /// True when it allows no more than the catalog's members and viewers may.
        basic: bool,
    },
}

/// One role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDefinition {
    /// The name that is stored and shown.
    pub code: Code,
    /// Where it comes from.
    pub kind: RoleKind,
    /// Other names that input may use.
    pub aliases: Vec<String>,
    /// What it allows.
    pub permissions: PermissionSet,
}

impl RoleDefinition {
    /// What it means to Tenantry; `None` for a tenant's own role.
    #[must_use]
    pub const fn base(&self) -> Option<SystemRole> {
        match self.kind {
            RoleKind::System(base) => Some(base),
            RoleKind::Own { .. } => None,
        }
    }

    /// True for the owner's role.
    #[must_use]
    pub const fn is_owner(&self) -> bool {
        matches!(self.kind, RoleKind::System(SystemRole::Owner))
    }

    /// True for the roles that `members.manage_basic` reaches.
    #[must_use]
    pub const fn is_basic(&self) -> bool {
        match self.kind {
            RoleKind::System(base) => base.is_basic(),
            RoleKind::Own { basic, .. } => basic,
        }
    }
}

/// The roles of a catalog, or those and a tenant's own, found by any of their names.
#[derive(Clone, Debug)]
pub struct RoleBook {
    roles: Vec<RoleDefinition>,
    names: HashMap<String, usize>,
    codes: HashMap<Code, usize>,
    owner: RoleDefinition,
    owners_alone: PermissionSet,
    never_given: PermissionSet,
    spellings: Arc<HashMap<String, Permission>>,
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
    /// Makes a book of a catalog's roles.
    ///
    /// # Errors
    /// [`InvalidRoleBook`].
    pub fn new(roles: Vec<RoleDefinition>) -> Result<Self, InvalidRoleBook> {
        let mut owners = roles.iter().filter(|role| role.is_owner());
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
            if let Some(position) = roles.iter().position(|role| role.base() == Some(base)) {
                names.entry(base.as_str().to_owned()).or_insert(position);
            }
        }
        let codes = roles.iter().enumerate();
        let codes = codes.map(|(position, role)| (role.code.clone(), position)).collect();
        let spelled = |permission: &Permission| (Code::fold(permission.as_str()), permission.clone());
        let spellings = Arc::new(owner.permissions.iter().map(spelled).collect());
        let never_given = PermissionSet::from_iter([OWNERSHIP_TRANSFER]);
        Ok(Self {
            roles,
            names,
            codes,
            owner,
            owners_alone: never_given.clone(),
            never_given,
            spellings,
        })
    }

    /// The same book, where `*` leaves out these permissions: what only owners may unless it is named.
    #[must_use]
    pub fn reserving(mut self, owners_alone: &PermissionSet) -> Self {
        self.owners_alone = self.never_given.union(owners_alone);
        self
    }

    /// This catalog's book with a tenant's own roles. Where a catalog has since taken a name that a tenant had given, the
    /// tenant's role keeps it: nobody may more than they were given because a catalog changed.
    #[must_use]
    pub fn with_own(&self, own: &[OwnRole]) -> Self {
        let mut book = self.clone();
        let basic: PermissionSet = self
            .roles
            .iter()
            .filter(|role| role.is_basic())
            .flat_map(|role| role.permissions.iter().cloned())
            .collect();
        for role in own {
            let position = book.roles.len();
            let permissions = role.grants().expand(self);
            book.names.insert(Code::fold(role.code().as_str()), position);
            book.codes.insert(role.code().clone(), position);
            book.roles.push(RoleDefinition {
                code: role.code().clone(),
                kind: RoleKind::Own {
                    id: role.id(),
                    grants: role.grants().clone(),
                    basic: basic.covers(&permissions),
                },
                aliases: Vec::new(),
                permissions,
            });
        }
        for role in own {
            // By its title too, where no role answers to that as its code.
            let position = book.codes.get(role.code()).copied();
            if let Some(position) = position {
                book.names.entry(Code::fold(role.name().as_str())).or_insert(position);
            }
        }
        book
    }

    /// The role that `text` names: its code, an alias, a system role's name, or the title of a tenant's own; case, `_`,
    /// `-` and spaces do not count.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&RoleDefinition> {
        self.names
            .get(&Code::fold(text))
            .and_then(|position| self.roles.get(*position))
    }

    /// The role with exactly this code, as stored.
    #[must_use]
    pub fn get(&self, code: &Code) -> Option<&RoleDefinition> {
        self.codes.get(code).and_then(|position| self.roles.get(*position))
    }

    /// The owner's role.
    #[must_use]
    pub const fn owner(&self) -> &RoleDefinition {
        &self.owner
    }

    /// The catalog's first role with this meaning, if it has one.
    #[must_use]
    pub fn by_base(&self, base: SystemRole) -> Option<&RoleDefinition> {
        self.roles.iter().find(|role| role.base() == Some(base))
    }

    /// All roles: the catalog's in its order, then a tenant's own, the oldest first.
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

    /// Every permission there is for members of a tenant: what owners hold.
    #[must_use]
    pub const fn registry(&self) -> &PermissionSet {
        &self.owner.permissions
    }

    /// What `*` leaves out.
    #[must_use]
    pub const fn owners_alone(&self) -> &PermissionSet {
        &self.owners_alone
    }

    /// What no tenant's own role can be given, however it is named.
    #[must_use]
    pub const fn never_given(&self) -> &PermissionSet {
        &self.never_given
    }

    /// The areas of the permissions there are, by name.
    #[must_use]
    pub fn areas(&self) -> BTreeSet<&str> {
        self.registry().iter().map(area_of).collect()
    }

    /// The permission that `text` names, in any spelling.
    #[must_use]
    pub fn find_permission(&self, text: &str) -> Option<&Permission> {
        self.spellings.get(&Code::fold(text))
    }

    /// The grant that `text` means: `*`, an area with `.*`, or a permission in any spelling.
    #[must_use]
    pub fn find_grant(&self, text: &str) -> Option<Grant> {
        if text == "*" {
            return Some(Grant::All);
        }
        match text.strip_suffix(".*") {
            Some(area) => {
                let folded = Code::fold(area);
                let known = self.areas().into_iter().find(|known| Code::fold(known) == folded)?;
                Code::try_from(known).ok().map(Grant::Area)
            }
            None => self.find_permission(text).cloned().map(Grant::One),
        }
    }
}

#[cfg(test)]
mod tests;
