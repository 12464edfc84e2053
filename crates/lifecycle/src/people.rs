//! People across tenants: where they belong, how they leave, how two accounts become one, how they go for good, and
//! what is known of them.
//!
//! What takes several transactions is written down first, on the person: that all is to be erased at a time
//! (`erase_at`), and whom they turned out to be (`merged_into`). [`PeopleService::finish`] then goes through the
//! tenants one by one, each in a transaction of its own, and leaves a tombstone last. It may be stopped anywhere and
//! begun again: what is done is not there to be done again.

mod absorb;
mod belonging;
mod departure;
pub mod directory;
mod erase;
mod error;
mod export;
mod merge;
mod operators;

use std::sync::Arc;

use tenantry_activity::audit::OwnActs;
use tenantry_activity::store::ActivityStore;
use tenantry_identity::mint::Mint;
use tenantry_identity::session::SessionPolicy;
use tenantry_identity::store::{IdentityStore, PersonUnit};
use tenantry_identity::user::{PasswordHasher, User};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Clock, Origin, PermissionSet, SystemScope, UserId};
use tenantry_tenancy::directory::{AccessDirectory, BelongingDirectory};
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::joining::JoinDirectory;

pub use departure::{DepartureReport, WAITS};
pub use directory::{PersonCard, PersonDirectory, PersonFilter};
pub use error::{Kept, PeopleError};
pub use export::{MemberExport, PersonExport};
pub use merge::MergeProof;
pub use operators::PersonDetails;

use crate::access::Person;
use crate::catalog::Catalog;
use crate::store::LifecycleStore;

/// What people's use cases need.
pub struct PeopleParts {
    /// The roles, and what counts seats.
    pub catalog: Arc<Catalog>,
    /// People.
    pub people: Arc<dyn IdentityStore>,
    /// Units over tenant and person.
    pub store: Arc<dyn LifecycleStore>,
    /// Tenants' records.
    pub records: Arc<dyn ActivityStore>,
    /// Tenants and memberships.
    pub access: Arc<dyn AccessDirectory>,
    /// Where people belong.
    pub belongings: Arc<dyn BelongingDirectory>,
    /// Whom they asked to let them in, and who removed them.
    pub joining: Arc<dyn JoinDirectory>,
    /// All people, for operators and workers.
    pub directory: Arc<dyn PersonDirectory>,
    /// What people did.
    pub acts: Arc<dyn OwnActs>,
    /// Passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where scopes are minted.
    pub gate: Gate,
    /// Secrets of letters.
    pub mint: Mint,
    /// How long a log-in counts as a step-up.
    pub policy: SessionPolicy,
}

/// People's use cases.
pub struct PeopleService(PeopleParts);

/// How often a change is tried when others are in the way.
const TRIES: u8 = 5;

impl PeopleService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: PeopleParts) -> Self {
        Self(parts)
    }

    /// The worker's scope, which goes through tenants one by one.
    fn worker(&self) -> SystemScope {
        self.0
            .gate
            .enter_system_as_worker("departures", PermissionSet::default())
    }

    /// A writing unit of somebody who showed lately who they are.
    async fn begin_stepped_up(
        &self,
        person: &Person,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<(Box<dyn PersonUnit>, User), PeopleError> {
        let mut unit = self.0.people.begin_person(person.user, origin).await?;
        let user = unit.users().find(person.user).await?.filter(User::is_active);
        let user = user.ok_or(PeopleError::NotFound)?;
        let session = unit.sessions().find(person.session).await?;
        if !session.is_some_and(|session| session.is_stepped_up(&self.0.policy, now)) {
            return Err(PeopleError::StepUpRequired);
        }
        Ok((unit, user))
    }

    async fn find(&self, user: UserId) -> Result<Option<User>, PeopleError> {
        let mut unit = self.0.people.read_person(user).await?;
        Ok(unit.users().find(user).await?)
    }
}

#[cfg(test)]
mod tests;
