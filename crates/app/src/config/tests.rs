//! Tests of the configuration.

use std::path::Path;

use tenantry_kernel::testing::CountingEntropy;

use super::*;

/// What production needs at least.
const PRODUCTION: [(&str, &str); 3] = [
    ("TENANTRY_MODE", "production"),
    ("TENANTRY_MASTER_KEY", GOOD_KEY),
    ("TENANTRY_PUBLIC_URL", "https://app.example.com"),
];
const GOOD_KEY: &str = "3q2+7wBCAZr4hX1mVjqgkC0TtYx9Lw5sN8fEoRzUIbQ=";

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tenantry-config-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.join(name);
        std::fs::write(&file, text).unwrap();
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn sources(environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Sources {
    Sources {
        file: ConfigFile::IfPresent("/nowhere/tenantry.toml".into()),
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        flags: flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
    }
}

fn with_file(file: &Path, environment: &[(&str, &str)]) -> Sources {
    Sources {
        file: ConfigFile::Named(file.to_owned()),
        ..sources(environment, &[])
    }
}

fn load(environment: &[(&str, &str)]) -> Config {
    Config::load(&sources(environment, &[])).unwrap()
}

fn wrong(environment: &[(&str, &str)]) -> String {
    Config::load(&sources(environment, &[])).unwrap_err().to_string()
}

fn origin_of(config: &Config, key: &str) -> String {
    let mut rows = config.effective.rows();
    rows.find(|(name, _, _)| *name == key).unwrap().2.to_owned()
}

#[test]
fn nothing_at_all_is_a_good_configuration() {
    let config = load(&[]);

    assert_eq!(config.mode, Mode::Development);
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url.as_str(), "http://localhost:8080/");
    assert_eq!(config.base_domain, "localhost");
    assert_eq!(config.database_url.expose(), "sqlite://./tenantry-data/tenantry.db");
    assert!(config.uses_sqlite());
    assert_eq!(config.owner_database_url(), &config.database_url);
    assert_eq!(config.catalog, "default");
    assert_eq!(config.outbox, Path::new("./tenantry-data/outbox"));
    assert_eq!(config.mail_from, "no-reply@localhost");
    assert_eq!(config.body_limit_bytes, 1_000_000);
    assert!(config.stripe.is_none() && config.smtp_url.is_none() && config.redis_url.is_none());
    assert_eq!(config.log_format, LogFormat::Pretty);
}

#[test]
fn every_key_shows_its_value_and_where_it_came_from() {
    let config = load(&[("TENANTRY_LISTEN", "127.0.0.1:9000")]);

    let shown: Vec<&str> = config.effective.rows().map(|(key, _, _)| key).collect();
    let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();

    assert_eq!(shown, known);
    assert_eq!(config.public_url.as_str(), "http://localhost:9000/");
    assert!(
        config
            .effective
            .to_string()
            .contains("127.0.0.1:9000  (TENANTRY_LISTEN)")
    );
    assert_eq!(origin_of(&config, "catalog"), "default");
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let folder = Folder::new("layers");
    let file = folder.write(
        "t.toml",
        "catalog = \"apex\"\nlog = \"warn\"\nlisten = \"127.0.0.1:1\"\nmax_in_flight = 9\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n",
    );
    let all = Sources {
        flags: vec![("listen", "127.0.0.1:3".into())],
        ..with_file(&file, &[("TENANTRY_LISTEN", "127.0.0.1:2"), ("TENANTRY_LOG", "debug")])
    };

    let config = Config::load(&all).unwrap();

    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.log, "debug");
    assert_eq!(config.catalog, "apex");
    assert_eq!(config.max_in_flight, 9);
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(origin_of(&config, "listen"), "--listen");
    assert_eq!(origin_of(&config, "log"), "TENANTRY_LOG");
    assert_eq!(origin_of(&config, "catalog"), format!("{}:1:11", file.display()));
}

#[test]
fn unknown_names_are_refused_and_the_nearest_known_one_is_told() {
    let folder = Folder::new("unknown");
    let file = folder.write("t.toml", "\nlsiten = \"127.0.0.1:1\"\n");

    let in_file = Config::load(&with_file(&file, &[])).unwrap_err().to_string();

    assert_eq!(
        in_file,
        format!(
            "{}:2:1: unknown key \"lsiten\" at the top of the file; did you mean \"listen\"?",
            file.display()
        )
    );
    assert_eq!(
        wrong(&[("TENANTRY_DATABSE_URL", "x")]),
        "unknown environment variable TENANTRY_DATABSE_URL; did you mean \"TENANTRY_DATABASE_URL\"?"
    );
    assert!(wrong(&[("TENANTRY_listen", "x")]).contains("\"TENANTRY_LISTEN\""));
    assert!(
        wrong(&[("TENANTRY_LISTEN_FILE", "x")]).contains("unknown environment variable"),
        "not a secret"
    );
}

#[test]
fn variables_of_tests_and_of_others_are_left_alone() {
    let config = load(&[
        ("TENANTRY_TEST_POSTGRES_URL", "x"),
        ("PATH", "/bin"),
        ("TENANTRY_SMTP_URL", ""),
    ]);

    assert!(config.smtp_url.is_none());
}

#[test]
fn bad_values_name_their_source_and_are_all_listed() {
    let said = wrong(&[
        ("TENANTRY_LISTEN", "8080"),
        ("TENANTRY_MODE", "prod"),
        ("TENANTRY_POOL_SIZE", "0"),
        ("TENANTRY_BODY_LIMIT", "1 GiB"),
        ("TENANTRY_CORS_ORIGINS", "https://a.example, b"),
        ("TENANTRY_MAIL_FROM", "nobody"),
        ("TENANTRY_LOG", "info,=x=y"),
    ]);

    assert_eq!(
        said,
        "TENANTRY_LISTEN: listen must be an address and a port, such as 127.0.0.1:8080, and is \"8080\"\n\
         TENANTRY_MODE: mode must be development or production; did you mean \"production\"?, and is \"prod\"\n\
         TENANTRY_POOL_SIZE: pool_size must be a whole number from 1 to 1000, and is \"0\"\n\
         TENANTRY_MAIL_FROM: mail_from must be an address such as no-reply@example.com, or Name <no-reply@example.com>, and is \"nobody\"\n\
         TENANTRY_CORS_ORIGINS: cors_origins must be a URL such as https://app.example.com (\"b\"), and is \"https://a.example, b\"\n\
         TENANTRY_BODY_LIMIT: body_limit sizes are decimal here: write GB, which is 10^9 bytes, not GiB, and is \"1 GiB\"\n\
         TENANTRY_LOG: log must be log directives such as info or info,tenantry_store_seaorm=debug, and is \"info,=x=y\""
    );
}

#[test]
fn secrets_are_never_shown_neither_good_nor_bad() {
    let config = load(&[
        (
            "TENANTRY_DATABASE_URL",
            "postgres://tenantry:hunter2@db:5433/app?password=hunter2",
        ),
        ("TENANTRY_SMTP_URL", "smtps://user:hunter2@mail.example"),
        ("TENANTRY_STRIPE_SECRET_KEY", "sk_test_hunter2"),
        ("TENANTRY_REDIS_URL", "redis://:hunter2@cache"),
        ("TENANTRY_MASTER_KEY", GOOD_KEY),
    ]);

    let shown = format!("{}\n{config:?}", config.effective);

    assert!(!shown.contains("hunter2") && !shown.contains("3q2+7"), "{shown}");
    assert!(
        config
            .effective
            .to_string()
            .contains("postgres://…@db:5433/app  (TENANTRY_DATABASE_URL)")
    );
    let said = wrong(&[
        ("TENANTRY_MASTER_KEY", "hunter2"),
        ("TENANTRY_DATABASE_URL", "mysql://hunter2@x"),
    ]);
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn secrets_can_come_from_files_and_from_one_place_only() {
    let folder = Folder::new("secret-files");
    let key = folder.write("key", &format!("{GOOD_KEY}\n"));
    let key = key.to_str().unwrap();

    let config = load(&[("TENANTRY_MASTER_KEY_FILE", key)]);
    let twice = wrong(&[("TENANTRY_MASTER_KEY", GOOD_KEY), ("TENANTRY_MASTER_KEY_FILE", key)]);
    let missing = wrong(&[("TENANTRY_SMTP_URL_FILE", "/nowhere/smtp")]);
    let in_file = folder.write("t.toml", &format!("master_key_file = {key:?}\n"));

    assert_eq!(config.master_key.unwrap().expose()[..2], [0xDE, 0xAD]);
    assert_eq!(
        twice,
        "TENANTRY_MASTER_KEY_FILE and TENANTRY_MASTER_KEY: set one of them"
    );
    assert!(
        missing.starts_with("TENANTRY_SMTP_URL_FILE: cannot read /nowhere/smtp: "),
        "{missing}"
    );
    assert!(Config::load(&with_file(&in_file, &[])).unwrap().master_key.is_some());
}

#[test]
fn a_named_file_must_be_there() {
    let said = Config::load(&with_file(Path::new("/nowhere/t.toml"), &[])).unwrap_err();

    assert!(said.to_string().starts_with("cannot read /nowhere/t.toml: "), "{said}");
}

#[test]
fn a_server_that_others_can_reach_is_in_production_unless_told_otherwise() {
    let said = wrong(&[("TENANTRY_LISTEN", "0.0.0.0:80")]);
    let told = load(&[("TENANTRY_LISTEN", "0.0.0.0:80"), ("TENANTRY_MODE", "development")]);

    assert!(said.contains("production refuses to start"), "{said}");
    assert_eq!(told.mode, Mode::Development);
}

#[test]
fn passwords_are_longer_where_others_can_reach_the_server_unless_told_otherwise() {
    let lengths = |more: &[(&str, &str)]| load(&[&PRODUCTION, more].concat()).password_lengths;
    let (alone, with) = ("TENANTRY_PASSWORD_MIN_LENGTH", "TENANTRY_PASSWORD_MIN_LENGTH_WITH_MFA");

    assert_eq!(load(&[]).password_lengths, Lengths::new(8, 8).unwrap());
    assert_eq!(lengths(&[]), Lengths::new(15, 8).unwrap());
    assert_eq!(lengths(&[(alone, "20"), (with, "12")]), Lengths::new(20, 12).unwrap());
    assert_eq!(lengths(&[(alone, "8")]), Lengths::new(8, 8).unwrap());
    assert_eq!(origin_of(&load(&[]), "password_min_length"), "default");
    for (text, said) in [
        ("7", "from 8 to 128"),
        ("129", "from 8 to 128"),
        ("long", "from 8 to 128"),
    ] {
        assert!(wrong(&[(alone, text)]).contains(said), "{text}");
        assert!(wrong(&[(with, text)]).contains(said), "{text}");
    }
    assert!(wrong(&[(with, "9")]).contains("cannot have to be longer"));
}

#[test]
fn production_bounds_what_strangers_cause_and_development_lets_clients_be_tested() {
    let told = |config: &Config| {
        let number = |bound: Option<NonZeroU32>| bound.map(NonZeroU32::get);
        (
            number(config.sign_ups_per_hour),
            config.disposable_mail,
            number(config.mails_per_hour),
        )
    };

    assert_eq!(told(&load(&PRODUCTION)), (Some(30), DisposableMail::Refuse, Some(20)));
    assert_eq!(told(&load(&[])), (None, DisposableMail::Allow, Some(200)));
    let own = [
        ("TENANTRY_SIGN_UPS_PER_HOUR", "5"),
        ("TENANTRY_DISPOSABLE_MAIL", "refuse"),
        ("TENANTRY_MAILS_PER_HOUR", "off"),
    ];
    assert_eq!(told(&load(&own)), (Some(5), DisposableMail::Refuse, None));
    assert!(wrong(&[("TENANTRY_MAILS_PER_HOUR", "0")]).contains("above zero"));
    assert!(wrong(&[("TENANTRY_DISPOSABLE_MAIL", "maybe")]).contains("refuse"));
}

#[test]
fn breached_passwords_are_asked_for_over_https_or_at_this_machine() {
    let production = |url| {
        let more = [("TENANTRY_PASSWORD_BREACH_URL", url)];
        Config::load(&sources(&[&PRODUCTION[..], &more].concat(), &[]))
    };

    assert!(load(&[]).password_breach_url.is_none());
    for good in [
        "https://api.pwnedpasswords.com/range/",
        "http://127.0.0.1:8088/",
        "http://localhost/x",
    ] {
        assert!(production(good).unwrap().password_breach_url.is_some(), "{good}");
    }
    let refused = production("http://api.pwnedpasswords.com/range/")
        .unwrap_err()
        .to_string();
    assert!(refused.contains("password_breach_url is not https"), "{refused}");
    assert!(
        load(&[("TENANTRY_PASSWORD_BREACH_URL", "http://pwned.test/")])
            .password_breach_url
            .is_some()
    );
    assert!(wrong(&[("TENANTRY_PASSWORD_BREACH_URL", "pwned")]).contains("must be a URL"));
}

#[test]
fn production_lists_everything_that_it_refuses() {
    let said = wrong(&[
        ("TENANTRY_MODE", "production"),
        ("TENANTRY_PASSWORD_COST", "fast"),
        ("TENANTRY_STRIPE_SECRET_KEY", "sk_live_x"),
    ]);

    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    for (line, word) in lines.iter().zip(["master key", "https", "password_cost", "webhooks"]) {
        assert!(
            line.starts_with("production refuses to start: ") && line.contains(word),
            "{line}"
        );
    }
}

#[test]
fn production_refuses_weak_keys_and_takes_good_ones() {
    let production = |key: &str| {
        Config::load(&sources(
            &[
                ("TENANTRY_MODE", "production"),
                ("TENANTRY_PUBLIC_URL", "https://app.example.com"),
                ("TENANTRY_MASTER_KEY", key),
            ],
            &[],
        ))
    };
    let counting: String = (0..32).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));

    for weak in ["00".repeat(32), "0123456789abcdef".repeat(4), counting] {
        assert!(production(&weak).unwrap_err().to_string().contains("weak"), "{weak}");
    }
    let config = production(GOOD_KEY).unwrap();
    assert_eq!(config.base_domain, "app.example.com");
    assert_eq!(config.log_format, LogFormat::Json);
}

#[test]
fn the_base_domain_is_the_public_host_unless_that_is_an_address() {
    for (public_url, expected) in [
        ("https://app.example.com", "app.example.com"),
        ("http://localhost:9000", "localhost"),
        ("http://127.0.0.1:8080", "localhost"),
        ("http://[::1]:8080", "localhost"),
    ] {
        assert_eq!(
            load(&[("TENANTRY_PUBLIC_URL", public_url)]).base_domain,
            expected,
            "{public_url}"
        );
    }
}

#[test]
fn a_webhook_secret_without_a_key_is_half_a_configuration() {
    assert!(wrong(&[("TENANTRY_STRIPE_WEBHOOK_SECRET", "whsec")]).contains("set both or none"));
}

#[test]
fn the_master_key_is_made_once_for_the_owner_alone() {
    let folder = Folder::new("master-key");
    let data = folder.0.join("data");
    let config = load(&[("TENANTRY_DATA_DIR", data.to_str().unwrap())]);
    let entropy = CountingEntropy::default();

    let made = obtain_master_key(&config, &entropy).unwrap();
    let again = obtain_master_key(&config, &entropy).unwrap();

    assert_eq!(made, again);
    let files: Vec<_> = std::fs::read_dir(&data)
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(files, ["master.key"], "the draft is gone");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = config.master_key_file();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        obtain_master_key(&config, &entropy).unwrap();
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600,
            "closed again"
        );
    }
}

#[test]
fn of_many_processes_that_start_at_once_one_makes_the_key() {
    let folder = Folder::new("race");
    let config = load(&[("TENANTRY_DATA_DIR", folder.0.to_str().unwrap())]);
    let entropy = CountingEntropy::default();

    let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
        let starters: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| obtain_master_key(&config, &entropy).unwrap().into_inner()))
            .collect();
        starters.into_iter().map(|starter| starter.join().unwrap()).collect()
    });

    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_damaged_key_is_never_replaced() {
    let folder = Folder::new("damaged");
    let file = folder.write("master.key", "");
    let config = load(&[("TENANTRY_DATA_DIR", folder.0.to_str().unwrap())]);

    let refused = obtain_master_key(&config, &CountingEntropy::default()).unwrap_err();

    assert!(matches!(refused, MasterKeyError::Damaged { .. }));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "");
}

#[test]
fn the_operators_key_wins_over_the_generated_one() {
    let folder = Folder::new("given");
    let config = load(&[
        ("TENANTRY_DATA_DIR", folder.0.to_str().unwrap()),
        ("TENANTRY_MASTER_KEY", GOOD_KEY),
    ]);

    obtain_master_key(&config, &CountingEntropy::default()).unwrap();

    assert!(!config.master_key_file().exists());
}

#[test]
fn the_documentation_has_every_key() {
    let docs = include_str!("../../../../docs/operations/configure.md");

    assert!(
        docs.contains(&reference()),
        "docs/operations/configure.md should contain this table:\n{}",
        reference()
    );
}

#[cfg(unix)]
#[test]
fn a_new_data_directory_is_its_owners_alone_and_an_old_one_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new("data-dir");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (fresh, old) = (folder.0.join("a/fresh"), folder.0.join("old"));
    std::fs::create_dir(&old).unwrap();
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o750)).unwrap();

    make_data_dir(&fresh).unwrap();
    make_data_dir(&old).unwrap();

    assert_eq!((mode(&fresh), mode(&old)), (0o700, 0o750));
}
