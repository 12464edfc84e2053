//! Service accounts: programs that are a tenant's own, and outlive whoever set them up.
//!
//! A service account is no human and takes no seat. It signs in with a client id and one of a few client secrets, for
//! access tokens (RFC 6749, section 4.4), or has API keys of its own.

mod model;
mod repository;
mod service;
mod text;

pub use model::{ClientSecret, ClientSecretId, MAX_SECRETS, RevokedToken, ServiceAccount, ServiceAccountRecord};
#[cfg(any(test, feature = "testing"))]
pub use repository::{MockServiceAccountDirectory, MockServiceAccountRepository};
pub use repository::{SERVICE_ACCOUNTS_FULL, ServiceAccountDirectory, ServiceAccountRepository};
pub use service::{
    ChangeServiceAccount, CreateServiceAccount, MAX_PER_TENANT, MintedSecret, ServiceAccountError,
    ServiceAccountService,
};
pub use text::ClientSecretText;
