//! An offer of ownership.

use tenantry_kernel::id::MembershipId;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Code, Event, typed_id};

typed_id!(
    /// One offer of ownership.
    OwnershipTransferId
);

/// An offer that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnershipTransfer {
    /// Which one.
    pub id: OwnershipTransferId,
    /// The owner who offers.
    pub from: MembershipId,
    /// To whom.
    pub to: MembershipId,
    /// The role that the owner carries afterwards.
    pub keep_role: Code,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when it can be taken.
    pub expires_at: OffsetDateTime,
}

impl OwnershipTransfer {
    /// How long an offer can be taken.
    pub const LIFE: Duration = Duration::days(7);

    /// An offer from now on.
    #[must_use]
    pub fn offer(
        id: OwnershipTransferId,
        from: MembershipId,
        to: MembershipId,
        keep_role: Code,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            from,
            to,
            keep_role,
            created_at: now,
            expires_at: now + Self::LIFE,
        }
    }

    /// True when it is too late to take it.
    #[must_use]
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        now >= self.expires_at
    }

    /// The event that tells of the offer.
    #[must_use]
    pub fn offered(&self) -> Event {
        self.told("ownership.transfer_offered")
            .set("keep_role", self.keep_role.as_str())
            .set("expires_at", self.expires_at)
    }

    /// The event that tells that it was taken back or turned down.
    #[must_use]
    pub fn cancelled(&self) -> Event {
        self.told("ownership.transfer_cancelled")
    }

    /// The event that tells that it was taken.
    #[must_use]
    pub fn taken(&self) -> Event {
        self.told("ownership.transferred")
            .set("keep_role", self.keep_role.as_str())
    }

    fn told(&self, action: &'static str) -> Event {
        Event::new(action, self.id)
            .set("from", self.from.to_string())
            .set("to", self.to.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, membership_id};
    use tenantry_kernel::uuid::Uuid;

    #[test]
    fn an_offer_lasts_seven_days() {
        let id = OwnershipTransferId::from_uuid(Uuid::from_u128(1));
        let keep = Code::try_from("admin").unwrap();
        let offer = OwnershipTransfer::offer(id, membership_id(1), membership_id(2), keep, NOW);

        assert!(!offer.is_over(NOW + Duration::days(7) - Duration::microseconds(1)));
        assert!(offer.is_over(NOW + Duration::days(7)));
        assert_eq!(offer.offered().resource_type, "ownership");
    }
}
