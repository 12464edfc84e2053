//! `tenantry doctor`.

use std::process::ExitCode;
use std::time::Duration;

use tenantry_auth_jwt::keys::KeyRingError;
use tenantry_delivery::RangeLookup;
use tenantry_store_seaorm::SeaOrmStore;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::catalog;
use crate::config::{Config, Mode};
use crate::wiring::{self, Sources};

/// How far this machine's clock may be from the database's, in seconds.
const DRIFT_S: i64 = 5;
/// How long a mail server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    good: u32,
    noted: u32,
    wrong: u32,
}

impl Findings {
    fn good(&mut self, what: &str, detail: &str) {
        self.good += 1;
        println!("ok       {what}: {detail}");
    }

    fn note(&mut self, what: &str, detail: &str) {
        self.noted += 1;
        println!("note     {what}: {detail}");
    }

    fn bad(&mut self, what: &str, detail: &str, mend: &str) {
        self.wrong += 1;
        println!("WRONG    {what}: {detail}");
        println!("         {mend}");
    }
}

/// Checks configuration, secrets, catalog, database, clock, shared rate limits, mail and breached passwords, and says how to mend what is
/// wrong.
pub async fn run(config: &Config) -> ExitCode {
    println!("Configuration");
    for (key, value, source) in config.effective.rows() {
        println!("         {key} = {value}  ({source})");
    }
    let mut findings = Findings::default();
    println!("Checks");
    secrets(config, &mut findings);
    sold(config, &mut findings);
    database(config, &mut findings).await;
    rates(config, &mut findings).await;
    mail(config, &mut findings).await;
    breaches(config, &mut findings).await;
    names(config, &mut findings).await;
    println!(
        "{} in order, {} to note, {} wrong",
        findings.good, findings.noted, findings.wrong
    );
    if findings.wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn secrets(config: &Config, findings: &mut Findings) {
    match (&config.master_key, config.mode) {
        (Some(_), _) => findings.good("master key", "given by the configuration"),
        (None, Mode::Development) => {
            let file = config.master_key_file();
            findings.note(
                "master key",
                &format!("kept in {}; back it up with the database", file.display()),
            );
        }
        (None, Mode::Production) => findings.bad(
            "master key",
            "there is none",
            "set TENANTRY_MASTER_KEY or TENANTRY_MASTER_KEY_FILE to what `openssl rand -hex 32` prints",
        ),
    }
}

fn sold(config: &Config, findings: &mut Findings) {
    match catalog::load(&config.catalog) {
        Ok(loaded) => findings.good("catalog", &format!("{} is in order", loaded.catalog.display())),
        Err(cause) => findings.bad(
            "catalog",
            &cause.to_string(),
            "`tenantry catalog check FILE` lists every mistake",
        ),
    }
}

async fn database(config: &Config, findings: &mut Findings) {
    let sources = Sources::default();
    let store = match wiring::connect_plainly(config, &sources).await {
        Ok(store) => store,
        Err(cause) => {
            findings.bad(
                "database",
                &cause.to_string(),
                "check TENANTRY_DATABASE_URL and that the server is up",
            );
            return;
        }
    };
    match tenantry_migrations::status(store.schema_connection()).await {
        Ok(status) if status.pending.is_empty() => {
            findings.good("schema", "up to date");
            belongings(config, &store, findings).await;
        }
        Ok(status) => findings.note(
            "schema",
            &format!("{} migrations pending: `tenantry migrate`", status.pending.len()),
        ),
        Err(cause) => findings.bad(
            "schema",
            &cause.to_string(),
            "run the version of tenantry that made it, or a newer one",
        ),
    }
    match store.bypasses_row_security().await {
        Ok(false) => findings.good("row security", "binds the server's role, or this is SQLite"),
        Ok(true) if config.mode == Mode::Development => {
            findings.note(
                "row security",
                "the role is a superuser or has BYPASSRLS; production refuses it",
            );
        }
        Ok(true) => findings.bad(
            "row security",
            "the role is a superuser or has BYPASSRLS",
            "connect as a role with neither, and give the owner's URL in TENANTRY_MIGRATE_DATABASE_URL",
        ),
        Err(cause) => findings.bad("database", &cause.to_string(), "check that the server is up"),
    }
    clock(&store, &sources, findings).await;
    if let Err(cause) = store.close().await {
        findings.note("database", &format!("was not closed in order: {cause}"));
    }
}

/// A node refuses to start on a database that another master key sealed, or that another catalog is in use on.
async fn belongings(config: &Config, store: &SeaOrmStore, findings: &mut Findings) {
    let found = match wiring::belongings(config, store).await {
        Ok(found) => found,
        Err(cause) => {
            findings.bad("database", &told(&cause), "check that the server is up");
            return;
        }
    };
    match found.keys {
        Ok(0) => findings.note("signing keys", "there are none yet; the first start makes one"),
        Ok(count) => findings.good("signing keys", &format!("the master key opens all {count}")),
        Err(cause @ KeyRingError::WrongMasterKey { .. }) => {
            let mend = if config.master_key.is_some() {
                "set TENANTRY_MASTER_KEY or TENANTRY_MASTER_KEY_FILE to the key that this database was begun with"
            } else {
                "restore master.key of the data directory from its backup, or set TENANTRY_MASTER_KEY to the key that \
                 this database was begun with"
            };
            findings.bad("signing keys", &told(&cause), mend);
        }
        Err(cause) => findings.bad(
            "signing keys",
            &told(&cause),
            "restore the table signing_key from a backup",
        ),
    }
    let Ok(loaded) = catalog::load(&config.catalog) else {
        // That was told already.
        return;
    };
    let configured = loaded.catalog.state();
    match found.catalog {
        None => findings.note(
            "catalog in use",
            "there is none yet; the first start takes the configured one",
        ),
        Some(running) if running == configured => findings.good("catalog in use", "is the configured one"),
        Some(running) => findings.bad(
            "catalog in use",
            &format!(
                "is {} (edition {}), and {} (edition {}) is configured; no node starts with it",
                running.name, running.hash, configured.name, configured.hash
            ),
            "configure the catalog in use, or make the configured one the installation's: `tenantry catalog apply`",
        ),
    }
}

/// An error with what caused it, on one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        told = format!("{told}: {next}");
        cause = next.source();
    }
    told
}

async fn clock(store: &SeaOrmStore, sources: &Sources, findings: &mut Findings) {
    match store.database_time().await {
        Ok(theirs) => {
            let drift = (sources.clock.system_now() - theirs).whole_seconds();
            if drift.abs() <= DRIFT_S {
                findings.good("clock", "agrees with the database's");
            } else {
                findings.bad(
                    "clock",
                    &format!("is {drift} s off the database's"),
                    "let NTP set both clocks",
                );
            }
        }
        Err(cause) => findings.bad("clock", &cause.to_string(), "check that the database is up"),
    }
}

async fn rates(config: &Config, findings: &mut Findings) {
    let Some(url) = &config.redis_url else {
        findings.note(
            "rate limits",
            "kept by each node for itself; with several nodes, TENANTRY_REDIS_URL shares them",
        );
        return;
    };
    match tenantry_rates_redis::answers(url, config.redis_timeout).await {
        Ok(true) => findings.good("rate limits", "Redis answers, and runs the script"),
        Ok(false) => findings.bad(
            "rate limits",
            "Redis does not answer, or does not run the script",
            "check TENANTRY_REDIS_URL, TENANTRY_REDIS_TIMEOUT_MS and the firewall; scripts need EVAL and TIME",
        ),
        Err(cause) => findings.bad(
            "rate limits",
            &cause.to_string(),
            "write it as redis://:password@host:6379/0",
        ),
    }
}

async fn mail(config: &Config, findings: &mut Findings) {
    let Some(url) = &config.smtp_url else {
        findings.note("mail", &format!("letters are written to {}", config.outbox.display()));
        return;
    };
    let parsed = url::Url::parse(url.expose()).ok();
    let server = parsed.as_ref().and_then(|url| {
        let port = url.port().unwrap_or(if url.scheme() == "smtps" { 465 } else { 587 });
        Some((url.host_str()?.to_owned(), port))
    });
    let Some((host, port)) = server else {
        findings.bad(
            "mail",
            "the URL names no server",
            "write it as smtps://user:password@host",
        );
        return;
    };
    match timeout(PATIENCE, TcpStream::connect((host.as_str(), port))).await {
        Ok(Ok(_)) => findings.good("mail", &format!("{host}:{port} answers")),
        _ => findings.bad(
            "mail",
            &format!("{host}:{port} does not answer"),
            "check TENANTRY_SMTP_URL and the firewall",
        ),
    }
}

async fn breaches(config: &Config, findings: &mut Findings) {
    let Some(url) = &config.password_breach_url else {
        findings.note(
            "breached passwords",
            "only those of the list in the program are known; TENANTRY_PASSWORD_BREACH_URL asks a service about the others",
        );
        return;
    };
    let host = url.host_str().unwrap_or_default();
    match RangeLookup::new(url) {
        Ok(lookup) if lookup.answers().await => {
            findings.good("breached passwords", &format!("{host} answers"));
        }
        Ok(_) => findings.bad(
            "breached passwords",
            &format!("{host} does not answer as a range API does"),
            "check TENANTRY_PASSWORD_BREACH_URL and the firewall; until then the list in the program decides",
        ),
        Err(cause) => findings.bad("breached passwords", &told(&cause), "install ca-certificates"),
    }
}

/// Tenants' subdomains must lead here too.
async fn names(config: &Config, findings: &mut Findings) {
    let sample = format!("doctor.{}", config.base_domain);
    let found = timeout(PATIENCE, tokio::net::lookup_host((sample.as_str(), 443))).await;
    match found.map(|found| found.map(Iterator::count)) {
        Ok(Ok(1..)) => {
            findings.good("DNS", &format!("subdomains of {} resolve", config.base_domain));
        }
        _ if config.mode == Mode::Development => {
            findings.note(
                "DNS",
                &format!(
                    "subdomains of {} do not resolve here; browsers know *.localhost",
                    config.base_domain
                ),
            );
        }
        _ => findings.bad(
            "DNS",
            &format!("{sample} does not resolve"),
            "add a wildcard record for the base domain, or tell tenants to use paths",
        ),
    }
}
