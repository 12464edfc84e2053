//! Mistakes in catalogs: each is told at its place, and all of them at once.

use super::*;

/// A small catalog without mistakes; tests spoil it.
const GOOD: &str = r#"name = "shop"
currencies = ["USD", "JPY"]
cycles = ["monthly", "yearly"]
default_plan = "free"

[permissions]
"orders.ship" = "Ship orders"

[roles.boss]
base = "owner"

[roles.clerk]
base = "member"
permissions = ["orders.ship"]

[features]
export = "Download everything"

[meters.orders]
kind = "counter"

[meters.storage]
kind = "gauge"
unit = "byte"

[plans.free]
limits = { orders = 10, storage = "1 GB" }

[plans.free.prices]
monthly = { USD = "0", JPY = "0" }
yearly = { USD = "0", JPY = "0" }

[plans.pro]
aliases = ["professional"]
features = ["export"]
limits = { orders = "unlimited" }

[plans.pro.prices]
monthly = { USD = "29.00", JPY = "2900" }
yearly = { per = "orders", USD = "0.000000000001", JPY = "0.5" }
"#;

fn mistakes(text: &str) -> Vec<String> {
    match parse("shop.toml", text) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn the_catalog_that_the_other_tests_spoil_is_good() {
    assert_eq!(mistakes(GOOD), Vec::<String>::new());
}

#[test]
fn every_kind_of_mistake_is_told_at_its_place() {
    let mut missing = Vec::new();
    for (before, after, expected) in [
        (
            "name = \"shop\"",
            "name = \"Shop\"",
            "1:8: the catalog \"Shop\" must be 1 to 64 characters: a lower-case letter, then letters, digits, '_', '.' or '-'",
        ),
        (
            "name = \"shop\"",
            "nmae = \"shop\"\nname = \"shop\"",
            "1:1: unknown key \"nmae\" at the top of the file; did you mean \"name\"?",
        ),
        (
            "name = \"shop\"",
            "name = 5",
            "1:8: name: must be text in quotes, and is a whole number",
        ),
        ("name = \"shop\"\n", "", "1:1: the file needs the key \"name\""),
        (
            "[\"USD\", \"JPY\"]",
            "[\"USD\", \"JPY\", \"usd\"]",
            "2:29: USD is listed twice",
        ),
        (
            "[\"USD\", \"JPY\"]",
            "[\"USD\", \"JPY\", \"XXY\"]",
            "2:29: \"XXY\" must be an ISO 4217 currency code such as USD",
        ),
        (
            "[\"monthly\", \"yearly\"]",
            "[\"monthly\", \"yearly\", \"weekly\"]",
            "3:32: cycles[2]: must be one of monthly, yearly, pay_as_you_go",
        ),
        (
            "default_plan = \"free\"",
            "default_plan = \"fre\"",
            "4:16: the default plan \"fre\" is not in [plans]; did you mean \"free\"?",
        ),
        (
            "default_plan = \"free\"\n",
            "",
            "1:1: the file needs the key \"default_plan\"",
        ),
        (
            "\n[permissions]",
            "self_signup = \"no\"\n[permissions]",
            "5:15: self_signup: must be true or false, and is text",
        ),
        (
            "\n[permissions]",
            "reserved_slugs = [\"a\"]\n[permissions]",
            "5:19: \"a\" could be no slug: ",
        ),
        (
            "\n[permissions]",
            "api_keys = { prefix = \"T-K\" }\n[permissions]",
            "5:23: the prefix \"T-K\" must be 1 to 8 lower-case letters",
        ),
        (
            "\n[permissions]",
            "dunning = { retry_days = [3, 1] }\n[permissions]",
            "5:26: dunning.retry_days: must go upwards: each retry is later than the one before",
        ),
        (
            "\n[permissions]",
            "dunning = { cancel_after_days = 3 }\n[permissions]",
            "5:1: dunning goes from retries to suspension to cancellation: the last retry is on day 7, suspend_after_days is 14, cancel_after_days is 3",
        ),
        (
            "\"orders.ship\" =",
            "\"billing.read\" =",
            "7:1: \"billing.read\" is a permission of Tenantry itself; choose another name",
        ),
        (
            "base = \"member\"",
            "base = \"clerk\"",
            "13:8: roles.clerk.base: must be one of owner, admin, manager, member, viewer",
        ),
        (
            "base = \"member\"",
            "base = \"owner\"",
            "9:2: exactly one role must have base = \"owner\", and 2 have",
        ),
        (
            "base = \"member\"",
            "base = \"viewer\"",
            "14:16: a role based on viewer only looks: it cannot have permissions of the application",
        ),
        (
            "base = \"member\"",
            "base = \"member\"\naliases = [\"BOSS\"]",
            "14:12: \"BOSS\" is a name of the role boss already",
        ),
        (
            "permissions = [\"orders.ship\"]",
            "permissions = [\"order.ship\"]",
            "14:16: the permission \"order.ship\" is not declared in [permissions]; did you mean \"orders.ship\"?",
        ),
        (
            "permissions = [\"orders.ship\"]",
            "permissions = [\"billing.manage\"]",
            "14:16: \"billing.manage\" is Tenantry's own and follows from the role's base; list the application's permissions only",
        ),
        (
            "[features]",
            "[platform_roles]\nroot = \"owner\"\n\n[features]",
            "17:8: platform_roles.root: must be one of operator, support",
        ),
        (
            "kind = \"counter\"",
            "kind = \"count\"",
            "20:8: meters.orders.kind: must be one of counter, gauge, rate; did you mean \"counter\"?",
        ),
        (
            "kind = \"counter\"",
            "kind = \"counter\"\nsource = \"members\"",
            "19:9: meters.orders: members come and go: a meter with the source members must be a gauge",
        ),
        (
            "kind = \"gauge\"",
            "kind = \"gauge\"\nperiod = \"month\"",
            "22:9: meters.storage: a gauge never starts anew: its period must be lifetime",
        ),
        (
            "kind = \"gauge\"",
            "kind = \"gauge\"\ncolor = \"red\"",
            "24:1: unknown key \"color\" in [meters.storage]",
        ),
        (
            "orders = 10",
            "oders = 10",
            "27:12: a limit for \"oders\", which is not declared in [meters]; did you mean \"orders\"?",
        ),
        (
            "orders = 10",
            "orders = -1",
            "27:21: plans.free.limits.orders: must be a whole number from 0 to 9223372036854775807, and is -1",
        ),
        (
            "orders = 10",
            "orders = 1.5",
            "27:21: plans.free.limits.orders: must be a whole number, and is a decimal number",
        ),
        (
            "orders = 10",
            "orders = \"10 GB\"",
            "27:21: plans.free.limits.orders: must be a whole number or \"unlimited\"; sizes are for meters whose unit is byte",
        ),
        (
            "orders = 10",
            "orders = { limit = 1, perod = \"day\" }",
            "27:34: unknown key \"perod\" in [plans.free.limits.orders]; did you mean \"period\"?",
        ),
        (
            "orders = 10",
            "orders = [{ limit = 1 }, { limit = 2 }]",
            "27:21: plans.free.limits.orders: has two limits for one month",
        ),
        (
            "storage = \"1 GB\"",
            "storage = \"1 GiB\"",
            "27:35: plans.free.limits.storage: sizes are decimal here: write GB, which is 10^9 bytes, not GiB, or \"unlimited\"",
        ),
        (
            "storage = \"1 GB\"",
            "storage = { period = \"day\" }",
            "27:35: plans.free.limits.storage: a gauge never starts anew: its period must be lifetime",
        ),
        (
            "yearly = { USD = \"0\", JPY = \"0\" }\n",
            "",
            "29:13: plans.free has no price for yearly",
        ),
        (
            "JPY = \"2900\"",
            "JPY = \"2900.50\"",
            "39:34: plans.pro.prices.monthly.JPY: JPY has no decimal places, and \"2900.50\" has 2",
        ),
        (
            "USD = \"29.00\"",
            "USD = \"29.005\"",
            "39:19: plans.pro.prices.monthly.USD: USD has 2 decimal places, and \"29.005\" has 3",
        ),
        (
            "USD = \"29.00\"",
            "USD = 29.00",
            "39:19: plans.pro.prices.monthly.USD: write the amount in quotes: \"29.00\"",
        ),
        (
            "USD = \"29.00\"",
            "USD = \"-29.00\"",
            "39:19: plans.pro.prices.monthly.USD: must not be negative, and is \"-29.00\"",
        ),
        (
            "USD = \"29.00\", ",
            "",
            "39:1: plans.pro.prices.monthly has no price in USD",
        ),
        (
            "USD = \"29.00\"",
            "USD = \"29.00\", EUR = \"27.00\"",
            "39:28: EUR is not one of the catalog's currencies (USD, JPY)",
        ),
        (
            "USD = \"29.00\"",
            "USD = \"29.00\", dollars = \"27.00\"",
            "39:28: \"dollars\" is no currency: write an ISO 4217 code such as USD",
        ),
        (
            "per = \"orders\"",
            "per = \"order\"",
            "40:18: plans.pro.prices.yearly.per: \"order\" is neither a meter nor seat; did you mean \"orders\"?",
        ),
        (
            "0.000000000001",
            "0.0000000000001",
            "40:34: plans.pro.prices.yearly.USD: \"0.0000000000001\" has more than 12 decimal places",
        ),
        (
            "aliases = [\"professional\"]",
            "aliases = [\"Free\"]",
            "34:12: \"Free\" is a name of the plan free already",
        ),
        (
            "aliases = [\"professional\"]",
            "aliases = [\"PRO\"]",
            "34:12: the plan pro has the name \"PRO\" twice",
        ),
        (
            "aliases = [\"professional\"]",
            "trial_days = 366",
            "34:14: plans.pro.trial_days: must be a whole number from 0 to 365, and is 366",
        ),
        (
            "aliases = [\"professional\"]",
            "retention_days = 0",
            "34:18: plans.pro.retention_days: must be a whole number from 1 to 36500, and is 0",
        ),
        (
            "aliases = [\"professional\"]",
            "cycles = [\"monthly\"]",
            "40:10: plans.pro.prices.yearly: plans.pro is not sold yearly: see its cycles",
        ),
        (
            "aliases = [\"professional\"]",
            "security_level = \"Top Secret\"",
            "34:18: the security level \"Top Secret\" must be 1 to 64 characters: a lower-case letter, then letters, digits, '_', '.' or '-'",
        ),
        (
            "aliases = [\"professional\"]",
            "metadata = { seats = 5 }",
            "34:22: plans.pro.metadata.seats: must be text in quotes, and is a whole number",
        ),
        (
            "features = [\"export\"]",
            "features = [\"exprot\"]",
            "35:13: the feature \"exprot\" is not declared in [features]; did you mean \"export\"?",
        ),
        (
            "features = [\"export\"]",
            "features = [\"export\", \"Export\"]",
            "35:23: the feature \"Export\" is listed twice",
        ),
    ] {
        assert!(GOOD.contains(before), "{before}");
        let told = mistakes(&GOOD.replacen(before, after, 1));

        if !told
            .iter()
            .any(|line| line.starts_with(&format!("shop.toml:{expected}")))
        {
            missing.push(format!(
                "{after}\nshould tell {expected}\nand tells {}",
                told.join("\n")
            ));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n\n"));
}

#[test]
fn a_mistake_is_told_once() {
    for (before, after) in [
        ("orders = 10", "oders = 10"),
        ("USD = \"29.00\"", "USD = \"29.005\""),
        ("base = \"member\"", "base = \"clerk\""),
        ("aliases = [\"professional\"]", "aliases = [\"Free\"]"),
        ("default_plan = \"free\"", "default_plan = \"gold\""),
    ] {
        let told = mistakes(&GOOD.replacen(before, after, 1));

        assert_eq!(told.len(), 1, "{after}\n{}", told.join("\n"));
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let spoiled = GOOD
        .replacen("\"JPY\"]", "\"JPY\", \"ABC\"]", 1)
        .replacen("base = \"member\"", "base = \"clerk\"", 1)
        .replacen("orders = 10", "orders = -1", 1)
        .replacen("trial", "trail", 1)
        .replacen("features = [\"export\"]", "features = [\"sso\"]\ntrail_days = 3", 1);

    let told = mistakes(&spoiled);

    let lines: Vec<&str> = told.iter().filter_map(|line| line.split(':').nth(1)).collect();
    assert_eq!(lines, ["2", "13", "27", "35", "36"], "{}", told.join("\n"));
    assert!(told[4].contains("did you mean \"trial_days\"?"), "{}", told[4]);
}

#[test]
fn after_a_syntax_error_nothing_else_is_guessed() {
    let told = mistakes(&GOOD.replacen("[features]", "[features", 1));

    assert!(
        !told.is_empty() && told.iter().all(|line| line.starts_with("shop.toml:16:")),
        "{told:?}"
    );
}

#[test]
fn a_plan_that_nobody_may_choose_needs_no_price_and_any_other_does() {
    let hidden = format!("{GOOD}\n[plans.custom]\npublic = false\ncycles = []\n");
    let shown = format!("{GOOD}\n[plans.custom]\ncycles = []\n");
    let priceless = format!("{GOOD}\n[plans.custom]\n");
    let default = hidden.replacen("default_plan = \"free\"", "default_plan = \"custom\"", 1);

    assert_eq!(mistakes(&hidden), Vec::<String>::new());
    assert_eq!(
        mistakes(&shown),
        ["shop.toml:42:8: plans.custom has no cycle; only a plan with public = false can do without a price"]
    );
    assert_eq!(
        mistakes(&priceless),
        ["shop.toml:42:8: plans.custom has no prices; it needs one for monthly at least"]
    );
    assert_eq!(
        mistakes(&default),
        ["shop.toml:4:16: the default plan \"custom\" must be public"]
    );
}

#[test]
fn a_flat_price_and_a_price_per_unit_go_together_and_two_flat_ones_do_not() {
    let both = GOOD.replacen(
        "monthly = { USD = \"29.00\", JPY = \"2900\" }",
        "monthly = [{ USD = \"29.00\", JPY = \"2900\" }, { per = \"orders\", USD = \"0.01\", JPY = \"1\" }]",
        1,
    );
    let twins = both.replacen("per = \"orders\", USD = \"0.01\"", "USD = \"0.01\"", 1);

    assert_eq!(mistakes(&both), Vec::<String>::new());
    assert_eq!(
        mistakes(&twins),
        [
            "shop.toml:39:11: plans.pro.prices.monthly: has two prices in advance in JPY; one is allowed",
            "shop.toml:39:11: plans.pro.prices.monthly: has two prices in advance in USD; one is allowed",
        ]
    );
}

#[test]
fn roles_that_are_not_named_are_the_five_system_roles() {
    let text = GOOD.replacen("[roles.boss]\nbase = \"owner\"\n", "", 1).replacen(
        "[roles.clerk]\nbase = \"member\"\npermissions = [\"orders.ship\"]\n",
        "",
        1,
    );

    let catalog = parse("shop.toml", &text).unwrap().catalog;

    let ship = catalog.find_permission("orders.ship").unwrap();
    let names: Vec<(&str, bool)> = catalog
        .roles()
        .all()
        .iter()
        .map(|role| (role.code.as_str(), role.permissions.holds(&ship)))
        .collect();
    assert_eq!(
        names,
        [
            ("owner", true),
            ("admin", true),
            ("manager", true),
            ("member", true),
            ("viewer", false)
        ]
    );
}
