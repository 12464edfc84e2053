//! Port: where devices are kept.

use async_trait::async_trait;
use tenantry_kernel::{StoreError, typed_id};
use time::OffsetDateTime;

use super::model::{RememberedDevice, RememberedDeviceId};
use crate::fingerprint::Fingerprint;

typed_id!(
    /// One place that somebody signed in from.
    KnownPlaceId
);

/// How well a place is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Familiarity {
    /// The person signed in from there before.
    Known,
    /// They did not, although they signed in elsewhere.
    New,
    /// They never signed in before.
    First,
}

/// Devices of the person the unit is pinned to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DeviceRepository: Send {
    /// Adds a device; of more than `at_most` the one that was used longest ago goes.
    async fn add(&mut self, device: &RememberedDevice, at_most: u64) -> Result<(), StoreError>;

    /// The device with this fingerprint.
    async fn find(&mut self, fingerprint: &Fingerprint) -> Result<Option<RememberedDevice>, StoreError>;

    /// The devices that have not expired at `now`, the youngest first.
    async fn list(&mut self, now: OffsetDateTime) -> Result<Vec<RememberedDevice>, StoreError>;

    /// Notes that it let somebody in.
    async fn touch(&mut self, id: RememberedDeviceId, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Counts a wrong password that was tried with it.
    async fn count_failure(&mut self, id: RememberedDeviceId) -> Result<(), StoreError>;

    /// Forgets one; false when there is none.
    async fn remove(&mut self, id: RememberedDeviceId) -> Result<bool, StoreError>;

    /// Forgets all; tells how many.
    async fn remove_all(&mut self) -> Result<u64, StoreError>;

    /// Remembers where the person signs in from, and tells whether that was known. Call it after the person's row was
    /// read in the same unit: whoever else signs in as them waits. Of more than a hundred places the one that was seen
    /// longest ago is forgotten.
    async fn see(
        &mut self,
        id: KnownPlaceId,
        place: &Fingerprint,
        at: OffsetDateTime,
    ) -> Result<Familiarity, StoreError>;
}
