//! What a request to join is and how it changes.

use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Code, DisplayName, EmailAddress, Event, typed_id};

typed_id!(
    /// A request to join. The membership that may come of it has the same id, so that the log of a tenant names one
    /// person in one way.
    JoinRequestId
);

/// Where a request stands. One that was granted is a membership, and no request any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestState {
    /// Asked, and not answered yet.
    Pending,
    /// Refused. The person may ask again once it has run out.
    Declined,
    /// Taken back by the person, who may ask again.
    Withdrawn,
}

impl RequestState {
    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Pending, Self::Declined, Self::Withdrawn]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// Somebody asks a tenant to let them in. A person has one request per tenant; it is forgotten when it has run out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequest(StoredJoinRequest);

/// A request as it is stored. For stores only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredJoinRequest {
    /// The id.
    pub id: JoinRequestId,
    /// Who asks.
    pub user: UserId,
    /// The verified address by which they ask.
    pub email: EmailAddress,
    /// What they are called.
    pub name: DisplayName,
    /// Where it stands.
    pub state: RequestState,
    /// When they asked last.
    pub asked_at: OffsetDateTime,
    /// When those who decide were last told of it.
    pub told_at: OffsetDateTime,
    /// Until when it waits, or its answer holds.
    pub ends_at: OffsetDateTime,
}

impl JoinRequest {
    /// How long a request waits for its answer, and for how long a refusal holds.
    pub const LIFE: Duration = Duration::days(30);
    /// Whoever takes a request back and asks again within this time is told of to nobody once more.
    pub const TOLD_AGAIN_AFTER: Duration = Duration::days(1);

    /// A request from now on.
    #[must_use]
    pub fn ask(id: JoinRequestId, user: UserId, email: EmailAddress, name: DisplayName, now: OffsetDateTime) -> Self {
        Self(StoredJoinRequest {
            id,
            user,
            email,
            name,
            state: RequestState::Pending,
            asked_at: now,
            told_at: now,
            ends_at: now + Self::LIFE,
        })
    }

    /// A request as it was stored. For stores only.
    #[must_use]
    pub const fn restore(stored: StoredJoinRequest) -> Self {
        Self(stored)
    }

    /// All that is stored of it.
    #[must_use]
    pub const fn record(&self) -> &StoredJoinRequest {
        &self.0
    }

    /// The id.
    #[must_use]
    pub const fn id(&self) -> JoinRequestId {
        self.0.id
    }

    /// The id of the membership that may come of it.
    #[must_use]
    pub fn membership(&self) -> MembershipId {
        MembershipId::from_uuid(self.0.id.as_uuid())
    }

    /// Who asks.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.0.user
    }

    /// The verified address by which they ask.
    #[must_use]
    pub const fn email(&self) -> &EmailAddress {
        &self.0.email
    }

    /// True when it has run out and says nothing any more.
    #[must_use]
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        now >= self.0.ends_at
    }

    /// True while it waits for an answer.
    #[must_use]
    pub fn waits(&self, now: OffsetDateTime) -> bool {
        self.0.state == RequestState::Pending && !self.is_over(now)
    }

    /// Until when a refusal holds; `None` when they may ask.
    #[must_use]
    pub fn refused_until(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        (self.0.state == RequestState::Declined && !self.is_over(now)).then_some(self.0.ends_at)
    }

    /// The same request, asked once more. Answers whether those who decide are to be told.
    #[must_use]
    pub fn asked_again(&self, email: EmailAddress, name: DisplayName, now: OffsetDateTime) -> (Self, bool) {
        let tell = now >= self.0.told_at + Self::TOLD_AGAIN_AFTER;
        let again = StoredJoinRequest {
            email,
            name,
            state: RequestState::Pending,
            asked_at: now,
            told_at: if tell { now } else { self.0.told_at },
            ends_at: now + Self::LIFE,
            ..self.0.clone()
        };
        (Self(again), tell)
    }

    /// The same request, refused.
    #[must_use]
    pub fn refused(&self, now: OffsetDateTime) -> Self {
        Self(StoredJoinRequest {
            state: RequestState::Declined,
            ends_at: now + Self::LIFE,
            ..self.0.clone()
        })
    }

    /// The same request, taken back.
    #[must_use]
    pub fn taken_back(&self) -> Self {
        Self(StoredJoinRequest {
            state: RequestState::Withdrawn,
            ..self.0.clone()
        })
    }

    /// The event that tells that it was asked.
    #[must_use]
    pub fn made(&self) -> Event {
        self.told("join_request.made")
            .set("email", self.0.email.as_str())
            .set("expires_at", self.0.ends_at)
    }

    /// The event that tells that the person took it back.
    #[must_use]
    pub fn withdrawn(&self) -> Event {
        self.told("join_request.withdrawn")
    }

    /// The event that tells that it was granted.
    #[must_use]
    pub fn approved(&self, role: &Code) -> Event {
        self.told("join_request.approved").set("role", role.as_str())
    }

    /// The event that tells that it was refused.
    #[must_use]
    pub fn declined(&self) -> Event {
        self.told("join_request.declined").set("until", self.0.ends_at)
    }

    fn told(&self, action: &'static str) -> Event {
        Event::new(action, self.0.id).of(self.0.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, join_request};

    const TICK: Duration = Duration::microseconds(1);

    #[test]
    fn a_request_waits_thirty_days() {
        let request = join_request(1, 1);

        assert!(request.waits(NOW) && request.waits(NOW + JoinRequest::LIFE - TICK));
        assert!(!request.waits(NOW + JoinRequest::LIFE) && request.is_over(NOW + JoinRequest::LIFE));
        assert_eq!(request.refused_until(NOW), None);
    }

    #[test]
    fn a_refusal_holds_for_thirty_days_and_not_longer() {
        let later = NOW + Duration::days(10);
        let refused = join_request(1, 1).refused(later);

        assert!(!refused.waits(later));
        assert_eq!(refused.refused_until(later), Some(later + JoinRequest::LIFE));
        assert_eq!(refused.refused_until(later + JoinRequest::LIFE), None);
    }

    #[test]
    fn whoever_asks_again_at_once_is_told_of_once() {
        let request = join_request(1, 1);
        let again = |now| {
            let taken_back = request.taken_back();
            assert!(!taken_back.waits(now));
            taken_back.asked_again(request.email().clone(), request.record().name.clone(), now)
        };

        let (soon, told) = again(NOW + Duration::HOUR);
        assert!(soon.waits(NOW + Duration::HOUR) && !told);
        assert_eq!((soon.record().told_at, soon.id()), (NOW, request.id()));
        let (later, told) = again(NOW + JoinRequest::TOLD_AGAIN_AFTER);
        assert!(told);
        assert_eq!(later.record().told_at, NOW + JoinRequest::TOLD_AGAIN_AFTER);
    }

    #[test]
    fn states_are_found_by_their_names() {
        for state in [RequestState::Pending, RequestState::Declined, RequestState::Withdrawn] {
            assert_eq!(RequestState::from_name(state.as_str()), Some(state));
        }
        assert_eq!(RequestState::from_name("approved"), None);
    }
}
