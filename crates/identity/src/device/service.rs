//! A person's own devices: seeing and forgetting them.

use std::sync::Arc;

use tenantry_kernel::id::UserId;
use tenantry_kernel::{Clock, DomainError, ErrorKind, Event, Origin, Secret, StoreError};
use time::OffsetDateTime;

use super::model::{DeviceText, MAX_DEVICES, RememberedDevice, RememberedDeviceId};
use super::repository::DeviceRepository;
use crate::mint::Mint;
use crate::person::Person;
use crate::store::IdentityStore;

/// Why a device could not be shown or forgotten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The person has no such device.
    #[error("there is no such device")]
    NotFound,
    /// The store failed.
    #[error("could not reach the devices")]
    Store(#[from] StoreError),
}

impl DomainError for DeviceError {
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
            Self::NotFound => None,
            Self::Store(cause) => cause.retry_after_s(),
        }
    }
}

/// Remembers a device within the caller's unit, and answers the text it keeps.
///
/// # Errors
/// The store's.
pub async fn issue(
    devices: &mut dyn DeviceRepository,
    user: UserId,
    origin: &Origin,
    mint: &Mint,
    now: OffsetDateTime,
) -> Result<Secret<String>, StoreError> {
    let text = DeviceText::mint(user, &*mint.entropy);
    let id = RememberedDeviceId::from_uuid(mint.ids.next());
    let device = RememberedDevice::remember(id, &text, origin, &*mint.cipher, now);
    devices.add(&device, MAX_DEVICES).await?;
    Ok(text.to_text())
}

/// Lists and forgets devices.
pub struct DeviceService {
    store: Arc<dyn IdentityStore>,
    clock: Arc<dyn Clock>,
}

impl DeviceService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(store: Arc<dyn IdentityStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The person's remembered devices, the youngest first.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub async fn list(&self, person: &Person) -> Result<Vec<RememberedDevice>, DeviceError> {
        let mut unit = self.store.read_person(person.user).await?;
        Ok(unit.devices().list(self.clock.system_now()).await?)
    }

    /// Forgets one device.
    ///
    /// # Errors
    /// [`DeviceError::NotFound`] also when it was forgotten before.
    pub async fn forget(&self, person: &Person, id: RememberedDeviceId) -> Result<(), DeviceError> {
        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        if !unit.devices().remove(id).await? {
            return Err(DeviceError::NotFound);
        }
        unit.commit(vec![Event::new("device.forgotten", id)]).await?;
        Ok(())
    }

    /// Forgets all of them; tells how many.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub async fn forget_all(&self, person: &Person) -> Result<u64, DeviceError> {
        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        let forgotten = unit.devices().remove_all().await?;
        let count = i64::try_from(forgotten).unwrap_or(i64::MAX);
        let event = Event::new("user.devices_forgotten", person.user).set("count", count);
        unit.commit(vec![event]).await?;
        Ok(forgotten)
    }
}
