//! One address of a person.

use tenantry_kernel::{EmailAddress, typed_id};
use time::{Duration, OffsetDateTime};

typed_id!(
    /// One address of one person.
    EmailId
);

/// The most addresses that somebody has.
pub const MAX_EMAILS: usize = 10;

/// For how long the former primary address can be brought back, and is not removed.
pub const UNDO_WITHIN: Duration = Duration::hours(72);

/// An address that somebody says is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedEmail {
    /// Which address.
    pub id: EmailId,
    /// The address.
    pub email: EmailAddress,
    /// When they proved that they read mail there, if they did.
    pub verified_at: Option<OffsetDateTime>,
    /// Since when it is known that whoever holds the account reads mail there: see [`note_held`](super::note_held).
    pub held_at: Option<OffsetDateTime>,
    /// When another became the primary one in its place, if it was that.
    pub replaced_at: Option<OffsetDateTime>,
    /// When they claimed it.
    pub created_at: OffsetDateTime,
}

impl OwnedEmail {
    /// An address that is claimed now and proved by nobody yet.
    #[must_use]
    pub const fn claim(id: EmailId, email: EmailAddress, now: OffsetDateTime) -> Self {
        Self {
            id,
            email,
            verified_at: None,
            held_at: None,
            replaced_at: None,
            created_at: now,
        }
    }

    /// True while it was the primary one so short ago that it can be brought back.
    #[must_use]
    pub fn may_return(&self, now: OffsetDateTime) -> bool {
        self.replaced_at.is_some_and(|at| now < at + UNDO_WITHIN)
    }
}
