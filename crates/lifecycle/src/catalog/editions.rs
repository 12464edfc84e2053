//! Editions that a node knows beside its own catalog's: what was sold before, and what other nodes began to sell since.

use std::sync::OnceLock;

use super::offer::Offer;

/// A list that grows while others read it, and never forgets: an edition is never changed nor taken away.
#[derive(Debug, Default)]
pub(super) struct Editions {
    first: OnceLock<Box<Edition>>,
}

#[derive(Debug)]
struct Edition {
    offer: Offer,
    next: OnceLock<Box<Self>>,
}

impl Editions {
    /// The editions, in the order in which they were learned.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Offer> {
        let first = self.first.get().map(Box::as_ref);
        let all = std::iter::successors(first, |edition| edition.next.get().map(Box::as_ref));
        all.map(|edition| &edition.offer)
    }

    /// Adds an edition, unless it is known.
    pub(super) fn learn(&self, offer: Offer) {
        let reference = offer.reference();
        let mut place = &self.first;
        let mut edition = Box::new(Edition {
            offer,
            next: OnceLock::new(),
        });
        loop {
            if let Some(known) = place.get() {
                if known.offer.reference() == reference {
                    return;
                }
                place = &known.next;
            } else if let Err(back) = place.set(edition) {
                // Somebody else was faster: behind theirs, then.
                edition = back;
            } else {
                return;
            }
        }
    }
}

impl FromIterator<Offer> for Editions {
    fn from_iter<I: IntoIterator<Item = Offer>>(offers: I) -> Self {
        let editions = Self::default();
        for offer in offers {
            editions.learn(offer);
        }
        editions
    }
}
