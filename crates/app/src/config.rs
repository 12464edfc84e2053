//! The program's configuration: defaults < `tenantry.toml` < environment < flags.
//!
//! Every key is a row of [`KEYS`]; `docs/operations/configure.md` and `--help` are printed from it. A value remembers
//! where it came from, so that a complaint can say so. Nothing here opens a connection: what can only be found out by
//! trying is `tenantry doctor`'s.

mod keys;
mod master_key;
mod resolve;
mod rules;
mod show;
mod sources;
mod values;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tenantry_identity::api_key::Cidr;
use tenantry_identity::password::Lengths;
use tenantry_identity::signing_key::TokenAlgorithm;
use tenantry_kernel::{EmailAddress, Secret};
use url::Url;

pub use keys::{KEYS, Key, environment_help, reference};
pub use master_key::{MasterKeyError, make_data_dir, obtain as obtain_master_key};
pub use show::Effective;
pub use sources::{ConfigErrors, ConfigFile, Sources};

/// How strict the program is with its operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Makes its own secrets and shows mails at `/dev/outbox`.
    Development,
    /// Refuses what is unsafe on a public network.
    Production,
}

impl Mode {
    /// The name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

/// How lines are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    Json,
    /// For people.
    Pretty,
}

/// What a commit on SQLite survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqliteDurability {
    /// The loss of power.
    Full,
    /// The end of the process.
    Normal,
}

/// What holds while Redis does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedisFail {
    /// This node's own rate limits.
    Open,
    /// Nothing that is held to a rate passes.
    Closed,
}

/// Whether people may sign up with addresses at providers of throw-away mailboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisposableMail {
    /// They may.
    Allow,
    /// They are asked for another address.
    Refuse,
}

/// How hard a password hash is to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCost {
    /// What production needs.
    Standard,
    /// For test suites.
    Fast,
}

/// The payment gateway that takes real money.
#[derive(Clone, Debug)]
pub struct StripeConfig {
    /// The API key.
    pub secret_key: Secret<String>,
    /// What its webhooks are signed with.
    pub webhook_secret: Option<Secret<String>>,
    /// Where its API is.
    pub api_url: Url,
}

/// Everything an operator can say.
#[derive(Clone, Debug)]
pub struct Config {
    /// How strict to be.
    pub mode: Mode,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// How people reach the server; links in mails begin with it. Its path is `/`.
    pub public_url: Url,
    /// Tenants are its subdomains.
    pub base_domain: String,
    /// Where files go.
    pub data_dir: PathBuf,
    /// The database.
    pub database_url: Secret<String>,
    /// The database as its owner, for migrations; the database itself when not set.
    pub migrate_database_url: Option<Secret<String>>,
    /// Connections at most; by the number of cores when not set.
    pub pool_size: Option<u32>,
    /// What a commit on SQLite survives.
    pub sqlite_durability: SqliteDurability,
    /// A built-in catalog, or a path to one.
    pub catalog: String,
    /// The key that seals secrets at rest, when the operator gave one; see [`obtain_master_key`].
    pub master_key: Option<Secret<[u8; 32]>>,
    /// The mail server; letters become files when not set.
    pub smtp_url: Option<Secret<String>>,
    /// The sender of mails.
    pub mail_from: String,
    /// Where answers to the product's own mails go.
    pub mail_reply_to: Option<EmailAddress>,
    /// Where letters go without a mail server.
    pub outbox: PathBuf,
    /// The payment gateway; the sandbox when not set.
    pub stripe: Option<StripeConfig>,
    /// Redis, for rate limits across nodes.
    pub redis_url: Option<Secret<String>>,
    /// What holds while Redis does not answer.
    pub redis_fail: RedisFail,
    /// How long a call waits for Redis at most.
    pub redis_timeout: Duration,
    /// Calls per minute of one signed-in person; `None` is off.
    pub rate_limit_person: Option<NonZeroU32>,
    /// Calls per minute of one address on public routes; `None` is off.
    pub rate_limit_address: Option<NonZeroU32>,
    /// Tenants that one network, or one signed-in person, may found in an hour; `None` is any number.
    pub sign_ups_per_hour: Option<NonZeroU32>,
    /// Whether people may sign up with throw-away mailboxes.
    pub disposable_mail: DisposableMail,
    /// Letters that others may cause to one address in an hour; `None` is any number.
    pub mails_per_hour: Option<NonZeroU32>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<Cidr>,
    /// Web origins that browsers may call from.
    pub cors_origins: Vec<String>,
    /// Name servers for checking domains; the system's when empty.
    pub dns_servers: Vec<SocketAddr>,
    /// Threads that serve requests; by the number of cores when not set.
    pub workers: Option<usize>,
    /// The longest request body.
    pub body_limit_bytes: usize,
    /// Requests at work at once; more are answered 503.
    pub max_in_flight: usize,
    /// The longest a request may take.
    pub request_timeout: Duration,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// How long requests in flight may take to finish when the server stops.
    pub shutdown_timeout: Duration,
    /// How hard a password hash is.
    pub password_cost: PasswordCost,
    /// How long passwords are at least.
    pub password_lengths: Lengths,
    /// Where to ask for breached passwords; nowhere when not set.
    pub password_breach_url: Option<Url>,
    /// What new signing keys sign with.
    pub token_algorithm: TokenAlgorithm,
    /// After how many days of signing a key is replaced.
    pub signing_key_days: u32,
    /// Which lines are logged, as `tracing` directives.
    pub log: String,
    /// How they are written.
    pub log_format: LogFormat,
    /// The values as they came, for people.
    pub effective: Effective,
}

impl Config {
    /// The configuration of these sources.
    ///
    /// # Errors
    /// [`ConfigErrors`] lists everything that is wrong.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        let given = sources::gather(sources)?;
        resolve::resolve(&given)
    }

    /// The file that holds the generated master key.
    #[must_use]
    pub fn master_key_file(&self) -> PathBuf {
        self.data_dir.join("master.key")
    }

    /// True when tenants share a database server with nobody else's process: a file, or memory.
    #[must_use]
    pub fn uses_sqlite(&self) -> bool {
        self.database_url.expose().starts_with("sqlite:")
    }

    /// Where migrations go: the owner's database URL, or the server's own.
    #[must_use]
    pub fn owner_database_url(&self) -> &Secret<String> {
        self.migrate_database_url.as_ref().unwrap_or(&self.database_url)
    }
}

/// The SQLite file inside a data directory.
fn sqlite_url(data_dir: &Path) -> String {
    format!("sqlite://{}", data_dir.join("tenantry.db").display())
}

#[cfg(test)]
mod tests;
