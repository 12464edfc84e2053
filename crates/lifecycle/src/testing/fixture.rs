//! A catalog to test with, and what people ask for in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenantry_billing::plan::{Cycle, Plan, Price};
use tenantry_identity::api_key::KeyPrefix;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::time::macros::datetime;
use tenantry_kernel::{Code, Currency, DisplayName, EmailAddress, Money, Permission, PermissionSet, Ratio, Secret};
use tenantry_quotas::entitlement::{Allowance, Enforcement, Share};
use tenantry_quotas::meter::{Aggregation, Engine, EventRule, Meter, MeterBook, MeterKind, MeterSource};
use tenantry_quotas::period::Period;
use tenantry_tenancy::role::RoleBook;
use tenantry_tenancy::tenant::{ReservedSlugs, Slug};

use crate::catalog::{ApplicationPermission, Catalog, CatalogParts, Dunning, Feature, KeyRules, Offer};
use crate::roles;
use crate::sign_up::{OwnerRequest, SignUp};

/// When tests begin.
pub const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

/// Everybody's password.
pub const PASSWORD: &str = "a long enough passphrase";

/// A fixture that is what it says.
///
/// # Panics
/// When it is not.
pub fn valid<T, E: std::fmt::Display>(made: Result<T, E>) -> T {
    made.unwrap_or_else(|cause| unreachable!("the fixture is not valid: {cause}"))
}

/// A code.
#[must_use]
pub fn code(text: &str) -> Code {
    valid(Code::try_from(text))
}

/// An address.
#[must_use]
pub fn email(text: &str) -> EmailAddress {
    valid(EmailAddress::try_from(text))
}

/// A name.
#[must_use]
pub fn name(text: &str) -> DisplayName {
    valid(DisplayName::try_from(text))
}

/// A password.
#[must_use]
pub fn password(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// The meter that counts members.
pub const USERS: &str = "users";
/// The meter that the application reports.
pub const MESSAGES: &str = "messages";

/// A plan's code, monthly price in cents, days of trial, seats.
type Row = (&'static str, i64, u16, Option<i64>);

/// The plans by rank. A year costs twelve months.
const PLANS: [Row; 5] = [
    ("free", 0, 0, Some(2)),
    ("starter", 9_900, 14, Some(3)),
    ("team", 19_900, 0, Some(5)),
    ("professional", 29_900, 14, Some(10)),
    ("enterprise", 99_900, 0, None),
];

/// What the catalog of the tests is made of: five plans in dollars, `enterprise` not for everyone; `professional`
/// is also called `pro`; and `metered`, which bills each message 1.50 after the month.
#[must_use]
pub fn parts() -> CatalogParts {
    let reports = valid(Permission::declared("reports.view"));
    let application = PermissionSet::from_iter([reports.clone()]);
    let mut offers: Vec<Offer> = (0..).zip(PLANS).map(|(rank, row)| offer(rank, row)).collect();
    offers.push(metered());
    CatalogParts {
        name: code("test"),
        display: "Test".to_owned(),
        version_hash: "h1".to_owned(),
        currencies: vec![Currency::USD],
        cycles: vec![Cycle::Monthly, Cycle::Yearly],
        roles: valid(RoleBook::new(roles::system_roles(&application))),
        platform_roles: Vec::new(),
        permissions: vec![ApplicationPermission {
            permission: reports,
            description: String::new(),
        }],
        meters: valid(MeterBook::new(vec![
            meter(USERS, MeterKind::Gauge, MeterSource::Members),
            meter(MESSAGES, MeterKind::Counter, MeterSource::Reported),
        ])),
        features: vec![Feature {
            code: code("api_access"),
            description: String::new(),
        }],
        offers,
        default_plan: code("free"),
        self_signup: true,
        reserved_slugs: ReservedSlugs::default(),
        api_key_prefix: valid(KeyPrefix::try_from("tk")),
        key_rules: KeyRules::default(),
        dunning: Dunning::default(),
        invitation_days: 5,
    }
}

/// The catalog of the tests.
#[must_use]
pub fn catalog() -> Catalog {
    valid(Catalog::new(parts()))
}

fn meter(text: &str, kind: MeterKind, source: MeterSource) -> Meter {
    Meter {
        code: code(text),
        name: text.to_owned(),
        unit: "one".to_owned(),
        kind,
        source,
        aggregation: Aggregation::default(),
        engine: Engine::default(),
        events: EventRule::default(),
    }
}

/// A hard limit for the whole tenant.
#[must_use]
pub fn allowance(meter: &str, limit: Option<i64>, period: Period) -> Allowance {
    Allowance {
        meter: code(meter),
        limit,
        enforcement: Enforcement::Hard,
        overage: false,
        period,
        share: Share::Tenant,
        rollover: None,
        grace_percent: 0,
    }
}

fn offer(rank: u32, (text, monthly, trial_days, seats): Row) -> Offer {
    let price = |cycle, minor| Price::flat(cycle, Money::new(minor, Currency::USD));
    Offer {
        plan: Arc::new(Plan {
            code: code(text),
            version: "v1".to_owned(),
            name: text.to_owned(),
            description: String::new(),
            public: text != "enterprise",
            rank,
            trial_days,
            prices: vec![price(Cycle::Monthly, monthly), price(Cycle::Yearly, monthly * 12)],
        }),
        aliases: if text == "professional" {
            vec!["pro".to_owned()]
        } else {
            Vec::new()
        },
        allowances: vec![allowance(USERS, seats, Period::Lifetime)],
        features: BTreeSet::new(),
        values: BTreeMap::new(),
        trial_allowances: Vec::new(),
        rates: tenantry_quotas::rate::PlanRates::default(),
        retention_days: None,
        security_level: None,
        metadata: BTreeMap::new(),
    }
}

fn metered() -> Offer {
    let price = Price::per_unit(Cycle::Monthly, Currency::USD, code(MESSAGES), Ratio::whole(150));
    let mut offer = offer(9, ("metered", 0, 0, None));
    let plan = Arc::make_mut(&mut offer.plan);
    plan.prices = vec![price];
    offer
}

/// A sign-up on a plan: `owner@<slug>.example` with everybody's password.
#[must_use]
pub fn sign_up(slug: &str, plan: &str) -> SignUp {
    SignUp {
        name: name(slug),
        slug: Some(valid(Slug::try_from(slug))),
        plan: Some(plan.to_owned()),
        cycle: None,
        currency: None,
        owner: OwnerRequest {
            email: email(&format!("owner@{slug}.example")),
            name: name("Olive Owner"),
            password: Some(password(PASSWORD)),
        },
        billing_email: Some(email(&format!("billing@{slug}.example"))),
        phone: None,
        timezone: None,
        locale: None,
        company_size: None,
        use_case: None,
        region: None,
    }
}
