//! Who was let in where, a moment ago.

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::digest;
use tenantry_lifecycle::access::{Admission, Basis, Credential, Decisions, Outlook, Question};
use time::{Duration, OffsetDateTime};

use crate::bounded::Bounded;
use crate::revocations::{Owner, Revocations, Stamp};

/// How long a decision is good without a commit: what ends by the clock alone, such as a token, may end that much late.
pub const DECISION_TRUSTED_FOR: Duration = Duration::SECOND;

/// [`Decisions`] of the last second, each void with the next commit of its tenant or its person.
///
/// A call is remembered by the SHA-256 of all that was asked about it, never as it is.
pub struct RecentDecisions {
    known: Bounded<[u8; 32], Known>,
    revocations: Arc<Revocations>,
}

#[derive(Clone)]
struct Known {
    basis: Basis,
    stamps: Stamps,
    at: OffsetDateTime,
    admission: Arc<Admission>,
}

/// The state of the tenant's facts, and of the person's.
type Stamps = (Stamp, Option<Stamp>);

impl RecentDecisions {
    /// Remembers up to `capacity` decisions.
    #[must_use]
    pub fn new(capacity: usize, revocations: &Arc<Revocations>) -> Self {
        Self {
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
        let known = self.known.get(&digest_of(question)?)?;
        let is_young = (Duration::ZERO..DECISION_TRUSTED_FOR).contains(&(now - known.at));
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
        let Some(place) = digest_of(question) else { return };
        let known = Known {
            basis,
            stamps,
            at: since.at,
            admission: Arc::clone(admission),
        };
        self.known.insert(place, known);
    }
}

/// Every part with its length before it, so that no two questions read alike.
fn digest_of(question: &Question<'_>) -> Option<[u8; 32]> {
    let (kind, shown) = match question.credential {
        Credential::Bearer(shown) => (b'b', shown.expose()),
        Credential::ApiKey(shown) => (b'k', shown.expose()),
    };
    let mut asked = Vec::with_capacity(shown.len() + 128);
    asked.push(kind);
    push(&mut asked, Some(shown));
    let address = question.address;
    for name in [&address.path, &address.header, &address.host] {
        push(&mut asked, name.as_deref().map(str::as_bytes));
    }
    match question.from {
        None => {}
        Some(IpAddr::V4(address)) => asked.extend(address.octets()),
        Some(IpAddr::V6(address)) => asked.extend(address.octets()),
    }
    digest::digest(&digest::SHA256, &asked).as_ref().try_into().ok()
}

fn push(asked: &mut Vec<u8>, part: Option<&[u8]>) {
    let length = part.map_or(u32::MAX, |part| u32::try_from(part.len()).unwrap_or(u32::MAX));
    asked.extend(length.to_le_bytes());
    asked.extend(part.unwrap_or_default());
}

#[cfg(test)]
mod tests;
