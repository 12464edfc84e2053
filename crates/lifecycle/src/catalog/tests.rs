//! Tests of the catalog's look-ups and checks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenantry_billing::plan::{Cycle, Plan, PlanRef, PlanSource, Price};
use tenantry_billing::start::plan_start;
use tenantry_billing::subscription::{Quantity, Subscription, SubscriptionId, Terms};
use tenantry_identity::api_key::KeyPrefix;
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Code, Currency, Money, Permission, PermissionSet, Value};
use tenantry_quotas::directory::PlanLadder;
use tenantry_quotas::entitlement::{Allowance, Share};
use tenantry_quotas::meter::{Aggregation, Engine, EventRule, Meter, MeterBook, MeterKind, MeterSource};
use tenantry_quotas::period::Period;
use tenantry_quotas::rate::{PerMinute, PlanRateBook, PlanRates};
use tenantry_tenancy::role::RoleBook;
use tenantry_tenancy::tenant::ReservedSlugs;

use super::*;
use crate::roles;
use crate::testing::fixture::{NOW, allowance};

fn code(text: &str) -> Code {
    Code::try_from(text).unwrap()
}

fn offer(plan: &str, rank: u32, messages: Option<i64>, features: &[&str]) -> Offer {
    Offer {
        plan: Arc::new(Plan {
            code: code(plan),
            version: format!("{plan}-1"),
            name: plan.to_owned(),
            description: String::new(),
            public: true,
            rank,
            trial_days: 0,
            prices: vec![Price::flat(
                Cycle::Monthly,
                Money::new(i64::from(rank) * 100, Currency::USD),
            )],
        }),
        aliases: Vec::new(),
        allowances: vec![allowance("messages", messages, Period::CalendarMonth)],
        features: features.iter().map(|feature| code(feature)).collect(),
        values: BTreeMap::new(),
        trial_allowances: Vec::new(),
        rates: PlanRates::default(),
        retention_days: None,
        security_level: None,
        metadata: BTreeMap::new(),
    }
}

fn parts() -> CatalogParts {
    let send = Permission::declared("whatsapp.send").unwrap();
    let application = PermissionSet::from_iter([send.clone()]);
    CatalogParts {
        name: code("test"),
        display: "Test".into(),
        version_hash: "h1".into(),
        currencies: vec![Currency::USD],
        cycles: vec![Cycle::Monthly, Cycle::Yearly],
        roles: RoleBook::new(roles::system_roles(&application)).unwrap(),
        platform_roles: vec![PlatformRoleName {
            name: code("super_admin"),
            role: PlatformRole::Operator,
        }],
        permissions: vec![ApplicationPermission {
            permission: send,
            description: String::new(),
        }],
        meters: MeterBook::new(vec![Meter {
            code: code("messages"),
            name: "Messages".into(),
            unit: "message".into(),
            kind: MeterKind::Counter,
            source: MeterSource::Reported,
            aggregation: Aggregation::default(),
            engine: Engine::default(),
            events: EventRule::default(),
        }])
        .unwrap(),
        features: vec![Feature {
            code: code("api_access"),
            description: String::new(),
        }],
        // Out of order: the ladder goes by rank.
        offers: vec![
            offer("enterprise", 3, None, &["api_access"]),
            offer("free", 0, Some(10), &[]),
            offer("pro", 2, Some(1_000), &["api_access"]),
            offer("starter", 1, Some(100), &[]),
        ],
        default_plan: code("free"),
        self_signup: true,
        reserved_slugs: ReservedSlugs::default(),
        api_key_prefix: KeyPrefix::try_from("tk").unwrap(),
        key_rules: KeyRules::default(),
        dunning: Dunning::default(),
        invitation_days: 7,
    }
}

fn change(parts: &mut CatalogParts, plan: &str, edit: impl FnOnce(&mut Offer)) {
    edit(
        parts
            .offers
            .iter_mut()
            .find(|offer| offer.plan.code.as_str() == plan)
            .unwrap(),
    );
}

fn edit_plan(offer: &mut Offer, edit: impl FnOnce(&mut Plan)) {
    edit(Arc::make_mut(&mut offer.plan));
}

#[test]
fn a_plan_is_found_by_code_and_alias_in_any_spelling() {
    let mut parts = parts();
    change(&mut parts, "pro", |offer| {
        offer.aliases = vec!["Professional Plan".into()];
    });

    let catalog = Catalog::new(parts).unwrap();

    for text in ["pro", "PRO", "professional_plan", "ProfessionalPlan"] {
        assert_eq!(catalog.find_plan(text).unwrap().code(), &code("pro"), "{text}");
    }
    assert!(catalog.find_plan("gold").is_none());
}

#[test]
fn the_ladder_names_the_smallest_plan_that_lifts_the_limit() {
    let catalog = Catalog::new(parts()).unwrap();
    let lifting = |current, needed| catalog.lifting(&code(current), &code("messages"), needed);

    assert_eq!(lifting("free", 11), Some(code("starter")));
    assert_eq!(lifting("free", 100), Some(code("starter")));
    assert_eq!(lifting("free", 101), Some(code("pro")));
    assert_eq!(lifting("free", 1_000_000), Some(code("enterprise")));
    assert_eq!(lifting("pro", 5), Some(code("enterprise")), "never a step down");
    assert_eq!(lifting("enterprise", 5), None);
    assert_eq!(catalog.lifting(&code("free"), &code("unknown"), 1), None);
}

#[test]
fn the_ladder_never_names_a_plan_that_nobody_may_choose() {
    let mut parts = parts();
    change(&mut parts, "starter", |offer| {
        edit_plan(offer, |plan| plan.public = false);
    });

    let catalog = Catalog::new(parts).unwrap();

    assert_eq!(catalog.lifting(&code("free"), &code("messages"), 11), Some(code("pro")));
    assert_eq!(catalog.granting(&code("free"), &code("api_access")), Some(code("pro")));
    let on_show: Vec<&str> = catalog.public_offers().map(|offer| offer.code().as_str()).collect();
    assert_eq!(on_show, ["free", "pro", "enterprise"]);
}

#[test]
fn subscribers_keep_the_edition_that_they_bought() {
    let mut old = offer("pro", 2, Some(500), &[]);
    edit_plan(&mut old, |plan| plan.version = "pro-0".into());
    let today = offer("pro", 2, Some(1_000), &["api_access"]);
    let catalog = Catalog::new(parts())
        .unwrap()
        .with_earlier(vec![old.clone(), today.clone()]);

    let bought = PlanRef {
        code: code("pro"),
        version: "pro-0".into(),
    };

    assert_eq!(catalog.offer(&bought), Some(&old));
    assert_eq!(catalog.find(&bought), Some(Arc::clone(&old.plan)));
    assert_eq!(catalog.current(&code("pro")), Some(today.plan));
    let unknown = PlanRef {
        code: code("pro"),
        version: "pro-9".into(),
    };
    assert_eq!(catalog.find(&unknown), None);
}

/// A subscription to this offer, with a trial of so many days.
fn subscribed(offer: &Offer, trial_days: u16) -> Subscription {
    let plan = Plan {
        trial_days,
        ..(*offer.plan).clone()
    };
    let terms = Terms {
        plan: offer.reference(),
        cycle: Cycle::Monthly,
        quantity: Quantity::ONE,
    };
    let id = SubscriptionId::from_uuid(Uuid::from_u128(1));
    plan_start(id, &plan, terms, Currency::USD, NOW).unwrap().subscription
}

#[test]
fn entitlements_are_a_copy_of_the_edition() {
    let catalog = Catalog::new(parts()).unwrap();
    let pro = catalog.find_plan("pro").unwrap();
    let seats = BTreeMap::from([(code("seats"), Value::Int(5))]);
    let pro = Offer {
        values: seats.clone(),
        ..pro.clone()
    };

    let entitlements = pro.entitlements("Asia/Tokyo", &subscribed(&pro, 0));

    assert_eq!(entitlements.plan, code("pro"));
    assert_eq!(entitlements.plan_version, "pro-1");
    assert_eq!(entitlements.allowances[0].limit, Some(1_000));
    assert_eq!(entitlements.features, BTreeSet::from([code("api_access")]));
    assert_eq!(entitlements.values, seats);
    assert_eq!(entitlements.zone.name(), "Asia/Tokyo");
    assert_eq!(entitlements.anchor, NOW);
    assert!(entitlements.overrides.is_empty());
}

#[test]
fn a_trial_has_limits_of_its_own_for_the_meters_that_it_names() {
    let mut pro = offer("pro", 1, Some(1_000), &[]);
    pro.allowances.extend([
        allowance("messages", Some(90), Period::Day),
        allowance("users", Some(9), Period::Lifetime),
    ]);
    pro.trial_allowances = vec![allowance("messages", Some(20), Period::CalendarMonth)];
    let limits = |subscription: &Subscription| {
        let granted = pro.entitlements("UTC", subscription).allowances;
        granted
            .into_iter()
            .map(|one| (one.meter.to_string(), one.limit.unwrap()))
            .collect::<Vec<_>>()
    };
    let of = |meter: &str, limit| (meter.to_owned(), limit);

    let trying = limits(&subscribed(&pro, 14));
    let paying = limits(&subscribed(&pro, 0));
    let trying_another = limits(&subscribed(&offer("max", 2, None, &[]), 14));

    assert_eq!(trying, [of("users", 9), of("messages", 20)]);
    assert_eq!(paying, [of("messages", 1_000), of("messages", 90), of("users", 9)]);
    assert_eq!(trying_another, paying, "what comes after the trial of another plan");
}

#[test]
fn of_several_allowances_the_longest_is_shown_and_none_is_unlimited() {
    let catalog = Catalog::new(parts()).unwrap();
    let meter = catalog.meters().find("messages").unwrap();
    let mut two = offer("two", 9, Some(10), &[]);
    let daily = Allowance {
        limit: Some(3),
        period: Period::Day,
        ..two.allowances[0].clone()
    };
    let each = Allowance {
        limit: Some(2),
        share: Share::User,
        ..two.allowances[0].clone()
    };
    two.allowances.extend([daily, each]);
    let none = Offer {
        allowances: Vec::new(),
        ..two.clone()
    };

    assert_eq!(two.allowance(meter).limit, Some(10));
    assert_eq!(none.allowance(meter).limit, None);
}

#[test]
fn platform_roles_go_by_the_catalogs_name_and_by_tenantrys() {
    let catalog = Catalog::new(parts()).unwrap();

    assert_eq!(catalog.platform_role("SuperAdmin"), Some(PlatformRole::Operator));
    assert_eq!(catalog.platform_role("operator"), Some(PlatformRole::Operator));
    assert_eq!(catalog.platform_role("support"), Some(PlatformRole::Support));
    assert_eq!(catalog.platform_role("owner"), None);
    assert_eq!(catalog.platform_role_name(PlatformRole::Operator), "super_admin");
    assert_eq!(catalog.platform_role_name(PlatformRole::Support), "support");
}

#[test]
fn permissions_and_features_are_found_in_any_spelling() {
    let catalog = Catalog::new(parts()).unwrap();

    assert_eq!(
        catalog.find_permission("WhatsApp.Send").unwrap().as_str(),
        "whatsapp.send"
    );
    assert_eq!(
        catalog.find_permission("ApiKeys.Read").unwrap().as_str(),
        "api_keys.read"
    );
    assert!(catalog.find_permission("platform.manage").is_none());
    assert_eq!(catalog.find_feature("ApiAccess"), Some(&code("api_access")));
}

#[test]
fn a_plan_is_sold_in_the_first_cycle_that_has_a_price() {
    let catalog = Catalog::new(parts()).unwrap();
    let yearly = Plan {
        prices: vec![Price::flat(Cycle::Yearly, Money::new(1, Currency::USD))],
        ..(*catalog.find_plan("pro").unwrap().plan).clone()
    };
    let priceless = Plan {
        prices: Vec::new(),
        ..yearly.clone()
    };

    assert_eq!(catalog.default_cycle(&yearly, Currency::USD), Cycle::Yearly);
    assert_eq!(catalog.default_cycle(&priceless, Currency::USD), Cycle::Monthly);
}

#[test]
fn parts_that_do_not_fit_are_refused_by_name() {
    type Spoil = fn(&mut CatalogParts);
    let cases: [(Spoil, &str); 9] = [
        (|parts| parts.currencies.clear(), "a catalog needs a currency"),
        (|parts| parts.cycles.clear(), "a catalog needs a billing cycle"),
        (
            |parts| parts.default_plan = code("gold"),
            "the default plan gold is not in the catalog",
        ),
        (
            |parts| change(parts, "pro", |offer| offer.aliases = vec!["Free".into()]),
            "two plans are called Free",
        ),
        (
            |parts| change(parts, "pro", |offer| offer.allowances[0].meter = code("faxes")),
            "the plan pro names the meter faxes, which the catalog does not declare",
        ),
        (
            |parts| {
                change(parts, "pro", |offer| {
                    offer.trial_allowances = vec![allowance("faxes", None, Period::Day)];
                });
            },
            "the plan pro names the meter faxes, which the catalog does not declare",
        ),
        (
            |parts| change(parts, "pro", |offer| offer.features = BTreeSet::from([code("sso")])),
            "the plan pro names the feature sso, which the catalog does not declare",
        ),
        (
            |parts| parts.currencies = vec![Currency::JPY],
            "the plan free names the currency USD, which the catalog does not declare",
        ),
        (
            |parts| {
                change(parts, "pro", |offer| {
                    edit_plan(offer, |plan| {
                        let price = Price::flat(Cycle::Monthly, Money::new(-1, Currency::USD));
                        plan.prices = vec![price];
                    });
                });
            },
            "the plan pro has a negative price for monthly in USD",
        ),
    ];
    for (spoil, expected) in cases {
        let mut parts = parts();
        spoil(&mut parts);

        let refused = Catalog::new(parts).map(|_| ()).unwrap_err();

        assert_eq!(refused.to_string(), expected);
    }
}

#[test]
fn subscribers_keep_the_rates_of_the_edition_that_they_bought() {
    let mut old = offer("pro", 2, Some(500), &[]);
    edit_plan(&mut old, |plan| plan.version = "pro-0".into());
    old.rates.per_user = PerMinute::new(60);
    let mut parts = parts();
    change(&mut parts, "pro", |offer| offer.rates.per_user = PerMinute::new(120));
    let catalog = Catalog::new(parts).unwrap().with_earlier(vec![old]);

    let rates = EditionRates::of(&catalog);

    let per_user = |plan: &str, version: &str| rates.rates_of(&code(plan), version).per_user;
    assert_eq!(per_user("pro", "pro-0"), PerMinute::new(60));
    assert_eq!(per_user("pro", "pro-1"), PerMinute::new(120));
    assert_eq!(per_user("pro", "pro-9"), PerMinute::new(120), "published elsewhere");
    assert_eq!(per_user("free", "free-1"), None);
    assert_eq!(per_user("free", "pro-0"), None, "another plan's edition");
    assert!(rates.limits_anything());
}
