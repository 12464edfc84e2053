//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::commands::serve::Part;
use crate::config::{self, Config, ConfigErrors, Sources};
use crate::{commands, logging};

/// Multi-tenancy for other people's products: tenants, members, plans, quotas, invoices.
#[derive(Debug, Parser)]
#[command(name = "tenantry", version, after_long_help = config::environment_help())]
pub struct Cli {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub settings: Settings,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes. The other keys are set in the file or the environment; `--help` lists them.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The configuration file. [default: tenantry.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// development or production. [default: development on a loopback address]
    #[arg(long, global = true, value_name = "MODE")]
    pub mode: Option<String>,
    /// The address and port to listen on. [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where files go. [default: ./tenantry-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// The database, SQLite or PostgreSQL. [default: an SQLite file in the data directory]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Redis, to share rate limits between nodes. [default: none]
    #[arg(long, global = true, value_name = "URL")]
    pub redis_url: Option<String>,
    /// A built-in catalog, or a path to a TOML file. [default: default]
    #[arg(long, global = true, value_name = "CATALOG")]
    pub catalog: Option<String>,
}

impl Settings {
    /// The configuration of this process with these flags.
    ///
    /// # Errors
    /// [`ConfigErrors`] lists everything that is wrong.
    pub fn load(&self) -> Result<Config, ConfigErrors> {
        Config::load(&Sources::of_process(self.config.clone(), self.flags()))
    }

    /// The flags that were given, by key.
    #[must_use]
    pub fn flags(&self) -> Vec<(&'static str, String)> {
        let flags = [
            ("mode", &self.mode),
            ("listen", &self.listen),
            ("data_dir", &self.data_dir),
            ("database_url", &self.database_url),
            ("redis_url", &self.redis_url),
            ("catalog", &self.catalog),
        ];
        let given = flags.into_iter().filter_map(|(key, value)| Some((key, value.clone()?)));
        given.collect()
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API and work in the background, in one process
    Serve {
        /// Leave the background work to other nodes
        #[arg(long)]
        no_workers: bool,
    },
    /// Only work in the background: mails, renewals, clean-up
    Work,
    /// Make a throw-away installation full of lively data, and serve it
    Demo,
    /// Bring the database schema up to date
    Migrate {
        /// Only tell what there is to do
        #[arg(long)]
        status: bool,
    },
    /// Make and look after platform operators
    Admin {
        /// What to do with them
        #[command(subcommand)]
        action: AdminAction,
    },
    /// Check, print and apply catalogs
    Catalog {
        /// What to do with them
        #[command(subcommand)]
        action: CatalogAction,
    },
    /// Look after the keys that sign access tokens
    Keys {
        /// What to do with them
        #[command(subcommand)]
        action: KeysAction,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Check configuration, database, clock, mail and secrets, and say how to mend what is wrong
    Doctor,
    /// Bring people along into a tenant from a CSV file, with passwords and roles; docs/moving-in.md has the columns
    Import(ImportPeople),
    /// Do by hand what the background work does about billing
    Billing {
        /// What to do
        #[command(subcommand)]
        action: BillingAction,
    },
}

/// `tenantry admin`
#[derive(Debug, Subcommand)]
pub enum AdminAction {
    /// Make a platform operator
    Create(CreateAdmin),
    /// Take the platform role away from somebody, and end their sessions
    Dismiss {
        /// Their address
        #[arg(long, value_name = "ADDRESS")]
        email: String,
    },
    /// Make a platform key, for a gateway that verifies the API keys of all tenants; it is printed once
    CreateKey(CreateKey),
}

/// `tenantry admin create`
#[derive(Args, Debug)]
pub struct CreateAdmin {
    /// The operator's address
    #[arg(long, value_name = "ADDRESS")]
    pub email: String,
    /// The platform role: operator or support, or what the catalog calls them
    #[arg(long, value_name = "ROLE", default_value = "operator")]
    pub role: String,
    /// The operator's name; what stands before the @ when not given
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The password; other people on this machine may see it: prefer --password-stdin
    #[arg(long, value_name = "PASSWORD", conflicts_with = "password_stdin")]
    pub password: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    pub password_stdin: bool,
}

/// `tenantry admin create-key`
#[derive(Args, Debug)]
pub struct CreateKey {
    /// What to call the key
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// For how many days it is good; for ever when not given, unless the catalog bounds it
    #[arg(long, value_name = "DAYS")]
    pub expires_in_days: Option<i64>,
    /// An address or network it may be used from; give it again for more; anywhere when not given
    #[arg(long = "allowed-ip", value_name = "CIDR")]
    pub allowed_ips: Vec<String>,
}

/// `tenantry keys`
#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// List the signing keys, the youngest first
    List,
    /// Make and publish the next key; it signs a day later, so that every verifier knows it in time
    Rotate,
    /// Revoke a key at once: nothing that it signed is believed any more, and who is signed in has to refresh
    Revoke {
        /// Its name, as `keys list` prints it
        kid: String,
    },
}

/// `tenantry catalog`
#[derive(Debug, Subcommand)]
pub enum CatalogAction {
    /// Check a catalog file and list every mistake with its line and column
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print a built-in catalog
    Show {
        /// Its name
        name: String,
    },
    /// Make the configured catalog the installation's; subscribers keep the plans they bought
    Apply,
}

/// `tenantry import`
#[derive(Args, Debug)]
pub struct ImportPeople {
    /// The tenant, by id or slug
    #[arg(long, value_name = "TENANT")]
    pub tenant: String,
    /// Only tell what would become of each row
    #[arg(long)]
    pub dry_run: bool,
    /// The file
    pub file: PathBuf,
}

/// `tenantry billing`
#[derive(Debug, Subcommand)]
pub enum BillingAction {
    /// Bill everything that is due; running it twice bills nothing twice
    Run {
        /// Act as if it were this time, such as 2026-01-31T00:00:00Z
        #[arg(long, value_name = "TIME", value_parser = instant)]
        as_of: Option<OffsetDateTime>,
    },
}

fn instant(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| "must be a time such as 2026-01-31T00:00:00Z".to_owned())
}

/// Does what the command line says.
pub async fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Catalog {
            action: CatalogAction::Check { file },
        } => return commands::catalog::check(&file),
        Command::Catalog {
            action: CatalogAction::Show { name },
        } => return commands::catalog::show(&name),
        Command::Openapi => return commands::openapi::run(),
        _ => {}
    }
    let config = match cli.settings.load() {
        Ok(config) => config,
        Err(mistakes) => return commands::fail(&mistakes),
    };
    logging::start(&config);
    with_configuration(cli.command, config).await
}

async fn with_configuration(command: Command, config: Config) -> ExitCode {
    match command {
        Command::Serve { no_workers } => {
            let part = if no_workers { Part::Requests } else { Part::Both };
            commands::finish(commands::serve::run(&config, part).await)
        }
        Command::Work => commands::finish(commands::serve::run(&config, Part::Work).await),
        Command::Demo => commands::demo::run(config).await,
        Command::Migrate { status } => commands::finish(commands::migrate::run(&config, status).await),
        Command::Admin {
            action: AdminAction::Create(wish),
        } => commands::admin::create(&config, wish).await,
        Command::Admin {
            action: AdminAction::Dismiss { email },
        } => commands::admin::dismiss(&config, &email).await,
        Command::Admin {
            action: AdminAction::CreateKey(wish),
        } => commands::admin::create_key(&config, wish).await,
        Command::Keys { action } => commands::keys::run(&config, action).await,
        Command::Catalog { .. } => commands::finish(commands::catalog::apply(&config).await),
        Command::Openapi => commands::openapi::run(),
        Command::Doctor => commands::doctor::run(&config).await,
        Command::Import(wish) => commands::import::run(&config, &wish).await,
        Command::Billing {
            action: BillingAction::Run { as_of },
        } => commands::billing::run(&config, as_of).await,
    }
}

#[cfg(test)]
mod tests;
