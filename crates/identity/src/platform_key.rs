//! Platform keys: credentials of gateways and other programs of the installation itself, bound to no tenant.
//!
//! **Invariant:** such a key does what its permissions say at routes that ask for a platform key, and enters no tenant.

mod model;
mod repository;
mod service;
mod text;

pub use model::{PlatformKey, PlatformKeyRecord};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockPlatformKeyRepository;
pub use repository::{PlatformKeyRepository, PlatformKeyStore, PlatformKeyUnit};
pub use service::{CreatePlatformKey, MintedPlatformKey, PlatformKeyService};
pub use text::PlatformKeyText;
