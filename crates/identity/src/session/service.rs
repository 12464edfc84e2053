//! A person's own sessions: seeing and ending them.

use std::sync::Arc;

use tenantry_kernel::id::SessionId;
use tenantry_kernel::{Clock, DomainError, ErrorKind, Event, StoreError};

use super::model::{Session, SessionPolicy};
use crate::person::Person;
use crate::store::IdentityStore;

/// Why a session could not be shown or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The person has no such live session.
    #[error("there is no such session")]
    NotFound,
    /// The store failed.
    #[error("could not reach the sessions")]
    Store(#[source] StoreError),
}

impl From<StoreError> for SessionError {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

impl DomainError for SessionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Store(cause) => cause.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            Self::NotFound => None,
        }
    }
}

/// Lists and ends sessions.
pub struct SessionService {
    store: Arc<dyn IdentityStore>,
    clock: Arc<dyn Clock>,
    policy: SessionPolicy,
}

impl SessionService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(store: Arc<dyn IdentityStore>, clock: Arc<dyn Clock>, policy: SessionPolicy) -> Self {
        Self { store, clock, policy }
    }

    /// The person's live sessions, the youngest first.
    ///
    /// # Errors
    /// [`SessionError::Store`].
    pub async fn list(&self, person: &Person) -> Result<Vec<Session>, SessionError> {
        let now = self.clock.system_now();
        let mut unit = self.store.read_person(person.user).await?;
        let mut sessions = unit.sessions().list_live(now).await?;
        sessions.retain(|session| session.is_live(&self.policy, now));
        Ok(sessions)
    }

    /// Ends one of the person's sessions, which may be the one they act with (a log-out).
    ///
    /// # Errors
    /// [`SessionError::NotFound`] also when it has ended already.
    pub async fn end(&self, person: &Person, id: SessionId) -> Result<(), SessionError> {
        let now = self.clock.system_now();

        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        let found = unit.sessions().find(id).await?;
        let mut session = found
            .filter(|session| session.is_live(&self.policy, now))
            .ok_or(SessionError::NotFound)?;

        session.end(now);
        unit.sessions().update(&session).await?;

        unit.commit(vec![Event::new("session.ended", id).set("ended_at", now)])
            .await?;
        Ok(())
    }

    /// Ends every session of the person but the one they act with; tells how many.
    ///
    /// # Errors
    /// [`SessionError::Store`].
    pub async fn end_others(&self, person: &Person) -> Result<u64, SessionError> {
        let now = self.clock.system_now();

        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        let ended = unit.sessions().end_all_except(Some(person.session), now).await?;

        let event =
            Event::new("user.sessions_ended", person.user).set("count", i64::try_from(ended).unwrap_or(i64::MAX));
        unit.commit(vec![event]).await?;
        Ok(ended)
    }
}

#[cfg(test)]
mod tests;
