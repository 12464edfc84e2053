//! How meters count, who shares a limit, trials and values: what is read, what the archive keeps, what is printed.

use std::collections::BTreeMap;

use tenantry_kernel::Value;
use tenantry_quotas::entitlement::{Allowance, Share};
use tenantry_quotas::meter::{Aggregation, Engine, EventRule, Meter};

use super::*;

/// Every way of counting and limiting in one catalog.
pub(super) const EVERYTHING: &str = r#"name = "shop"
currencies = ["USD"]
default_plan = "pro"

[meters.users]
kind = "gauge"
source = "members"

[meters.calls]
kind = "counter"
source = "requests"

[meters.pace]
kind = "rate"
source = "requests"

[meters.answers]
kind = "counter"
aggregation = "count"
events = "acme.answered"

[meters.tokens]
kind = "counter"
engine = "leased"
events = ["acme.answered", "acme.asked"]
value_from = "tokens"

[meters.visitors]
kind = "counter"
aggregation = "unique"
events = ["acme.visited"]
member_from = "user_id"

[meters.peak]
kind = "counter"
aggregation = "max"

[meters.storage]
kind = "gauge"
unit = "byte"
aggregation = "last"
value_from = "bytes"

[meters.traffic]
kind = "counter"
unit = "byte"

[plans.pro]
trial_days = 14

[plans.pro.limits]
users = 5
calls = [{ limit = 9_000 }, { limit = 100, period = "day", per = "key" }]
pace = 60
answers = { limit = 1_000, rollover = true }
tokens = [{ limit = 50, per = "user", period = "day" }, { limit = 1_000, grace_percent = 10 }]
storage = { limit = "10 GB", grace_percent = 100 }
traffic = { limit = "1 TB", rollover = "100 GB", per = "tenant" }

[plans.pro.trial_limits]
answers = 20
tokens = [{ limit = 10, per = "user", period = "day" }]

[plans.pro.values]
fonts = 3
offset = -1
watermark = false
support = "by telephone"

[plans.pro.prices]
monthly = { USD = "9.00" }
"#;

fn everything() -> Catalog {
    parse("shop.toml", EVERYTHING).unwrap().catalog
}

fn meter(catalog: &Catalog, name: &str) -> Meter {
    catalog.meters().find(name).unwrap().clone()
}

fn told(allowances: &[Allowance], meter: &str) -> Vec<String> {
    let own = allowances.iter().filter(|one| one.meter.as_str() == meter);
    let line = |one: &Allowance| {
        let limit = one
            .limit
            .map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
        let rollover = one.rollover.unwrap_or(0);
        let (period, share) = (one.period.as_str(), one.share.as_str());
        format!("{limit} {period} per {share}, {rollover} over, {} %", one.grace_percent)
    };
    own.map(line).collect()
}

#[test]
fn meters_say_how_they_count() {
    let catalog = everything();
    let counts = |name: &str| {
        let meter = meter(&catalog, name);
        (meter.aggregation, meter.engine)
    };

    assert_eq!(counts("users"), (Aggregation::Sum, Engine::Strict));
    assert_eq!(counts("answers"), (Aggregation::Count, Engine::Strict));
    assert_eq!(counts("tokens"), (Aggregation::Sum, Engine::Leased));
    assert_eq!(counts("visitors"), (Aggregation::Unique, Engine::Strict));
    assert_eq!(counts("peak"), (Aggregation::Max, Engine::Strict));
    assert_eq!(counts("storage"), (Aggregation::Last, Engine::Strict));
}

#[test]
fn one_event_counts_on_several_meters_and_each_has_its_rule() {
    let catalog = everything();
    let of = |kind: &str| {
        let meters = catalog.meters().of_event(kind);
        meters.map(|meter| meter.code.to_string()).collect::<Vec<_>>()
    };

    assert_eq!(of("acme.answered"), ["answers", "tokens"]);
    assert_eq!(of("acme.asked"), ["tokens"]);
    assert_eq!(of("traffic"), ["traffic"], "its own code");
    assert_eq!(
        meter(&catalog, "tokens").events,
        EventRule {
            types: vec!["acme.answered".to_owned(), "acme.asked".to_owned()],
            value: Some("tokens".to_owned()),
            member: None,
        }
    );
    assert_eq!(meter(&catalog, "visitors").events.member.as_deref(), Some("user_id"));
}

#[test]
fn limits_say_who_shares_them_what_rolls_over_and_how_much_grace_there_is() {
    let catalog = everything();
    let limits = &plan(&catalog, "pro").allowances;

    assert_eq!(told(limits, "users"), ["5 lifetime per tenant, 0 over, 0 %"]);
    assert_eq!(
        told(limits, "calls"),
        ["9000 month per tenant, 0 over, 0 %", "100 day per key, 0 over, 0 %"]
    );
    assert_eq!(told(limits, "answers"), ["1000 month per tenant, 1000 over, 0 %"]);
    assert_eq!(
        told(limits, "tokens"),
        ["1000 month per tenant, 0 over, 10 %", "50 day per user, 0 over, 0 %"]
    );
    assert_eq!(
        told(limits, "storage"),
        ["10000000000 lifetime per tenant, 0 over, 100 %"]
    );
    assert_eq!(
        told(limits, "traffic"),
        ["1000000000000 month per tenant, 100000000000 over, 0 %"]
    );
    assert_eq!(told(limits, "peak"), ["unlimited month per tenant, 0 over, 0 %"]);
}

#[test]
fn a_plan_that_limits_only_users_leaves_the_tenant_unlimited() {
    let text = EVERYTHING.replacen(
        "[{ limit = 50, per = \"user\", period = \"day\" }, { limit = 1_000, grace_percent = 10 }]",
        "{ limit = 50, per = \"user\" }",
        1,
    );

    let catalog = parse("shop.toml", &text).unwrap().catalog;

    let pro = plan(&catalog, "pro");
    assert_eq!(
        told(&pro.allowances, "tokens"),
        [
            "unlimited month per tenant, 0 over, 0 %",
            "50 month per user, 0 over, 0 %"
        ]
    );
    let shown = pro.allowance(&meter(&catalog, "tokens"));
    assert_eq!(
        (shown.limit, shown.share),
        (None, Share::Tenant),
        "what price pages show"
    );
}

#[test]
fn a_trial_has_only_the_limits_that_it_names() {
    let catalog = everything();
    let trial = &plan(&catalog, "pro").trial_allowances;

    assert_eq!(trial.len(), 2);
    assert_eq!(told(trial, "answers"), ["20 month per tenant, 0 over, 0 %"]);
    assert_eq!(told(trial, "tokens"), ["10 day per user, 0 over, 0 %"]);
    assert_eq!(plan(&built("pytake"), "starter").trial_allowances, []);
}

#[test]
fn values_are_numbers_texts_and_flags() {
    let catalog = everything();

    assert_eq!(
        plan(&catalog, "pro").values,
        BTreeMap::from([
            (code("fonts"), Value::Int(3)),
            (code("offset"), Value::Int(-1)),
            (code("support"), Value::Text("by telephone".to_owned())),
            (code("watermark"), Value::Bool(false)),
        ])
    );
}

#[test]
fn the_archive_keeps_all_of_it() {
    let loaded = parse("shop.toml", EVERYTHING).unwrap();
    let offer = &loaded.catalog.offers()[0];

    let restored = restore(&loaded.editions[0]).unwrap();

    assert_eq!(restored, *offer);
}

#[test]
fn all_of_it_is_in_the_editions_and_in_the_catalogs_hash() {
    let original = parse("shop.toml", EVERYTHING).unwrap();

    for (before, after, of_the_plan) in [
        ("\"count\"", "\"max\"", false),
        ("engine = \"leased\"\n", "", false),
        ("\"acme.answered\", \"acme.asked\"", "\"acme.asked\"", false),
        ("value_from = \"tokens\"", "value_from = \"words\"", false),
        ("member_from = \"user_id\"", "member_from = \"visitor\"", false),
        ("per = \"key\"", "per = \"tenant\"", true),
        ("rollover = true", "rollover = 999", true),
        ("grace_percent = 10 ", "grace_percent = 9 ", true),
        ("answers = 20", "answers = 21", true),
        ("watermark = false", "watermark = true", true),
        ("fonts = 3", "fonts = \"3\"", true),
    ] {
        assert!(EVERYTHING.contains(before), "{before}");
        let text = EVERYTHING.replacen(before, after, 1);
        // The rollover of a greatest value is a mistake of its own.
        let text = if after == "\"max\"" {
            text.replacen(", rollover = true", "", 1)
        } else {
            text
        };

        let changed = parse("shop.toml", &text).unwrap();

        assert_ne!(
            original.catalog.version_hash(),
            changed.catalog.version_hash(),
            "{after}"
        );
        if after != "\"max\"" {
            let differs = original.editions[0].version != changed.editions[0].version;
            assert_eq!(differs, of_the_plan, "{after}");
        }
    }
}

#[test]
fn all_rollover_and_the_whole_limit_are_one_spelling_of_the_same_edition() {
    let spelled = EVERYTHING
        .replacen("rollover = true", "rollover = 1_000", 1)
        .replacen(", per = \"tenant\"", "", 1)
        .replacen("events = \"acme.answered\"", "events = [\"acme.answered\"]", 1);

    let (one, other) = (
        parse("shop.toml", EVERYTHING).unwrap(),
        parse("shop.toml", &spelled).unwrap(),
    );

    assert_eq!(one.editions, other.editions);
    assert_eq!(one.catalog.version_hash(), other.catalog.version_hash());
}

#[test]
fn summaries_tell_all_of_it() {
    let text = summary(&everything());

    for line in [
        "  limit      calls: 100 per day for each API key",
        "  limit      answers: 1000 per month, what is left over is added to the next",
        "  limit      tokens: 1000 per month, 10 % grace",
        "  limit      tokens: 50 per day for each user",
        "  limit      traffic: 1 TB per month, up to 100 GB left over are added to the next",
        "  in trial   answers: 20 per month",
        "  in trial   tokens: 10 per day for each user",
        "  value      fonts: 3",
        "  value      support: \"by telephone\"",
        "  value      watermark: false",
        "How reports are counted",
        "  answers: count; events acme.answered",
        "  tokens: leased; events acme.answered, acme.asked; value from tokens",
        "  visitors: unique; events acme.visited; member from user_id",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line} is missing in:\n{text}");
    }
    assert!(!summary(&built("pytake")).contains("How reports are counted"));
}
