//! Devices of a person: those they chose to remember, and those they signed in from before.

mod model;
mod repository;
mod service;

pub use model::{DEVICE_LIFE, DeviceText, MAX_DEVICES, RememberedDevice, RememberedDeviceId, place_of};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockDeviceRepository;
pub use repository::{DeviceRepository, Familiarity, KnownPlaceId};
pub use service::{DeviceError, DeviceService, issue};
