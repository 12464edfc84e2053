//! What operators see of people and do to them. Every act stands in the platform's log, in the operator's name.

use tenantry_identity::email::OwnedEmail;
use tenantry_identity::user::{User, UserStatus};
use tenantry_kernel::{Event, Note, Page, PageRequest, SystemScope, UserId, Value, retry};
use tenantry_tenancy::directory::Belonging;

use super::{PeopleError, PeopleService, PersonCard, PersonFilter, TRIES};
use crate::roles::{PLATFORM_MANAGE, PLATFORM_READ};

/// How many tenants the details of a person show.
const SHOWN: u16 = 200;

/// A person, as an operator sees them.
#[derive(Clone, Debug)]
pub struct PersonDetails {
    /// The person.
    pub user: User,
    /// Their addresses, oldest first.
    pub emails: Vec<OwnedEmail>,
    /// Where they belong, oldest membership first; the first 200.
    pub belongings: Vec<Belonging>,
}

impl PeopleService {
    /// A page of people, oldest first.
    ///
    /// # Errors
    /// `Denied`, `Store`.
    pub async fn list(
        &self,
        scope: &SystemScope,
        filter: &PersonFilter,
        page: PageRequest,
    ) -> Result<Page<PersonCard>, PeopleError> {
        scope.require(&PLATFORM_READ)?;
        Ok(self.0.directory.people(scope, filter, page).await?)
    }

    /// One person.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Store`.
    pub async fn show(&self, scope: &SystemScope, user: UserId) -> Result<PersonDetails, PeopleError> {
        scope.require(&PLATFORM_READ)?;
        let mut unit = self.0.people.read_person(user).await?;
        let found = unit.users().find(user).await?.ok_or(PeopleError::NotFound)?;
        let emails = unit.emails().list().await?;
        drop(unit);
        let page = PageRequest::new(SHOWN, None).unwrap_or_else(|_| PageRequest::first());
        let belongings = self.0.belongings.belongings(user, page).await?.items;
        Ok(PersonDetails {
            user: found,
            emails,
            belongings,
        })
    }

    /// Bars somebody from signing in. All their sessions end, within a second on every node.
    ///
    /// # Errors
    /// `Denied`, `OwnAccount`, `NotFound`, `Erased`, `Store`.
    pub async fn disable(
        &self,
        scope: &SystemScope,
        user: UserId,
        reason: &Note,
    ) -> Result<PersonDetails, PeopleError> {
        scope.require(&PLATFORM_MANAGE)?;
        retry::contended(TRIES, || async {
            let now = self.0.clock.system_now();
            let mut unit = self.0.people.begin_person_for(scope, user).await?;
            let mut found = changeable(scope, unit.users().find(user).await?)?;
            let before = found.status().as_str();
            found.disable(now);
            unit.users().update(&found).await?;
            unit.sessions().end_all_except(None, now).await?;
            let event = Event::new("user.disabled", user)
                .change("status", before, found.status().as_str())
                .set("reason", reason.as_str());
            unit.commit(vec![event]).await?;
            Ok::<(), PeopleError>(())
        })
        .await?;
        self.show(scope, user).await
    }

    /// Lets somebody sign in again.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Erased`, `Store`.
    pub async fn enable(&self, scope: &SystemScope, user: UserId) -> Result<PersonDetails, PeopleError> {
        scope.require(&PLATFORM_MANAGE)?;
        retry::contended(TRIES, || async {
            let mut unit = self.0.people.begin_person_for(scope, user).await?;
            let mut found = changeable(scope, unit.users().find(user).await?)?;
            // An account that is being merged is closed for good.
            if found.merged_into().is_some() {
                return Err(PeopleError::Erased);
            }
            let before = found.status().as_str();
            found.enable();
            unit.users().update(&found).await?;
            let event = Event::new("user.enabled", user).change("status", before, found.status().as_str());
            unit.commit(vec![event]).await?;
            Ok(())
        })
        .await?;
        self.show(scope, user).await
    }

    /// Erases somebody now: nobody asks them. What is begun is finished by the worker if this node dies.
    ///
    /// # Errors
    /// `Denied`, `OwnAccount`, `NotFound`, `Erased`, `LastOwner` with every tenant that would be nobody's, `Store`.
    pub async fn erase_now(&self, scope: &SystemScope, user: UserId, reason: &Note) -> Result<(), PeopleError> {
        scope.require(&PLATFORM_MANAGE)?;
        let found = changeable(scope, self.find(user).await?)?;
        let kept = self.kept_by(&found).await?;
        if !kept.is_empty() {
            return Err(PeopleError::LastOwner(kept));
        }
        retry::contended(TRIES, || async {
            let now = self.0.clock.system_now();
            let mut unit = self.0.people.begin_person_for(scope, user).await?;
            let mut found = changeable(scope, unit.users().find(user).await?)?;
            let before = found.erase_at();
            found.schedule_erasure(Some(now));
            found.disable(now);
            unit.users().update(&found).await?;
            unit.sessions().end_all_except(None, now).await?;
            let event = Event::new("user.erasure_scheduled", user)
                .change("erase_at", before.map_or(Value::Null, Value::from), now)
                .set("reason", reason.as_str());
            unit.commit(vec![event]).await?;
            Ok::<(), PeopleError>(())
        })
        .await?;
        self.finish(user).await
    }
}

/// Somebody else than the operator, of whom something is left.
fn changeable(scope: &SystemScope, found: Option<User>) -> Result<User, PeopleError> {
    let user = found.ok_or(PeopleError::NotFound)?;
    if scope.principal().user() == Some(user.id()) {
        return Err(PeopleError::OwnAccount);
    }
    if matches!(user.status(), UserStatus::Erased { .. }) {
        return Err(PeopleError::Erased);
    }
    Ok(user)
}
