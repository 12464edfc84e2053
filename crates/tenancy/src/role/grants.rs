//! What a role is given, as it is written down: permissions by name, all of an area, or all that is not the owners'.

use std::collections::BTreeSet;
use std::fmt;

use tenantry_kernel::{Code, Permission, PermissionSet};

use crate::role::RoleBook;

/// The area of a permission whose name has no dot: what an application calls `manage_whatsapp`.
pub const NO_AREA: &str = "application";

/// What stands before the first dot of a permission's name; [`NO_AREA`] when there is none.
#[must_use]
pub fn area_of(permission: &Permission) -> &str {
    permission.as_str().split_once('.').map_or(NO_AREA, |(area, _)| area)
}

/// One thing that a role is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grant {
    /// `*`: all that there is, except what only owners may.
    All,
    /// `invoices.*`: every permission of the area, those that come later too.
    Area(Code),
    /// One permission by name.
    One(Permission),
}

/// The text is none that a grant is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a permission, nor an area with .*, nor *")]
pub struct InvalidGrant;

impl Grant {
    /// Reads a grant as it was stored: the permission need not exist any more.
    ///
    /// # Errors
    /// [`InvalidGrant`].
    pub fn restore(text: &str) -> Result<Self, InvalidGrant> {
        if text == "*" {
            return Ok(Self::All);
        }
        match text.strip_suffix(".*") {
            Some(area) => Code::try_from(area).map(Self::Area).map_err(|_| InvalidGrant),
            None => Permission::declared(text).map(Self::One).map_err(|_| InvalidGrant),
        }
    }

    /// True when it gives the permission in a tenant with this book.
    #[must_use]
    pub fn gives(&self, permission: &Permission, book: &RoleBook) -> bool {
        let named = match self {
            Self::All => !book.owners_alone().holds(permission),
            Self::Area(area) => area_of(permission) == area.as_str() && !book.never_given().holds(permission),
            Self::One(one) => one == permission && !book.never_given().holds(permission),
        };
        named && book.registry().holds(permission)
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Area(area) => write!(f, "{area}.*"),
            Self::One(permission) => f.write_str(permission.as_str()),
        }
    }
}

/// Everything that a role is given; ordered, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(BTreeSet<Grant>);

impl Grants {
    /// What they give now, in a tenant with this book. What is no permission any more gives nothing.
    #[must_use]
    pub fn expand(&self, book: &RoleBook) -> PermissionSet {
        let all = book.registry().iter();
        all.filter(|permission| self.through(permission, book).is_some())
            .cloned()
            .collect()
    }

    /// The grant that gives the permission: by its name before an area, an area before all.
    #[must_use]
    pub fn through(&self, permission: &Permission, book: &RoleBook) -> Option<&Grant> {
        // `One` sorts after `Area`, which sorts after `All`.
        self.0.iter().rev().find(|grant| grant.gives(permission, book))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.0.iter()
    }

    /// Their texts.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl FromIterator<Grant> for Grants {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        Self(grants.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::{DOMAINS_MANAGE, DOMAINS_READ, OWNERSHIP_TRANSFER, TENANT_DELETE, TENANT_READ};
    use crate::testing::roles;

    fn grants(texts: &[&str]) -> Grants {
        texts.iter().map(|text| Grant::restore(text).unwrap()).collect()
    }

    #[test]
    fn a_wildcard_gives_what_its_area_has_and_a_star_what_is_not_the_owners() {
        let book = roles();
        let given = |texts: &[&str]| grants(texts).expand(&book);

        assert_eq!(
            given(&["domains.*"]),
            PermissionSet::from_iter([DOMAINS_READ, DOMAINS_MANAGE])
        );
        let all = given(&["*"]);
        assert!(all.holds(&DOMAINS_MANAGE) && !all.holds(&TENANT_DELETE));
        assert!(given(&["tenant.*"]).holds(&TENANT_DELETE), "named, not only swept up");
        assert!(!given(&["ownership.*", "ownership.transfer"]).holds(&OWNERSHIP_TRANSFER));
        assert!(given(&["gone.read", "gone.*"]).is_empty());
    }

    #[test]
    fn the_closest_grant_is_the_one_that_counts() {
        let book = roles();
        let through = |texts: &[&str]| {
            let grants = grants(texts);
            grants.through(&TENANT_READ, &book).map(ToString::to_string)
        };

        assert_eq!(through(&["*", "tenant.*", "tenant.read"]).unwrap(), "tenant.read");
        assert_eq!(through(&["*", "tenant.*"]).unwrap(), "tenant.*");
        assert_eq!(through(&["*", "domains.*"]).unwrap(), "*");
        assert_eq!(through(&["domains.*"]), None);
    }

    #[test]
    fn a_stored_grant_is_read_back_as_it_was() {
        for text in ["*", "invoices.*", "invoices.read", "manage_whatsapp"] {
            assert_eq!(Grant::restore(text).unwrap().to_string(), text);
        }
        for bad in ["", ".*", "Invoices.*", "**", "a b"] {
            assert_eq!(Grant::restore(bad), Err(InvalidGrant), "{bad:?}");
        }
        assert_eq!(area_of(&Permission::known("manage_whatsapp")), NO_AREA);
    }
}
