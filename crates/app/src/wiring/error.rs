//! Why a node did not start.

use std::io;
use std::path::PathBuf;

use tenantry_auth_jwt::hasher::NoHasher;
use tenantry_auth_jwt::jwt::InvalidLeeway;
use tenantry_auth_jwt::keys::KeyRingError;
use tenantry_delivery::{InvalidMailSettings, InvalidSmtpUrl, NoBreachLookup};
use tenantry_identity::signing_key::SigningKeyError;
use tenantry_kernel::StoreError;
use tenantry_lifecycle::catalog::ApplyError;
use tenantry_migrations::MigrateError;

use crate::catalog::{CorruptEdition, LoadError};
use crate::config::MasterKeyError;

/// Why a node did not start, in words that say how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration names something that this version does not have.
    #[error("{0} cannot be configured: this version does not have it")]
    NotBuilt(&'static str),
    /// The data directory cannot be made.
    #[error("the data directory {} cannot be made; choose another with --data-dir", folder.display())]
    DataDir {
        /// Which one.
        folder: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}; choose another with --listen")]
    Listen {
        /// Which one.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The server ended by itself.
    #[error("the server stopped")]
    Server(#[source] io::Error),
    /// Threads or sockets could not be had.
    #[error("the machine refused")]
    Machine(#[source] io::Error),
    /// Redis cannot even be looked for.
    #[error(transparent)]
    Redis(#[from] tenantry_rates_redis::InvalidRedisUrl),
    /// Passkeys cannot be bound to the public URL.
    #[error(transparent)]
    RelyingParty(#[from] tenantry_webauthn::InvalidRelyingParty),
    /// There is no usable master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The database role passes by row security.
    #[error(
        "the database role is a superuser or has BYPASSRLS, so that row security would not bind it; in production \
         connect as a role with neither, and give the owner's URL in TENANTRY_MIGRATE_DATABASE_URL"
    )]
    Superuser,
    /// The database refuses.
    #[error("the database cannot be used; check TENANTRY_DATABASE_URL and that the server is up")]
    Store(#[from] StoreError),
    /// The schema cannot be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The catalog has mistakes.
    #[error(transparent)]
    Catalog(#[from] LoadError),
    /// The catalog is not the installation's.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// A stored edition of a plan cannot be read.
    #[error(transparent)]
    Edition(#[from] CorruptEdition),
    /// There are no signing keys.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    /// No signing key could be made.
    #[error(transparent)]
    SigningKeys(#[from] SigningKeyError),
    /// The clocks' leeway is out of range.
    #[error(transparent)]
    Leeway(#[from] InvalidLeeway),
    /// The cost of password hashes is out of range.
    #[error(transparent)]
    Cost(#[from] NoHasher),
    /// Breached passwords cannot be asked for.
    #[error(transparent)]
    Breaches(#[from] NoBreachLookup),
    /// Sender or public URL cannot be used.
    #[error(transparent)]
    Mail(#[from] InvalidMailSettings),
    /// The mail server's URL cannot be used.
    #[error(transparent)]
    Smtp(#[from] InvalidSmtpUrl),
}
