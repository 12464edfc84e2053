//! A tenant's own role, and how it changes.

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, Event, Value, typed_id};

use crate::role::Grants;
use crate::text::{DisplayName, Note};

typed_id!(
    /// A role that a tenant defines for itself.
    RoleId
);

/// What somebody writes down of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDraft {
    /// Its title for people.
    pub name: DisplayName,
    /// One sentence.
    pub description: Option<Note>,
    /// What it is given.
    pub grants: Grants,
}

/// A role that a tenant defines for itself. Its code is what members carry, and never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRole {
    id: RoleId,
    slot: u16,
    code: Code,
    draft: RoleDraft,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    version: i64,
}

/// A role as it is stored. For stores only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRole {
    /// The id.
    pub id: RoleId,
    /// Its number among the tenant's roles.
    pub slot: u16,
    /// What members carry.
    pub code: Code,
    /// What was written down.
    pub draft: RoleDraft,
    /// When it was defined.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// The version.
    pub version: i64,
}

impl OwnRole {
    /// A new role, at version 1. The caller has found the name free and `slot` below
    /// [`MAX_ROLES`](crate::role::MAX_ROLES).
    #[must_use]
    pub const fn define(id: RoleId, slot: u16, code: Code, draft: RoleDraft, now: OffsetDateTime) -> Self {
        Self {
            id,
            slot,
            code,
            draft,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// A role as it was stored. For stores only.
    #[must_use]
    pub fn restore(stored: StoredRole) -> Self {
        Self {
            id: stored.id,
            slot: stored.slot,
            code: stored.code,
            draft: stored.draft,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
        }
    }

    /// The code for a role of this title: its ASCII letters and digits in lower case, `_` for what is between them.
    /// `None` when nothing that begins with a letter is left.
    #[must_use]
    pub fn code_from(name: &DisplayName) -> Option<Code> {
        let words = name.as_str().split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<String> = words
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        let mut code = words.join("_");
        code.truncate(Code::MAX_LEN);
        Code::try_from(code.trim_end_matches('_')).ok()
    }

    /// The id.
    #[must_use]
    pub const fn id(&self) -> RoleId {
        self.id
    }

    /// Its number among the tenant's roles: two have never the same.
    #[must_use]
    pub const fn slot(&self) -> u16 {
        self.slot
    }

    /// What members carry.
    #[must_use]
    pub const fn code(&self) -> &Code {
        &self.code
    }

    /// Its title for people.
    #[must_use]
    pub const fn name(&self) -> &DisplayName {
        &self.draft.name
    }

    /// One sentence.
    #[must_use]
    pub const fn description(&self) -> Option<&Note> {
        self.draft.description.as_ref()
    }

    /// What it is given.
    #[must_use]
    pub const fn grants(&self) -> &Grants {
        &self.draft.grants
    }

    /// When it was defined.
    #[must_use]
    pub const fn created_at(&self) -> OffsetDateTime {
        self.created_at
    }

    /// When it last changed.
    #[must_use]
    pub const fn updated_at(&self) -> OffsetDateTime {
        self.updated_at
    }

    /// The version as it was read from the store; an update is refused when it is no longer that.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The role as it stands after an update has written it: one version on.
    #[must_use]
    pub const fn saved(mut self) -> Self {
        self.version += 1;
        self
    }

    /// Writes down something else. `None` when it is the same.
    pub fn rewrite(&mut self, draft: RoleDraft, now: OffsetDateTime) -> Option<Event> {
        if self.draft == draft {
            return None;
        }
        let before = std::mem::replace(&mut self.draft, draft);
        self.updated_at = now;
        let after = &self.draft;
        Some(
            Event::new("role.updated", self.id)
                .change("name", before.name.as_str(), after.name.as_str())
                .change(
                    "description",
                    note(before.description.as_ref()),
                    note(after.description.as_ref()),
                )
                .change("permissions", before.grants.texts(), after.grants.texts()),
        )
    }

    /// The event that tells of its definition.
    #[must_use]
    pub fn defined(&self) -> Event {
        Event::new("role.created", self.id)
            .set("code", self.code.as_str())
            .set("name", self.draft.name.as_str())
            .set("description", note(self.draft.description.as_ref()))
            .set("permissions", self.draft.grants.texts())
    }

    /// The event that tells of its removal, and of the role that its holders have now.
    #[must_use]
    pub fn removed(&self, replacement: Option<&Code>, holders: u64) -> Event {
        let event = Event::new("role.deleted", self.id)
            .change("code", self.code.as_str(), Value::Null)
            .change("name", self.draft.name.as_str(), Value::Null)
            .change("permissions", self.draft.grants.texts(), Value::Null);
        match replacement {
            Some(role) => event
                .set("replaced_with", role.as_str())
                .set("holders", i64::try_from(holders).unwrap_or(i64::MAX)),
            None => event,
        }
    }
}

fn note(note: Option<&Note>) -> Option<String> {
    note.map(Note::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, own_role};
    use tenantry_kernel::time::Duration;

    #[test]
    fn a_code_follows_from_the_title_where_it_can() {
        let code = |name: &str| OwnRole::code_from(&DisplayName::try_from(name).unwrap()).map(|code| code.to_string());

        assert_eq!(code("Billing clerk").unwrap(), "billing_clerk");
        assert_eq!(code("R&D – Lead (2)").unwrap(), "r_d_lead_2");
        assert_eq!(code(&"long ".repeat(23)).unwrap().len(), 64);
        for none in ["営業", "42", "!"] {
            assert_eq!(code(none), None, "{none}");
        }
    }

    #[test]
    fn a_change_is_told_and_none_is_not() {
        let mut role = own_role(1, "clerk", &["tenant.read"]);
        let same = own_role(1, "clerk", &["tenant.read"]).draft;
        let other = own_role(1, "clerk", &["tenant.*"]).draft;
        let later = NOW + Duration::HOUR;

        assert_eq!(role.rewrite(same, later), None);
        let event = role.rewrite(other, later).unwrap();

        assert_eq!(event.changes.len(), 1);
        assert_eq!(event.changes[0].after, Value::from(vec!["tenant.*".to_owned()]));
        assert_eq!((role.updated_at(), role.version()), (later, 1));
    }

    #[test]
    fn a_removal_tells_who_took_over() {
        let role = own_role(1, "clerk", &["tenant.read"]);
        let viewer = Code::try_from("viewer").unwrap();

        let fields = |event: Event| event.changes.iter().map(|change| change.field).collect::<Vec<_>>();

        assert_eq!(fields(role.removed(None, 0)), ["code", "name", "permissions"]);
        assert_eq!(
            fields(role.removed(Some(&viewer), 3)),
            ["code", "name", "permissions", "replaced_with", "holders"]
        );
    }
}
