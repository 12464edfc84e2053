//! Permissions: what a principal may do, as a closed registry plus the catalog's own.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::code::{Code, InvalidCode};

/// The name of one thing that may be allowed: `billing.manage`, or an application's `whatsapp.send`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(Name);

#[derive(Clone)]
enum Name {
    Known(&'static str),
    Declared(Arc<str>),
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Declared(name) => name,
        }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}
impl Eq for Name {}
impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}
impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Permission {
    /// A permission of Tenantry itself.
    #[must_use]
    pub const fn known(name: &'static str) -> Self {
        Self(Name::Known(name))
    }

    /// A permission that a catalog declares.
    ///
    /// # Errors
    /// [`InvalidCode`] when the name is no [`Code`].
    pub fn declared(name: &str) -> Result<Self, InvalidCode> {
        Code::try_from(name).map(|code| Self(Name::Declared(code.as_str().into())))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permission({self})")
    }
}

impl std::borrow::Borrow<str> for Permission {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// What one principal holds. Cheap to clone; ordered by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionSet(Arc<BTreeSet<Permission>>);

impl PermissionSet {
    /// True when the permission is held.
    #[must_use]
    pub fn holds(&self, permission: &Permission) -> bool {
        self.0.contains(permission)
    }

    /// True when both are one set, and not merely equal: for those who remember what followed from it.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// True when every permission of `other` is held: the test behind "nobody grants what they lack".
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.0.is_subset(&self.0)
    }

    /// What both hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.0.intersection(&other.0).cloned().collect()
    }

    /// What either holds.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.0.union(&other.0).cloned().collect()
    }

    /// What `self` holds and `other` does not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.0.difference(&other.0).cloned().collect()
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Permission> {
        self.0.iter()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(Arc::new(permissions.into_iter().collect()))
    }
}
