//! Things of an application, by name, and permissions that hold for one of them only.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::code::Code;
use crate::permission::{Permission, PermissionSet};

/// One thing of the application, or a group of them, as roles are narrowed to it: `team:sales`, `project:42`.
///
/// Before the first colon stands its kind, a [`Code`]; after it whatever names it: 1 to 128 characters without spaces
/// and control characters. Tenantry compares the text, and knows nothing of what it names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource(Arc<str>);

/// The text names no resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a kind, a colon and an id, such as team:sales: a code, then 1 to 128 characters without spaces")]
pub struct InvalidResource;

impl Resource {
    /// Longest id in characters.
    pub const MAX_ID_CHARS: usize = 128;

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the colon.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(kind, _)| kind)
    }
}

impl TryFrom<&str> for Resource {
    type Error = InvalidResource;

    fn try_from(text: &str) -> Result<Self, InvalidResource> {
        let (kind, id) = text.split_once(':').ok_or(InvalidResource)?;
        let good = |c: char| !c.is_whitespace() && !c.is_control();
        let named = !id.is_empty() && id.chars().count() <= Self::MAX_ID_CHARS && id.chars().all(good);
        if named && Code::try_from(kind).is_ok() {
            Ok(Self(text.into()))
        } else {
            Err(InvalidResource)
        }
    }
}

impl TryFrom<String> for Resource {
    type Error = InvalidResource;

    fn try_from(text: String) -> Result<Self, InvalidResource> {
        Self::try_from(text.as_str())
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({})", self.0)
    }
}

/// What a principal holds for some resources beyond what it holds everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowed(BTreeMap<Resource, PermissionSet>);

impl Narrowed {
    /// Adds what is held for a resource to what was.
    pub fn add(&mut self, resource: Resource, permissions: &PermissionSet) {
        let held = self.0.entry(resource).or_default();
        *held = held.union(permissions);
    }

    /// True when the permission is held for this resource.
    #[must_use]
    pub fn holds(&self, permission: &Permission, resource: &Resource) -> bool {
        self.0.get(resource).is_some_and(|held| held.holds(permission))
    }

    /// The resources, by name, and what is held for each.
    pub fn iter(&self) -> impl Iterator<Item = (&Resource, &PermissionSet)> {
        self.0.iter()
    }

    /// True when nothing is held for any resource alone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_a_kind_and_an_id() {
        for good in ["team:sales", "project:42", "doc:a:b", "folder:営業", "x:0"] {
            assert_eq!(Resource::try_from(good).unwrap().as_str(), good);
        }
        assert_eq!(Resource::try_from("doc:a:b").unwrap().kind(), "doc");
        let long = format!("team:{}", "a".repeat(129));
        for bad in [
            "",
            "team",
            "team:",
            ":sales",
            "Team:sales",
            "team:a b",
            "team:a\n",
            "te am:x",
            &long,
        ] {
            assert_eq!(Resource::try_from(bad), Err(InvalidResource), "{bad:?}");
        }
    }

    #[test]
    fn what_is_narrowed_holds_for_its_resource_alone() {
        let (sales, support) = (
            Resource::try_from("team:sales").unwrap(),
            Resource::try_from("team:support").unwrap(),
        );
        let (read, write) = (Permission::known("notes.read"), Permission::known("notes.write"));
        let mut narrowed = Narrowed::default();

        narrowed.add(sales.clone(), &PermissionSet::from_iter([read.clone()]));
        narrowed.add(sales.clone(), &PermissionSet::from_iter([write.clone()]));

        assert!(narrowed.holds(&read, &sales) && narrowed.holds(&write, &sales));
        assert!(!narrowed.holds(&read, &support));
    }
}
