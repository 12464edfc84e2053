//! The keys that sign access tokens: installation-wide, sealed at rest, shared by every node, replaced with overlap.

mod model;
mod repository;
mod service;

pub use model::{KEPT_AFTER, KeyLife, KeyStatus, PUBLISHED_AHEAD, SigningKey, TokenAlgorithm, lives};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockSigningKeyRepository;
pub use repository::{
    FreshKey, KeyMaker, KeyMakingFailed, SIGNING_KEY_EXISTS, SigningKeyDirectory, SigningKeyRepository,
    SigningKeyStore, SigningKeyUnit,
};
pub use service::{SigningKeyError, SigningKeyService, SigningRules};
