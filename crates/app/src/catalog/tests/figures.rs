//! The built-in catalogs against the figures of the five reference systems, typed in a second time.

use tenantry_billing::plan::{Cycle, PriceBasis};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{Currency, Ratio};
use tenantry_quotas::entitlement::Enforcement;
use tenantry_quotas::meter::{MeterKind, MeterSource};
use tenantry_quotas::period::Period;
use tenantry_tenancy::role::SystemRole;

use super::*;

const MB: i64 = 1_000_000;
const GB: i64 = 1_000_000_000;
const TB: i64 = 1_000_000_000_000;

/// A plan: its price per month in minor units, its limits in the order of the meters, its features.
struct Row<'r> {
    plan: &'r str,
    month_minor: i128,
    limits: &'r [Option<i64>],
    features: &'r [&'r str],
}

fn row<'r>(plan: &'r str, month_minor: i128, limits: &'r [Option<i64>], features: &'r [&'r str]) -> Row<'r> {
    Row {
        plan,
        month_minor,
        limits,
        features,
    }
}

fn assert_rows(catalog: &Catalog, currency: Currency, meters: &[&str], rows: &[Row<'_>]) {
    let codes: Vec<&str> = catalog.meters().iter().map(|meter| meter.code.as_str()).collect();
    assert_eq!(codes, meters);
    let plans: Vec<&str> = catalog.offers().iter().map(|offer| offer.code().as_str()).collect();
    assert_eq!(plans, rows.iter().map(|row| row.plan).collect::<Vec<_>>());
    assert_eq!(catalog.currencies(), [currency]);
    for row in rows {
        let offer = plan(catalog, row.plan);
        let price = offer.plan.prices_for(Cycle::Monthly, currency).next().unwrap();
        assert!(matches!(price.basis(), PriceBasis::Flat { .. }), "{}", row.plan);
        assert_eq!(price.unit_price_minor(), Ratio::whole(row.month_minor), "{}", row.plan);
        let limits: Vec<Option<i64>> = catalog
            .meters()
            .iter()
            .map(|meter| offer.allowance(meter).limit)
            .collect();
        assert_eq!(limits, row.limits, "{}", row.plan);
        let features: Vec<&str> = offer.features.iter().map(AsRef::as_ref).collect();
        let mut expected = row.features.to_vec();
        expected.sort_unstable();
        assert_eq!(features, expected, "{}", row.plan);
        assert!(
            offer
                .allowances
                .iter()
                .all(|one| one.enforcement == Enforcement::Hard && !one.overage)
        );
        assert!(offer.plan.public, "{}", row.plan);
    }
}

/// Code, kind, source, period of every meter.
fn assert_meters(catalog: &Catalog, expected: &[(&str, MeterKind, MeterSource, Period)]) {
    let offer = &catalog.offers()[0];
    for (code, kind, source, period) in expected {
        let meter = catalog.meters().find(code).unwrap();
        assert_eq!((meter.kind, meter.source), (*kind, *source), "{code}");
        assert_eq!(offer.allowance(meter).period, *period, "{code}");
    }
    assert_eq!(catalog.meters().iter().count(), expected.len());
}

fn bases(catalog: &Catalog) -> Vec<(&str, SystemRole)> {
    let roles = catalog.roles().all().iter();
    roles.map(|role| (role.code.as_str(), role.base().unwrap())).collect()
}

const MEMBERS: (MeterKind, MeterSource, Period) = (MeterKind::Gauge, MeterSource::Members, Period::Lifetime);
const MONTHLY: (MeterKind, MeterSource, Period) = (MeterKind::Counter, MeterSource::Reported, Period::CalendarMonth);
const GAUGE: (MeterKind, MeterSource, Period) = (MeterKind::Gauge, MeterSource::Reported, Period::Lifetime);
const PER_MINUTE: (MeterKind, MeterSource, Period) = (MeterKind::Rate, MeterSource::Requests, Period::Minute);

fn is(code: &str, how: (MeterKind, MeterSource, Period)) -> (&str, MeterKind, MeterSource, Period) {
    (code, how.0, how.1, how.2)
}

#[test]
fn secure_ai_chat_has_the_figures_of_s0() {
    let catalog = built("secure-ai-chat");

    assert_rows(
        &catalog,
        Currency::JPY,
        &["users", "tokens", "storage"],
        &[
            row("starter", 29_800, &[Some(10), Some(100_000), Some(10 * GB)], &["base"]),
            row(
                "standard",
                49_800,
                &[Some(50), Some(500_000), Some(50 * GB)],
                &["base", "api_access"],
            ),
            row(
                "professional",
                98_000,
                &[Some(200), Some(2_000_000), Some(200 * GB)],
                &["base", "api_access", "custom_branding", "advanced_analytics"],
            ),
            row(
                "enterprise",
                198_000,
                &[None, None, None],
                &[
                    "base",
                    "api_access",
                    "custom_branding",
                    "advanced_analytics",
                    "priority_support",
                    "sso",
                ],
            ),
        ],
    );
    assert_meters(
        &catalog,
        &[is("users", MEMBERS), is("tokens", MONTHLY), is("storage", GAUGE)],
    );
    assert!(catalog.offers().iter().all(|offer| offer.plan.trial_days == 14));
    assert_eq!(catalog.cycles(), [Cycle::Monthly]);
    assert_eq!(
        bases(&catalog),
        [
            ("tenant_admin", SystemRole::Owner),
            ("manager", SystemRole::Manager),
            ("user", SystemRole::Member),
            ("viewer", SystemRole::Viewer),
        ]
    );
    for (spelling, role) in [
        ("TENANT_ADMIN", "tenant_admin"),
        ("MANAGER", "manager"),
        ("USER", "user"),
    ] {
        assert_eq!(catalog.roles().find(spelling).unwrap().code, code(role));
    }
    assert!(catalog.self_signup());
}

#[test]
fn apex_has_the_figures_of_s1() {
    let catalog = built("apex");
    let starter = ["content_lead", "investor", "api_access"];
    let professional = [
        "content_lead",
        "investor",
        "legal_ai",
        "api_access",
        "custom_branding",
        "priority_support",
    ];
    let all = [&professional[..], &["dedicated_support", "sla"]].concat();

    assert_rows(
        &catalog,
        Currency::USD,
        &["users", "content", "leads"],
        &[
            row("free", 0, &[Some(1), Some(10), Some(100)], &["content_lead"]),
            row("starter", 9_900, &[Some(3), Some(100), Some(1_000)], &starter),
            row(
                "professional",
                29_900,
                &[Some(10), Some(500), Some(10_000)],
                &professional,
            ),
            row("enterprise", 99_900, &[None, None, None], &all),
        ],
    );
    assert_meters(
        &catalog,
        &[is("users", MEMBERS), is("content", MONTHLY), is("leads", MONTHLY)],
    );
    assert_eq!(catalog.api_key_prefix().to_string(), "sk");
    assert_eq!(catalog.default_plan(), &code("free"));
    assert_eq!(plan(&catalog, "Pro").code(), &code("professional"));
    assert!(catalog.offers().iter().all(|offer| offer.plan.trial_days == 0));
}

#[test]
fn apex_reproduces_the_revenue_projections() {
    let catalog = built("apex");
    let price = |name: &str| plan(&catalog, name).plan.prices[0].unit_price_minor().numerator() / 100;

    for (starter, professional, enterprise, month) in [
        (10, 5, 0, 2_485),
        (30, 20, 5, 13_945),
        (100, 50, 10, 34_840),
        (300, 150, 50, 124_500),
    ] {
        let sum = starter * price("starter") + professional * price("professional") + enterprise * price("enterprise");

        assert_eq!(sum, month);
    }
}

#[test]
fn securenet_has_the_figures_of_s2() {
    let catalog = built("securenet");
    let limits =
        |users, devices, storage, calls, alerts| [Some(users), Some(devices), Some(storage), Some(calls), Some(alerts)];

    assert_rows(
        &catalog,
        Currency::USD,
        &["users", "devices", "storage", "api_calls", "alerts"],
        &[
            row("free", 0, &limits(5, 10, GB, 1_000, 100), &[]),
            row("professional", 29_900, &limits(50, 100, 10 * GB, 10_000, 1_000), &[]),
            row("business", 79_900, &limits(500, 1_000, 100 * GB, 100_000, 10_000), &[]),
            row(
                "enterprise",
                199_900,
                &limits(1_000, 5_000, 500 * GB, 500_000, 50_000),
                &[],
            ),
            row(
                "msp",
                299_900,
                &limits(1_000, 10_000, TB, 1_000_000, 100_000),
                &["sub_tenants", "reseller"],
            ),
        ],
    );
    let calls = (MeterKind::Counter, MeterSource::Requests, Period::CalendarMonth);
    assert_meters(
        &catalog,
        &[
            is("users", MEMBERS),
            is("devices", GAUGE),
            is("storage", GAUGE),
            is("api_calls", calls),
            is("alerts", MONTHLY),
        ],
    );
    for (name, days, level) in [
        ("free", 30, "basic"),
        ("professional", 90, "standard"),
        ("business", 365, "advanced"),
        ("enterprise", 730, "enterprise"),
        ("msp", 730, "enterprise"),
    ] {
        let offer = plan(&catalog, name);
        assert_eq!(offer.retention_days, Some(days), "{name}");
        assert_eq!(offer.security_level, Some(code(level)), "{name}");
    }
}

#[test]
fn pytake_has_the_figures_of_s3() {
    let catalog = built("pytake");
    let limits = |counts: [Option<i64>; 5], storage: i64, automations: i64| {
        [
            counts[0],
            counts[1],
            counts[2],
            counts[3],
            counts[4],
            Some(storage),
            Some(automations),
        ]
    };

    assert_rows(
        &catalog,
        Currency::USD,
        &[
            "messages",
            "contacts",
            "users",
            "api_calls",
            "webhook_endpoints",
            "storage",
            "automations",
        ],
        &[
            row("free", 0, &limits([1_000, 100, 2, 10, 1].map(Some), 100 * MB, 3), &[]),
            row(
                "starter",
                2_900,
                &limits([10_000, 1_000, 5, 100, 3].map(Some), GB, 10),
                &[],
            ),
            row(
                "pro",
                9_900,
                &limits([100_000, 10_000, 20, 1_000, 10].map(Some), 10 * GB, 50),
                &[],
            ),
            row(
                "enterprise",
                29_900,
                &limits([None, None, Some(100), Some(10_000), Some(50)], 100 * GB, 200),
                &[],
            ),
        ],
    );
    assert_meters(
        &catalog,
        &[
            is("messages", MONTHLY),
            is("contacts", GAUGE),
            is("users", MEMBERS),
            is("api_calls", PER_MINUTE),
            is("webhook_endpoints", GAUGE),
            is("storage", GAUGE),
            is("automations", GAUGE),
        ],
    );
    assert_eq!(catalog.api_key_prefix().to_string(), "pk");
    assert_eq!(catalog.cycles(), [Cycle::Monthly, Cycle::Yearly, Cycle::PayAsYouGo]);
    assert_eq!(
        bases(&catalog),
        [
            ("owner", SystemRole::Owner),
            ("admin", SystemRole::Admin),
            ("manager", SystemRole::Manager),
            ("user", SystemRole::Member),
            ("read_only", SystemRole::Viewer),
        ]
    );
    assert_eq!(catalog.roles().find("ReadOnly").unwrap().code, code("read_only"));
    for name in ["ManageWhatsApp", "view_analytics", "whatsapp.send", "whatsapp.receive"] {
        let permission = catalog.find_permission(name).unwrap();
        let holds = |role: &str| catalog.roles().find(role).unwrap().permissions.holds(&permission);
        assert!(holds("owner") && holds("admin") && !holds("read_only"), "{name}");
    }
}

#[test]
fn pytake_years_cost_twelve_months_and_messages_cost_less_on_larger_plans() {
    let catalog = built("pytake");
    let mut before = Ratio::ONE;

    for offer in catalog.offers() {
        let price = |cycle| offer.plan.prices_for(cycle, Currency::USD).next().cloned();
        let month = price(Cycle::Monthly).unwrap().unit_price_minor();
        let year = price(Cycle::Yearly).unwrap().unit_price_minor();
        assert_eq!(year, month.times(Ratio::whole(12)).unwrap(), "{}", offer.code());

        let Some(message) = price(Cycle::PayAsYouGo) else {
            assert_eq!(offer.code(), &code("free"));
            continue;
        };
        assert!(matches!(message.basis(), PriceBasis::PerUnit { meter, .. } if *meter == code("messages")));
        assert!(message.unit_price_minor() < before && message.unit_price_minor() > Ratio::ZERO);
        before = message.unit_price_minor();
    }
}

#[test]
fn rentroll_has_the_rules_of_s4() {
    let catalog = built("rentroll");

    assert!(!catalog.self_signup());
    assert_meters(&catalog, &[is("units", MONTHLY)]);
    assert_eq!(
        bases(&catalog),
        [("client_admin", SystemRole::Owner), ("client_user", SystemRole::Member)]
    );
    assert_eq!(catalog.platform_role("super_admin"), Some(PlatformRole::Operator));
    for (name, minor) in [("basic", 150), ("pro", 250)] {
        let offer = plan(&catalog, name);
        let price = &offer.plan.prices[0];
        assert!(matches!(price.basis(), PriceBasis::PerUnit { meter, .. } if *meter == code("units")));
        assert_eq!(
            (price.cycle(), price.unit_price_minor()),
            (Cycle::Monthly, Ratio::whole(minor))
        );
        assert!(offer.plan.public && offer.allowances.iter().all(|one| one.limit.is_none()));
    }
    assert!(
        plan(&catalog, "pro")
            .features
            .is_superset(&plan(&catalog, "basic").features)
    );
    let enterprise = plan(&catalog, "enterprise");
    assert!(!enterprise.plan.public && enterprise.plan.prices.is_empty());
    assert!(
        enterprise.plan.is_offered(Cycle::Monthly, Currency::USD),
        "operators can give it out"
    );
}

#[test]
fn the_default_catalog_sells_in_two_currencies_with_a_trial_on_what_costs() {
    let catalog = built("default");

    assert_eq!(catalog.currencies(), [Currency::USD, Currency::EUR]);
    assert_eq!(catalog.api_key_prefix().to_string(), "tk");
    for offer in catalog.offers() {
        for currency in catalog.currencies() {
            let costs = !offer.plan.is_free(Cycle::Monthly, *currency);
            assert_eq!(offer.plan.trial_days, if costs { 14 } else { 0 }, "{}", offer.code());
            assert!(offer.plan.is_offered(Cycle::Yearly, *currency));
        }
    }
    let names: Vec<&str> = catalog.roles().all().iter().map(|role| role.code.as_str()).collect();
    assert_eq!(names, ["owner", "admin", "manager", "member", "viewer"]);
}
