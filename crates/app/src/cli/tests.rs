//! Tests of the command line.

use clap::CommandFactory as _;
use time::macros::datetime;

use super::*;
use crate::config::KEYS;

fn parse(line: &str) -> Result<Cli, String> {
    Cli::try_parse_from(line.split_whitespace()).map_err(|cause| cause.to_string())
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_of_the_program_is_understood() {
    for line in [
        "tenantry serve",
        "tenantry serve --no-workers",
        "tenantry work",
        "tenantry demo --catalog pytake",
        "tenantry migrate",
        "tenantry migrate --status",
        "tenantry admin create --email a@example.com --password secret",
        "tenantry admin create --email a@example.com --password-stdin",
        "tenantry admin dismiss --email a@example.com",
        "tenantry catalog check my.toml",
        "tenantry catalog show pytake",
        "tenantry catalog apply",
        "tenantry openapi",
        "tenantry doctor",
        "tenantry billing run",
        "tenantry --config t.toml serve",
    ] {
        assert!(parse(line).is_ok(), "{line}");
    }
    for line in [
        "tenantry",
        "tenantry fly",
        "tenantry admin create",
        "tenantry admin dismiss",
        "tenantry admin create --email a@example.com --password x --password-stdin",
        "tenantry billing run --as-of tomorrow",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn flags_may_stand_before_and_after_the_command() {
    let before = parse("tenantry --listen 127.0.0.1:1 --catalog apex serve").unwrap();
    let after = parse("tenantry serve --catalog apex --listen 127.0.0.1:1").unwrap();

    assert_eq!(before.settings, after.settings);
    assert_eq!(
        before.settings.flags(),
        [("listen", "127.0.0.1:1".to_owned()), ("catalog", "apex".to_owned())]
    );
}

#[test]
fn billing_can_be_run_as_of_a_time() {
    let cli = parse("tenantry billing run --as-of 2026-01-31T00:00:00Z").unwrap();

    let Command::Billing {
        action: BillingAction::Run { as_of },
    } = cli.command
    else {
        panic!("another command");
    };
    assert_eq!(as_of, Some(datetime!(2026-01-31 00:00 UTC)));
}

#[test]
fn every_flag_is_a_key_and_every_key_is_in_the_long_help() {
    let mut command = Cli::command();
    let flags: Vec<String> = command
        .get_arguments()
        .filter(|flag| flag.get_id() != "config")
        .filter_map(|flag| flag.get_long().map(|long| format!("--{long}")))
        .collect();
    let of_keys: Vec<&str> = KEYS.iter().filter_map(|key| key.flag).collect();

    let help = command.render_long_help().to_string();

    for flag in &of_keys {
        assert!(flags.iter().any(|known| known == flag), "{flag}");
    }
    assert_eq!(flags.len(), of_keys.len());
    for key in KEYS {
        assert!(help.contains(&key.variable()), "{}", key.name);
    }
}
