//! What may be done with the roles of a tenant: look, define, rewrite, remove, and see beforehand what that would do.

use std::sync::Arc;

use tenantry_kernel::retry::contended;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Clock, Code, FieldError, IdSource, PageRequest, StoreError, TenantScope};

use crate::membership::{MembershipFilter, policy};
use crate::permissions::{MEMBERS_READ, ROLES_MANAGE};
use crate::role::preview::{Preview, Tally};
use crate::role::{Grants, MAX_ROLES, OwnRole, OwnRoles, RoleBook, RoleDefinition, RoleDraft, RoleError, RoleId};
use crate::store::{TenancyStore, TenancyUnit};
use crate::text::{DisplayName, Note};

/// How many entries the permissions of a role can have; no catalog has as many permissions.
pub const MAX_GRANTS: usize = 500;
/// How often a change is tried when others are in the way.
const TRIES: u8 = 10;

/// Which role is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleRef {
    /// One that the tenant defines.
    Own(RoleId),
    /// One of the catalog's, by its code.
    System(String),
}

/// What a role is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleText {
    /// Its title.
    pub name: DisplayName,
    /// One sentence.
    pub description: Option<Note>,
    /// What it is given: `*`, `area.*`, or permissions in any spelling.
    pub permissions: Vec<String>,
}

/// A role as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRole {
    /// What it allows now, and what it is called.
    pub definition: RoleDefinition,
    /// What was written down, for a tenant's own.
    pub own: Option<OwnRole>,
}

/// What a role service works with.
pub struct RolePorts {
    /// Where roles are kept.
    pub store: Arc<dyn TenancyStore>,
    /// The catalog's roles.
    pub catalog: Arc<RoleBook>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn IdSource>,
}

/// Reads and changes the roles of a tenant.
pub struct RoleService(RolePorts);

impl RoleService {
    /// Works on these ports.
    #[must_use]
    pub const fn new(ports: RolePorts) -> Self {
        Self(ports)
    }

    /// Every role of the tenant: the catalog's, then its own, the oldest first.
    ///
    /// # Errors
    /// [`RoleError::Denied`], [`RoleError::Store`].
    pub async fn list(&self, scope: &TenantScope) -> Result<Vec<ShownRole>, RoleError> {
        may_look(scope)?;

        let mut unit = self.0.store.read(scope).await?;
        let own = OwnRoles::new(unit.roles().all().await?);
        let book = own.book(&self.0.catalog);
        let shown = |definition: &RoleDefinition| {
            let known = own.all().iter();
            let mut known = known.filter(|role| role.code() == &definition.code && definition.base().is_none());
            ShownRole {
                own: known.next().cloned(),
                definition: definition.clone(),
            }
        };
        Ok(book.all().iter().map(shown).collect())
    }

    /// One role.
    ///
    /// # Errors
    /// [`RoleError::NotFound`], [`RoleError::Denied`], [`RoleError::Store`].
    pub async fn show(&self, scope: &TenantScope, which: &RoleRef) -> Result<ShownRole, RoleError> {
        may_look(scope)?;

        match which {
            RoleRef::System(code) => Ok(ShownRole {
                definition: self.system(code).ok_or(RoleError::NotFound)?.clone(),
                own: None,
            }),
            RoleRef::Own(id) => {
                let mut unit = self.0.store.read(scope).await?;
                let role = unit.roles().find(*id).await?.ok_or(RoleError::NotFound)?;
                Ok(self.shown(role))
            }
        }
    }

    /// Defines a role. Without a code it gets one that follows from its title.
    ///
    /// # Errors
    /// [`RoleError`]: denied, also for what the caller does not hold; invalid; name taken; too many.
    pub async fn create(
        &self,
        scope: &TenantScope,
        code: Option<String>,
        text: RoleText,
    ) -> Result<ShownRole, RoleError> {
        scope.require(&ROLES_MANAGE)?;
        let (code, draft) = self.read(code, text)?;
        self.may_give(scope, &draft.grants)?;
        if [code.as_str(), draft.name.as_str()]
            .iter()
            .any(|name| self.0.catalog.find(name).is_some())
        {
            return Err(RoleError::NameTaken);
        }
        let id = RoleId::from_uuid(self.0.ids.next());
        let now = self.0.clock.now(scope);

        let role = contended(TRIES, || async {
            let mut unit = self.0.store.begin(scope).await?;
            let others = unit.roles().all().await?;
            let slot = (0..MAX_ROLES).find(|slot| others.iter().all(|other| other.slot() != *slot));
            let slot = slot.ok_or(RoleError::TooMany)?;
            let role = OwnRole::define(id, slot, code.clone(), draft.clone(), now);
            unit.roles().insert(&role).await?;
            unit.commit(vec![role.defined()]).await?;
            Ok::<_, RoleError>(role)
        })
        .await?;
        Ok(self.shown(role))
    }

    /// Rewrites a role: title, description and permissions. Whoever carries it may do the new things at once, and the
    /// old ones no more. Rewriting it as it is changes nothing.
    ///
    /// # Errors
    /// [`RoleError`]: denied, also for what it gave or is to give and the caller does not hold; system; invalid; not
    /// found; stale; name taken.
    pub async fn rewrite(
        &self,
        scope: &TenantScope,
        which: &RoleRef,
        text: RoleText,
        expected: Option<i64>,
    ) -> Result<ShownRole, RoleError> {
        scope.require(&ROLES_MANAGE)?;
        let (_, draft) = self.read(Some("unused".to_owned()), text)?;
        let id = self.own(which)?;
        self.may_give(scope, &draft.grants)?;
        let now = self.0.clock.now(scope);

        let role = contended(TRIES, || async {
            let mut unit = self.0.store.begin(scope).await?;
            let mut role = self.changeable(scope, &mut *unit, id, expected).await?;
            let named = self.0.catalog.find(draft.name.as_str()).is_some();
            if named && role.name() != &draft.name {
                return Err(RoleError::NameTaken);
            }
            let Some(event) = role.rewrite(draft.clone(), now) else {
                return Ok(role);
            };
            unit.roles()
                .update(&role)
                .await
                .map_err(|lost| overtaken(lost, expected))?;
            unit.commit(vec![event]).await?;
            Ok(role.saved())
        })
        .await?;
        Ok(self.shown(role))
    }

    /// Removes a role. Whoever carries it gets `replacement` in its place.
    ///
    /// # Errors
    /// [`RoleError`]: denied, also for what it or its replacement gives and the caller does not hold; system; invalid;
    /// not found; stale; in use when there is no replacement.
    pub async fn delete(
        &self,
        scope: &TenantScope,
        which: &RoleRef,
        replacement: Option<&str>,
        expected: Option<i64>,
    ) -> Result<(), RoleError> {
        scope.require(&ROLES_MANAGE)?;
        let id = self.own(which)?;

        contended(TRIES, || async {
            let mut unit = self.0.store.begin(scope).await?;
            let role = self.changeable(scope, &mut *unit, id, expected).await?;
            // First, so that nobody is given it while its holders are counted.
            let removed = unit.roles().delete(id, role.version()).await;
            removed.map_err(|lost| overtaken(lost, expected))?;
            let others = OwnRoles::new(unit.roles().hold().await?);
            let replacement = Self::replacement(scope, others.book(&self.0.catalog), replacement)?;
            let mut holders = unit.memberships().holders(role.code()).await?;
            match &replacement {
                None if holders > 0 => return Err(RoleError::InUse { holders }),
                Some(to) if holders > 0 => holders = unit.memberships().replace_role(role.code(), to).await?,
                _ => {}
            }
            unit.commit(vec![role.removed(replacement.as_ref(), holders)]).await?;
            Ok(())
        })
        .await
    }

    /// What rewriting a role, or removing it with `None`, would do to those who carry it. Nothing is written.
    ///
    /// # Errors
    /// As [`RoleService::rewrite`] and [`RoleService::delete`]; never in use.
    pub async fn preview(&self, scope: &TenantScope, which: &RoleRef, change: Foreseen) -> Result<Preview, RoleError> {
        scope.require(&ROLES_MANAGE)?;
        let draft = match &change {
            Foreseen::Rewritten(text) => Some(self.read(Some("unused".to_owned()), text.clone())?.1),
            Foreseen::Deleted { .. } => None,
        };
        let id = self.own(which)?;
        if let Some(draft) = &draft {
            self.may_give(scope, &draft.grants)?;
        }

        let mut unit = self.0.store.read(scope).await?;
        let own = unit.roles().all().await?;
        let role = own.iter().find(|role| role.id() == id).ok_or(RoleError::NotFound)?;
        self.may_give(scope, role.grants())?;
        let code = role.code().clone();
        let before = self.0.catalog.with_own(&own);
        let now = self.0.clock.now(scope);
        let (after, moved) = match (draft, change) {
            (Some(draft), _) => (self.0.catalog.with_own(&with(&own, id, &draft, now)), None),
            (None, Foreseen::Deleted { replacement }) => {
                let rest: Vec<OwnRole> = own.iter().filter(|role| role.id() != id).cloned().collect();
                let book = self.0.catalog.with_own(&rest);
                let moved = Self::replacement(scope, &book, replacement.as_deref())?;
                (book, moved)
            }
            (None, Foreseen::Rewritten(_)) => return Err(RoleError::NotFound),
        };
        let mut tally = Tally::new(&before, &after, &code, moved.as_ref());
        tally_holders(&mut *unit, &code, &mut tally).await?;
        Ok(tally.preview())
    }

    fn system(&self, code: &str) -> Option<&RoleDefinition> {
        self.0.catalog.all().iter().find(|role| role.code.as_str() == code)
    }

    fn own(&self, which: &RoleRef) -> Result<RoleId, RoleError> {
        match which {
            RoleRef::Own(id) => Ok(*id),
            RoleRef::System(code) => Err(self.system(code).map_or(RoleError::NotFound, |_| RoleError::System)),
        }
    }

    fn shown(&self, role: OwnRole) -> ShownRole {
        let book = self.0.catalog.with_own(std::slice::from_ref(&role));
        let definition = book.get(role.code()).unwrap_or_else(|| book.owner());
        ShownRole {
            definition: definition.clone(),
            own: Some(role),
        }
    }

    /// What the texts mean, and every one that means nothing.
    fn read(&self, code: Option<String>, text: RoleText) -> Result<(Code, RoleDraft), RoleError> {
        let mut wrong = Vec::new();
        let code = match code {
            Some(code) => {
                Code::try_from(code.as_str()).map_err(|cause| FieldError::new("code", "invalid_value", cause))
            }
            None => OwnRole::code_from(&text.name)
                .ok_or_else(|| FieldError::new("code", "missing_field", "no code follows from this name: give one")),
        };
        let code = code.map_err(|cause| wrong.push(cause)).ok();
        let grants = self.grants(&text.permissions, &mut wrong);
        match code {
            Some(code) if wrong.is_empty() => Ok((
                code,
                RoleDraft {
                    name: text.name,
                    description: text.description,
                    grants,
                },
            )),
            _ => Err(RoleError::Invalid(wrong)),
        }
    }

    fn grants(&self, texts: &[String], wrong: &mut Vec<FieldError>) -> Grants {
        if texts.len() > MAX_GRANTS {
            let detail = format!("{MAX_GRANTS} entries at most");
            wrong.push(FieldError::new("permissions", "too_many", detail));
            return Grants::default();
        }
        let catalog = &self.0.catalog;
        let mut found = Vec::new();
        for (position, text) in texts.iter().enumerate() {
            let field = format!("permissions[{position}]");
            match catalog.find_grant(text) {
                None => wrong.push(FieldError::new(
                    field,
                    "unknown_permission",
                    "there is no such permission",
                )),
                Some(crate::role::Grant::One(one)) if catalog.never_given().holds(&one) => {
                    wrong.push(FieldError::new(
                        field,
                        "owners_only",
                        "only owners may, whatever role somebody has",
                    ));
                }
                Some(grant) => found.push(grant),
            }
        }
        found.into_iter().collect()
    }

    /// Nobody defines a role that may more than they.
    fn may_give(&self, scope: &TenantScope, grants: &Grants) -> Result<(), RoleError> {
        policy::may_grant_extra(scope.permissions(), &grants.expand(&self.0.catalog))?;
        Ok(())
    }

    /// The role, when the caller saw this version of it and holds all that it gives.
    async fn changeable(
        &self,
        scope: &TenantScope,
        unit: &mut dyn TenancyUnit,
        id: RoleId,
        expected: Option<i64>,
    ) -> Result<OwnRole, RoleError> {
        let role = unit.roles().find(id).await?.ok_or(RoleError::NotFound)?;
        self.may_give(scope, role.grants())?;
        if expected.is_some_and(|expected| expected != role.version()) {
            return Err(RoleError::Stale);
        }
        Ok(role)
    }

    /// What takes the place of a removed role: one that is there, that is not the owners', and that the caller may give.
    fn replacement(scope: &TenantScope, book: &RoleBook, text: Option<&str>) -> Result<Option<Code>, RoleError> {
        let Some(text) = text else {
            return Ok(None);
        };
        let wrong = |code, detail: &str| RoleError::Invalid(vec![FieldError::new("replace_with", code, detail)]);
        let role = book
            .find(text)
            .ok_or_else(|| wrong("unknown_role", "there is no such role"))?;
        if role.is_owner() {
            return Err(wrong("owners_only", "owners are made one by one"));
        }
        policy::may_grant_extra(scope.permissions(), &role.permissions)?;
        Ok(Some(role.code.clone()))
    }
}

/// A change to a role that is only thought of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreseen {
    /// It would say this.
    Rewritten(RoleText),
    /// It would be gone.
    Deleted {
        /// What its holders would get, by any of its names.
        replacement: Option<String>,
    },
}

/// Somebody else changed the role since this attempt read it. Whoever told no version has it read again.
fn overtaken(lost: StoreError, expected: Option<i64>) -> RoleError {
    match lost {
        StoreError::Stale if expected.is_none() => StoreError::Contended.into(),
        other => other.into(),
    }
}

/// Whoever sees the members sees what their roles allow; so does whoever defines roles.
fn may_look(scope: &TenantScope) -> Result<(), RoleError> {
    if scope.permissions().holds(&ROLES_MANAGE) {
        return Ok(());
    }
    Ok(scope.require(&MEMBERS_READ)?)
}

/// The roles, one of them rewritten.
fn with(own: &[OwnRole], id: RoleId, draft: &RoleDraft, now: OffsetDateTime) -> Vec<OwnRole> {
    let rewritten = own.iter().cloned().map(|mut role| {
        if role.id() == id {
            role.rewrite(draft.clone(), now);
        }
        role
    });
    rewritten.collect()
}

/// Goes through everybody who carries the role, or has it for something.
async fn tally_holders(unit: &mut dyn TenancyUnit, role: &Code, tally: &mut Tally<'_>) -> Result<(), RoleError> {
    let filter = MembershipFilter {
        holding: Some(role.clone()),
        ..MembershipFilter::default()
    };
    let mut page = PageRequest::first();
    loop {
        let found = unit.memberships().list(&filter, page).await?;
        let ids: Vec<_> = found.items.iter().map(crate::membership::Membership::id).collect();
        let assigned = unit.memberships().assignments(&ids).await?;
        for member in &found.items {
            let own: Vec<_> = assigned
                .iter()
                .filter(|one| one.membership == member.id())
                .cloned()
                .collect();
            tally.count(member, &own);
        }
        match found.next {
            Some(next) => page = page.following(next),
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
