//! Every key there is.

use std::fmt::Write as _;

/// One key of the configuration.
#[derive(Debug)]
pub struct Key {
    /// Its name in `tenantry.toml`; the environment variable is `TENANTRY_` and the name in capitals.
    pub name: &'static str,
    /// Its flag, for the keys that have one.
    pub flag: Option<&'static str>,
    /// Its default, for people.
    pub default: &'static str,
    /// True for values that are never shown; they can also be read from a file, with `_FILE` after the name.
    pub secret: bool,
    /// What it is for, in one sentence.
    pub help: &'static str,
}

impl Key {
    /// The environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("TENANTRY_{}", self.name.to_ascii_uppercase())
    }
}

const fn key(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key {
        name,
        flag: None,
        default,
        secret: false,
        help,
    }
}

const fn secret(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key {
        secret: true,
        ..key(name, default, help)
    }
}

const fn flagged(flag: &'static str, key: Key) -> Key {
    Key {
        flag: Some(flag),
        ..key
    }
}

/// All keys, in the order of the documentation.
pub const KEYS: &[Key] = &[
    flagged(
        "--mode",
        key(
            "mode",
            "`development` when listening on a loopback address, else `production`",
            "`production` refuses weak or generated secrets, a plain-HTTP public URL and a superuser database role.",
        ),
    ),
    flagged(
        "--listen",
        key("listen", "`127.0.0.1:8080`", "The address and port to listen on."),
    ),
    key(
        "public_url",
        "`http://localhost:` and the port of `listen`",
        "How people reach the server. Links in mails begin with it.",
    ),
    key(
        "base_domain",
        "the host of `public_url`, or `localhost` when that is an address",
        "Tenants are reached at subdomains of it, such as `acme.localhost`.",
    ),
    flagged(
        "--data-dir",
        key(
            "data_dir",
            "`./tenantry-data`",
            "Where files go: the SQLite database, the generated master key, the outbox.",
        ),
    ),
    flagged(
        "--database-url",
        secret(
            "database_url",
            "`tenantry.db` in the data directory",
            "`sqlite://path`, `sqlite::memory:` or `postgres://user:password@host/database`.",
        ),
    ),
    secret(
        "migrate_database_url",
        "`database_url`",
        "The same database as its owner. When set, migrations and grants use it, and the server needs no DDL rights.",
    ),
    key("pool_size", "by the number of cores", "Database connections at most."),
    key(
        "sqlite_durability",
        "`full`",
        "`full`: what was acknowledged survives a loss of power. `normal`: faster, and the last commits may be lost then.",
    ),
    flagged(
        "--catalog",
        key(
            "catalog",
            "`default`",
            "A built-in catalog (`default`, `secure-ai-chat`, `apex`, `securenet`, `pytake`, `rentroll`) or a path to a TOML file.",
        ),
    ),
    secret(
        "master_key",
        "generated into the data directory in development; required in production",
        "32 random bytes in base64 or hexadecimal. It seals every other secret at rest: keep a copy elsewhere.",
    ),
    secret(
        "smtp_url",
        "none: every mail is written into the outbox",
        "The mail server, such as `smtps://user:password@mail.example.com`.",
    ),
    key("mail_from", "`no-reply@` and the base domain", "The sender of mails."),
    key(
        "mail_reply_to",
        "none",
        "Where answers to the product's own mails go. Answers to a tenant's go to its support address.",
    ),
    key(
        "outbox",
        "`outbox` in the data directory",
        "Where mails are written without a mail server; in development they are shown at `/dev/outbox`.",
    ),
    secret(
        "stripe_secret_key",
        "none: the sandbox gateway, which moves no money",
        "The key for Stripe's API. This version has no Stripe yet: it refuses to start with it.",
    ),
    secret(
        "stripe_webhook_secret",
        "none",
        "What Stripe signs its webhooks with. Needs `stripe_secret_key`, which this version refuses.",
    ),
    key(
        "stripe_api_url",
        "`https://api.stripe.com`",
        "Where Stripe's API is. Without `stripe_secret_key` it means nothing.",
    ),
    flagged(
        "--redis-url",
        secret(
            "redis_url",
            "none: rate limits are per node",
            "Redis, to share rate limits between nodes, as `redis://:password@host:6379/0`. See docs/rate-limits.md.",
        ),
    ),
    key(
        "redis_fail",
        "`open`",
        "What holds while Redis does not answer: `open` goes on with this node's own rate limits, `closed` answers 503.",
    ),
    key(
        "redis_timeout_ms",
        "`50`",
        "How many milliseconds a call waits for Redis at most, 1 to 10000.",
    ),
    key(
        "rate_limit_person",
        "`6000`",
        "Calls per minute of one signed-in person, or `off`.",
    ),
    key(
        "rate_limit_address",
        "`6000`",
        "Calls per minute of one address on public routes, or `off`.",
    ),
    key(
        "sign_ups_per_hour",
        "`30` in production, `off` in development",
        "Tenants that one network (an IPv4 address, an IPv6 /64) or one signed-in person may found in an hour, or `off`.",
    ),
    key(
        "disposable_mail",
        "`refuse` in production, `allow` in development",
        "Whether people may sign up with addresses at providers of throw-away mailboxes: `allow` or `refuse`.",
    ),
    key(
        "mails_per_hour",
        "`20` in production, `200` in development",
        "Letters that others may cause to one address in an hour (links, invitations), or `off`. More are dropped.",
    ),
    key(
        "trusted_proxies",
        "none",
        "Addresses or networks whose forwarding headers are believed, such as `10.0.0.0/8`.",
    ),
    key(
        "cors_origins",
        "none",
        "Web origins that browsers may call the API from, such as `https://app.example.com`.",
    ),
    key(
        "dns_servers",
        "those of the operating system",
        "Name servers asked when a custom domain is verified, such as `192.0.2.1:53`.",
    ),
    key("workers", "one per core", "Threads that serve requests."),
    key("body_limit", "`1 MB`", "The longest request body."),
    key(
        "max_in_flight",
        "`4096`",
        "Requests at work at once. More are answered 503 instead of queueing without end.",
    ),
    key("request_timeout_s", "`30`", "Seconds that a request may take."),
    key("keep_alive_s", "`75`", "Seconds that an idle connection stays open."),
    key(
        "shutdown_timeout_s",
        "`30`",
        "Seconds that requests in flight may take to finish when the server stops.",
    ),
    key(
        "password_cost",
        "`standard`",
        "`fast` makes password hashes cheap, for test suites; production refuses it.",
    ),
    key(
        "password_min_length",
        "`15` in production, `8` in development",
        "Characters of a password at least, 8 to 128, where it is all that is asked for. Tenants can ask for more.",
    ),
    key(
        "password_min_length_with_mfa",
        "`8`",
        "The same where a second factor is asked for, too: never more than `password_min_length`. See docs/passwords.md.",
    ),
    key(
        "password_breach_url",
        "none: only the list in the program is looked at",
        "A range API that knows breached passwords, such as `https://api.pwnedpasswords.com/range/`. Five digits of a hash are sent to it.",
    ),
    key(
        "token_algorithm",
        "`EdDSA`",
        "What new signing keys sign access tokens with: `EdDSA` or `RS256`. Another one than before is a rotation: both verify meanwhile.",
    ),
    key(
        "signing_key_days",
        "`90`",
        "After how many days of signing a key is replaced, 1 to 3650.",
    ),
    key(
        "log",
        "`info`",
        "Which lines are logged, as directives of the `tracing` crate: `info,tenantry_store_seaorm=debug`.",
    ),
    key(
        "log_format",
        "`pretty` in development, `json` in production",
        "`json` or `pretty`.",
    ),
];

/// The key of that name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The table of all keys, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut table =
        String::from("| key | environment | flag | default | what it is |\n| --- | --- | --- | --- | --- |\n");
    for key in KEYS {
        let variable = if key.secret {
            format!("`{0}` or `{0}_FILE`", key.variable())
        } else {
            format!("`{}`", key.variable())
        };
        let flag = key.flag.map_or_else(|| "–".to_owned(), |flag| format!("`{flag}`"));
        let row = format!(
            "| `{}` | {variable} | {flag} | {} | {} |\n",
            key.name, key.default, key.help
        );
        table.push_str(&row);
    }
    table
}

/// Every environment variable with its default, for `--help`.
#[must_use]
pub fn environment_help() -> String {
    let mut help = String::from(
        "Configuration: defaults < tenantry.toml (--config) < environment < flags.\n\
         A name in tenantry.toml is the variable's without TENANTRY_, in lower case.\n\nEnvironment:\n",
    );
    for key in KEYS {
        let file = if key.secret { " (or _FILE)" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(help, "  {}{file}\n      {}", key.variable(), plain(key.help));
        let _ = writeln!(help, "      Default: {}", plain(key.default));
    }
    help
}

fn plain(markdown: &str) -> String {
    markdown.replace('`', "")
}
