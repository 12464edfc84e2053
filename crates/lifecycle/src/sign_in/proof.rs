//! What a new session rests on.

use tenantry_identity::session::{Session, SessionPolicy, SessionRecord};
use tenantry_identity::user::{User, UserRepository};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Origin, SessionId, UserId};

use super::error::SignInError;

/// What a new session rests on.
#[derive(Clone, Copy)]
pub(super) enum Proof<'a> {
    /// A password, which ends the back-off, unless too many others failed meanwhile.
    Password,
    /// A session that is live already.
    Session(&'a Session),
}

impl Proof<'_> {
    /// The session that follows from it. One that goes on from another ends when that one would have, and proves
    /// nothing anew: switching tenants is no step-up.
    pub(super) fn session(
        self,
        id: SessionId,
        user: UserId,
        origin: &Origin,
        policy: &SessionPolicy,
        now: OffsetDateTime,
    ) -> Session {
        match self {
            Self::Password => Session::start(id, user, origin, policy, now),
            Self::Session(current) => Session::restore(SessionRecord {
                id,
                tenant: None,
                membership: None,
                created_at: now,
                last_used_at: now,
                ended_at: None,
                address: origin.address,
                user_agent: origin.user_agent.clone(),
                ..current.record().clone()
            }),
        }
    }

    /// Notes the sign-in at the person, in the unit that lets them in.
    pub(super) async fn note(
        self,
        users: &mut dyn UserRepository,
        id: UserId,
        now: OffsetDateTime,
    ) -> Result<User, SignInError> {
        let found = users.find(id).await?.filter(User::is_active);
        let mut user = found.ok_or(SignInError::InvalidCredentials)?;
        match self {
            Self::Password => user.signed_in(now).map_err(|_| SignInError::InvalidCredentials)?,
            Self::Session(_) => user.seen(now),
        }
        users.update(&user).await?;
        Ok(user.stored())
    }

    /// How somebody is refused whose seat closed while they were let in.
    pub(super) const fn seatless(self) -> SignInError {
        match self {
            Self::Password => SignInError::InvalidCredentials,
            Self::Session(_) => SignInError::NoSuchTenant,
        }
    }
}
