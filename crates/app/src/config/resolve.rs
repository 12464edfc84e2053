//! Gathered texts into a [`Config`].

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use tenantry_identity::password::Lengths;
use tenantry_identity::signing_key::TokenAlgorithm;
use tenantry_kernel::{EmailAddress, Secret};
use url::Url;

use super::show::Effective;
use super::sources::{ConfigErrors, Gathered, Origin};
use super::{
    Config, DisposableMail, LogFormat, Mode, PasswordCost, RedisFail, SqliteDurability, StripeConfig, keys, rules,
    sqlite_url, values,
};

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);
const SMTP: (&[&str], &str) = (&["smtp", "smtps"], "smtps://user:password@mail.example.com");
const REDIS: (&[&str], &str) = (&["redis"], "redis://127.0.0.1:6379");

/// Reads texts one by one and collects what is wrong.
struct Reader<'g> {
    given: &'g Gathered,
    wrong: Vec<String>,
    effective: Effective,
}

impl Reader<'_> {
    /// The value that somebody set; `None` when nobody did, or when it is wrong.
    fn set<T>(&mut self, key: &'static str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let given = self.given.get(key)?;
        let secret = keys::find(key).is_some_and(|key| key.secret);
        match read(&given.text) {
            Ok(value) => {
                self.effective.set(key, &given.text, &given.origin);
                Some(value)
            }
            Err(cause) => {
                // A secret is not repeated, not even a wrong one.
                let shown = if secret {
                    String::new()
                } else {
                    format!(", and is \"{}\"", given.text)
                };
                self.wrong.push(format!("{}: {key} {cause}{shown}", given.origin));
                None
            }
        }
    }

    /// The value, or the default; `told` is how the default is shown.
    fn or<T>(
        &mut self,
        key: &'static str,
        default: T,
        told: impl std::fmt::Display,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        if let Some(value) = self.set(key, read) {
            return value;
        }
        if self.given.get(key).is_none() {
            self.effective.set(key, &told.to_string(), &Origin::Default);
        }
        default
    }

    /// The value, if somebody set it; `told` is what is shown otherwise.
    fn optional<T>(
        &mut self,
        key: &'static str,
        told: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.or(key, None, told, |text| read(text).map(Some))
    }
}

/// Makes the configuration, or lists everything that is wrong with it.
pub(super) fn resolve(given: &Gathered) -> Result<Config, ConfigErrors> {
    let mut reader = Reader {
        given,
        wrong: Vec::new(),
        effective: Effective::default(),
    };
    let config = read(&mut reader);
    // A rule that judges a value which could not be read would only confuse.
    let config = config
        .filter(|_| reader.wrong.is_empty())
        .ok_or(ConfigErrors(reader.wrong))?;
    let broken = rules::broken(&config);
    if !broken.is_empty() {
        return Err(ConfigErrors(broken));
    }
    Ok(Config {
        effective: reader.effective,
        ..config
    })
}

/// `None` when there is no public URL at all, which a wrong one is not: the default stands in for it.
fn read(reader: &mut Reader<'_>) -> Option<Config> {
    let listen = reader.or("listen", DEFAULT_LISTEN, DEFAULT_LISTEN, values::socket);
    let usual_mode = if listen.ip().is_loopback() {
        Mode::Development
    } else {
        Mode::Production
    };
    let modes = [("development", Mode::Development), ("production", Mode::Production)];
    let mode = reader.or("mode", usual_mode, usual_mode.as_str(), |text| {
        values::word(text, &modes)
    });
    let public_url = public_url(reader, listen)?;
    // An address has no subdomains.
    let host = public_url.domain().unwrap_or("localhost").to_owned();
    let base_domain = reader.or("base_domain", host.clone(), &host, values::domain);
    let data_dir = reader.or(
        "data_dir",
        PathBuf::from("./tenantry-data"),
        "./tenantry-data",
        |text| Ok(PathBuf::from(text)),
    );
    let file = sqlite_url(&data_dir);
    let outbox = data_dir.join("outbox");
    let pretty = match mode {
        Mode::Development => (LogFormat::Pretty, "pretty"),
        Mode::Production => (LogFormat::Json, "json"),
    };
    let sender = format!("no-reply@{base_domain}");
    // Whoever tries the program out, or tests a client of it, founds tenants by the hundred from one address.
    let (sign_ups, disposable, mails) = match mode {
        Mode::Development => (None, ("allow", DisposableMail::Allow), NonZeroU32::new(200)),
        Mode::Production => (
            NonZeroU32::new(30),
            ("refuse", DisposableMail::Refuse),
            NonZeroU32::new(20),
        ),
    };

    Some(Config {
        mode,
        listen,
        base_domain,
        database_url: reader.or("database_url", Secret::new(file.clone()), file, database),
        migrate_database_url: reader.optional("migrate_database_url", "database_url", database),
        pool_size: reader.optional("pool_size", "by the number of cores", |text| {
            Ok(u32::try_from(values::number(text, &(1..=1_000))?).unwrap_or(u32::MAX))
        }),
        sqlite_durability: reader.or("sqlite_durability", SqliteDurability::Full, "full", |text| {
            values::word(
                text,
                &[("full", SqliteDurability::Full), ("normal", SqliteDurability::Normal)],
            )
        }),
        catalog: reader.or("catalog", "default".to_owned(), "default", |text| Ok(text.to_owned())),
        master_key: reader.optional("master_key", "not set", |text| values::key_bytes(text).map(Secret::new)),
        smtp_url: reader.optional("smtp_url", "none", |text| secret_url(text, SMTP)),
        mail_from: reader.or("mail_from", sender.clone(), sender, mail_from),
        mail_reply_to: reader.optional("mail_reply_to", "none", |text| {
            EmailAddress::try_from(text).map_err(|cause| cause.to_string())
        }),
        outbox: reader.or("outbox", outbox.clone(), outbox.display(), |text| {
            Ok(PathBuf::from(text))
        }),
        stripe: stripe(reader),
        redis_url: reader.optional("redis_url", "none", |text| secret_url(text, REDIS)),
        redis_fail: reader.or("redis_fail", RedisFail::Open, "open", |text| {
            values::word(text, &[("open", RedisFail::Open), ("closed", RedisFail::Closed)])
        }),
        redis_timeout: reader.or("redis_timeout_ms", Duration::from_millis(50), 50, |text| {
            Ok(Duration::from_millis(values::number(text, &(1..=10_000))?))
        }),
        rate_limit_person: reader.or("rate_limit_person", NonZeroU32::new(6_000), "6000", values::pace),
        rate_limit_address: reader.or("rate_limit_address", NonZeroU32::new(6_000), "6000", values::pace),
        sign_ups_per_hour: reader.or("sign_ups_per_hour", sign_ups, shown(sign_ups), values::pace),
        disposable_mail: reader.or("disposable_mail", disposable.1, disposable.0, |text| {
            values::word(
                text,
                &[("allow", DisposableMail::Allow), ("refuse", DisposableMail::Refuse)],
            )
        }),
        mails_per_hour: reader.or("mails_per_hour", mails, shown(mails), values::pace),
        trusted_proxies: reader.or("trusted_proxies", Vec::new(), "none", |text| {
            values::list(text, values::network)
        }),
        cors_origins: reader.or("cors_origins", Vec::new(), "none", |text| {
            values::list(text, values::origin)
        }),
        dns_servers: reader.or("dns_servers", Vec::new(), "those of the operating system", |text| {
            values::list(text, values::name_server)
        }),
        workers: reader.optional("workers", "one per core", |text| {
            Ok(usize::try_from(values::number(text, &(1..=1_024))?).unwrap_or(usize::MAX))
        }),
        body_limit_bytes: reader.or("body_limit", 1_000_000, "1 MB", |text| {
            values::byte_count(text, &(1_000..=1_000_000_000))
        }),
        max_in_flight: reader.or("max_in_flight", 4_096, 4_096, |text| {
            Ok(usize::try_from(values::number(text, &(1..=1_000_000))?).unwrap_or(usize::MAX))
        }),
        request_timeout: reader.or("request_timeout_s", seconds(30), 30, |text| {
            values::seconds(text, &(1..=3_600))
        }),
        keep_alive: reader.or("keep_alive_s", seconds(75), 75, |text| {
            values::seconds(text, &(1..=3_600))
        }),
        shutdown_timeout: reader.or("shutdown_timeout_s", seconds(30), 30, |text| {
            values::seconds(text, &(0..=3_600))
        }),
        password_cost: reader.or("password_cost", PasswordCost::Standard, "standard", |text| {
            values::word(
                text,
                &[("standard", PasswordCost::Standard), ("fast", PasswordCost::Fast)],
            )
        }),
        password_lengths: password_lengths(reader, mode),
        password_breach_url: reader.optional("password_breach_url", "none", values::service),
        token_algorithm: reader.or("token_algorithm", TokenAlgorithm::EdDsa, "EdDSA", |text| {
            let both = [TokenAlgorithm::EdDsa, TokenAlgorithm::Rs256].map(|known| (known.as_str(), known));
            values::word(text, &both)
        }),
        signing_key_days: reader.or("signing_key_days", 90, 90, |text| {
            Ok(u32::try_from(values::number(text, &(1..=3_650))?).unwrap_or(u32::MAX))
        }),
        log: reader.or("log", "info".to_owned(), "info", log),
        log_format: reader.or("log_format", pretty.0, pretty.1, |text| {
            values::word(text, &[("json", LogFormat::Json), ("pretty", LogFormat::Pretty)])
        }),
        public_url,
        data_dir,
        effective: Effective::default(),
    })
}

fn public_url(reader: &mut Reader<'_>, listen: SocketAddr) -> Option<Url> {
    let set = reader.set("public_url", values::web_root);
    let usual = format!("http://localhost:{}", listen.port());
    if reader.given.get("public_url").is_none() {
        reader.effective.set("public_url", &usual, &Origin::Default);
    }
    set.or_else(|| Url::parse(&usual).ok())
}

fn password_lengths(reader: &mut Reader<'_>, mode: Mode) -> Lengths {
    let bounds = u64::from(Lengths::LEAST)..=u64::from(Lengths::MOST);
    let usual = match mode {
        Mode::Development => Lengths::LEAST,
        Mode::Production => Lengths::default().least(false),
    };
    let mut length = |key, usual: u32| {
        reader.or(key, usual, usual, |text| {
            Ok(u32::try_from(values::number(text, &bounds)?).unwrap_or(u32::MAX))
        })
    };
    let alone = length("password_min_length", usual);
    let with_factor = length("password_min_length_with_mfa", Lengths::LEAST);
    Lengths::new(alone, with_factor).unwrap_or_else(|_| {
        let message = format!(
            "password_min_length_with_mfa is {with_factor} and password_min_length is {alone}: a password beside a second \
             factor cannot have to be longer than one alone"
        );
        reader.wrong.push(message);
        Lengths::default()
    })
}

fn stripe(reader: &mut Reader<'_>) -> Option<StripeConfig> {
    let text = |text: &str| Ok(Secret::new(text.to_owned()));
    let secret_key = reader.optional("stripe_secret_key", "none: the sandbox gateway", text);
    let webhook_secret = reader.optional("stripe_webhook_secret", "none", text);
    let api_url = reader.optional("stripe_api_url", "https://api.stripe.com", values::web_root);
    if secret_key.is_none() && webhook_secret.is_some() {
        let message = "stripe_webhook_secret is set and stripe_secret_key is not: set both or none";
        reader.wrong.push(message.to_owned());
    }
    let api_url = api_url.or_else(|| Url::parse("https://api.stripe.com").ok());
    secret_key.zip(api_url).map(|(secret_key, api_url)| StripeConfig {
        secret_key,
        webhook_secret,
        api_url,
    })
}

fn database(text: &str) -> Result<Secret<String>, String> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known
        .iter()
        .any(|scheme| text.starts_with(scheme) && text.len() > scheme.len())
    {
        Ok(Secret::new(text.to_owned()))
    } else {
        Err("must be sqlite://path, sqlite::memory: or postgres://user:password@host/database".to_owned())
    }
}

fn secret_url(text: &str, (schemes, example): (&[&str], &str)) -> Result<Secret<String>, String> {
    values::url_of(text, schemes, example).map(Secret::new)
}

/// An address, or a name and an address in angle brackets.
fn mail_from(text: &str) -> Result<String, String> {
    let address = match text.split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or_default(),
        None => text,
    };
    let good = EmailAddress::try_from(address).is_ok() && !text.chars().any(char::is_control);
    if good {
        Ok(text.to_owned())
    } else {
        Err("must be an address such as no-reply@example.com, or Name <no-reply@example.com>".to_owned())
    }
}

fn log(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|_| "must be log directives such as info or info,tenantry_store_seaorm=debug".to_owned())
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A pace as people write it.
fn shown(pace: Option<NonZeroU32>) -> String {
    pace.map_or_else(|| "off".to_owned(), |pace| pace.to_string())
}
