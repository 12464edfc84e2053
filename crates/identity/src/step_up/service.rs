//! The use case.

use std::sync::Arc;

use tenantry_kernel::retry::contended;
use tenantry_kernel::{Clock, Event, Secret};
use time::OffsetDateTime;

use super::error::StepUpError;
use crate::factor::{Accepted, FactorChecker, Shown};
use crate::person::Person;
use crate::session::{Method, Methods, SessionPolicy};
use crate::store::IdentityStore;
use crate::user::{PasswordHasher, User};

/// How often a unit is tried again when somebody else changed the user meanwhile.
const ATTEMPTS: u8 = 3;

/// What is shown as a proof.
#[derive(Clone, Debug)]
pub enum StepUpProof {
    /// The password. A person with a second factor shows that instead.
    Password(Secret<String>),
    /// A factor.
    Factor(Shown),
}

/// Renews the proof that a session rests on.
pub struct StepUpService {
    store: Arc<dyn IdentityStore>,
    hasher: Arc<dyn PasswordHasher>,
    checker: Arc<FactorChecker>,
    clock: Arc<dyn Clock>,
    policy: SessionPolicy,
}

impl StepUpService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(
        store: Arc<dyn IdentityStore>,
        hasher: Arc<dyn PasswordHasher>,
        checker: Arc<FactorChecker>,
        clock: Arc<dyn Clock>,
        policy: SessionPolicy,
    ) -> Self {
        Self {
            store,
            hasher,
            checker,
            clock,
            policy,
        }
    }

    /// Checks the proof, and lets the session make delicate changes until the time it answers. Wrong ones are counted
    /// and backed off like log-ins.
    ///
    /// # Errors
    /// [`StepUpError`].
    pub async fn prove(&self, person: &Person, proof: StepUpProof) -> Result<OffsetDateTime, StepUpError> {
        match proof {
            StepUpProof::Password(password) => self.by_password(person, password).await,
            StepUpProof::Factor(shown) => {
                let accepted = self.checker.look(person.user, &shown, &person.origin).await?;
                contended(ATTEMPTS, || self.note(person, accepted.methods(), Some(&accepted))).await
            }
        }
    }

    async fn by_password(&self, person: &Person, password: Secret<String>) -> Result<OffsetDateTime, StepUpError> {
        let mut unit = self.store.read_person(person.user).await?;
        let found = unit.users().find(person.user).await?;
        drop(unit);
        let user = found.filter(User::is_active).ok_or(StepUpError::NotFound)?;
        user.attempt(self.clock.system_now())?;
        let verified = self.hasher.verify(password, user.password_hash().cloned()).await?;
        if !verified.matches {
            contended(ATTEMPTS, || self.count_failure(person)).await?;
            return Err(StepUpError::WrongPassword);
        }
        contended(ATTEMPTS, || self.note(person, Method::Password.into(), None)).await
    }

    async fn count_failure(&self, person: &Person) -> Result<(), StepUpError> {
        let now = self.clock.system_now();
        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        let found = unit.users().find(person.user).await?;
        let mut user = found.ok_or(StepUpError::NotFound)?;
        user.failed(now);
        unit.users().update(&user).await?;
        unit.commit(vec![Event::new("user.password_guessed", person.user)])
            .await?;
        Ok(())
    }

    async fn note(
        &self,
        person: &Person,
        methods: Methods,
        accepted: Option<&Accepted>,
    ) -> Result<OffsetDateTime, StepUpError> {
        let now = self.clock.system_now();
        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        let user = unit.users().find(person.user).await?.ok_or(StepUpError::NotFound)?;
        let mut events = if let Some(accepted) = accepted {
            accepted.spend(unit.as_mut(), &user, now).await?
        } else {
            // Of many guesses made at once, those judged after the last free failure are worth nothing.
            user.attempt(now)?;
            Vec::new()
        };
        let found = unit.sessions().find(person.session).await?;
        let mut session = found
            .filter(|session| session.is_live(&self.policy, now))
            .ok_or(StepUpError::NotFound)?;
        session.step_up(methods, now);
        unit.sessions().update(&session).await?;
        let event = Event::new("session.stepped_up", session.id()).set("methods", methods.amr());
        events.push(event);
        unit.commit(events).await?;
        Ok(now + self.policy.step_up)
    }
}
