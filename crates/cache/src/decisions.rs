//! Who was let in where, a moment ago.

mod places;

use std::ops::Range;
use std::sync::Arc;

use tenantry_kernel::Entropy;
use tenantry_lifecycle::access::{Admission, Basis, Decisions, Outlook, Question};
use time::{Duration, OffsetDateTime};

use crate::bounded::Bounded;
use crate::revocations::{Owner, Revocations, Stamp};

use self::places::{Place, Places};

/// How long a decision is good without a commit: what ends by the clock alone, such as a token, may end that much late.
pub const DECISION_TRUSTED_FOR: Duration = Duration::SECOND;

/// [`Decisions`] of the last second, each void with the next commit of its tenant or its person.
///
/// A call is remembered by a keyed hash of all that was asked about it, never as it is.
pub struct RecentDecisions {
    places: Places,
    known: Bounded<Place, Known>,
    revocations: Arc<Revocations>,
}

#[derive(Clone)]
struct Known {
    basis: Basis,
    stamps: Stamps,
    /// From then until then.
    good: Range<OffsetDateTime>,
    admission: Arc<Admission>,
}

/// The state of the tenant's facts, and of the person's.
type Stamps = (Stamp, Option<Stamp>);

impl RecentDecisions {
    /// Remembers up to `capacity` decisions.
    #[must_use]
    pub fn new(capacity: usize, revocations: &Arc<Revocations>, entropy: &dyn Entropy) -> Self {
        Self {
            places: Places::new(entropy),
            known: Bounded::new(capacity),
            revocations: Arc::clone(revocations),
        }
    }

    fn stamps(&self, basis: &Basis) -> Stamps {
        (
            self.revocations.stamp(Owner::Tenant(basis.tenant)),
            basis.user.map(|user| self.revocations.stamp(Owner::User(user))),
        )
    }
}

impl Decisions for RecentDecisions {
    fn recall(&self, question: &Question<'_>, now: OffsetDateTime) -> Option<Arc<Admission>> {
        if !self.revocations.is_fresh() {
            return None;
        }
        let known = self.known.get(&self.places.of(question)?)?;
        let is_young = known.good.contains(&now);
        (is_young && self.stamps(&known.basis) == known.stamps).then_some(known.admission)
    }

    fn outlook(&self, now: OffsetDateTime) -> Option<Outlook> {
        let Stamp(mark) = self.revocations.quiet_moment()?;
        Some(Outlook { at: now, mark })
    }

    fn keep(&self, question: &Question<'_>, since: Outlook, basis: Basis, admission: &Arc<Admission>) {
        let stamps = self.stamps(&basis);
        // After the stamps: they are those of the facts only if no commit was told since before the first of these.
        if self.revocations.stamp_of_any() != Stamp(since.mark) {
            return;
        }
        let Some(place) = self.places.of(question) else { return };
        let known = Known {
            basis,
            stamps,
            good: since.at..since.at + DECISION_TRUSTED_FOR,
            admission: Arc::clone(admission),
        };
        self.known.insert(place, known);
    }
}

#[cfg(test)]
mod tests;
