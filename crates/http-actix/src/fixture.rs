//! A small catalog for tests of actions.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenantry_billing::plan::{Cycle, Plan, Price};
use tenantry_identity::api_key::KeyPrefix;
use tenantry_kernel::{Code, Currency, Money, Permission, PermissionSet, Ratio};
use tenantry_lifecycle::catalog::{ApplicationPermission, Catalog, CatalogParts, Dunning, Feature, KeyRules, Offer};
use tenantry_lifecycle::roles;
use tenantry_quotas::entitlement::{Allowance, Enforcement, Share};
use tenantry_quotas::meter::{MeterBook, MeterKind};
use tenantry_quotas::period::Period;
use tenantry_quotas::testing::{code, meter};
use tenantry_tenancy::role::RoleBook;
use tenantry_tenancy::tenant::ReservedSlugs;

fn offer(plan: &str, rank: u32, public: bool, prices: Vec<Price>, messages: Option<i64>) -> Offer {
    Offer {
        plan: Arc::new(Plan {
            code: code(plan),
            version: format!("{plan}-1"),
            name: plan.to_owned(),
            description: "A plan.".to_owned(),
            public,
            rank,
            trial_days: 14,
            prices,
        }),
        aliases: Vec::new(),
        allowances: vec![Allowance {
            meter: code("messages"),
            limit: messages,
            enforcement: Enforcement::Hard,
            overage: false,
            period: Period::CalendarMonth,
            share: Share::Tenant,
            rollover: None,
            grace_percent: 0,
        }],
        features: [code("api_access")].into_iter().collect(),
        values: std::collections::BTreeMap::new(),
        trial_allowances: Vec::new(),
        rates: tenantry_quotas::rate::PlanRates::default(),
        retention_days: None,
        security_level: None,
        metadata: BTreeMap::new(),
    }
}

/// Two public plans and a hidden one, one meter, the application's permission `whatsapp.send`.
pub(crate) fn catalog() -> Catalog {
    let send = Permission::declared("whatsapp.send").unwrap();
    let yen = |amount| Money::new(amount, Currency::JPY);
    let cent_fraction = Ratio::new(3, 5).unwrap();
    let messages: Code = code("messages");
    let parts = CatalogParts {
        name: code("test"),
        display: "Test".to_owned(),
        version_hash: "h1".to_owned(),
        currencies: vec![Currency::JPY],
        cycles: vec![Cycle::Monthly, Cycle::PayAsYouGo],
        roles: RoleBook::new(roles::system_roles(&PermissionSet::from_iter([send.clone()]))).unwrap(),
        platform_roles: Vec::new(),
        permissions: vec![ApplicationPermission {
            permission: send,
            description: String::new(),
        }],
        meters: MeterBook::new(vec![meter("messages", MeterKind::Counter)]).unwrap(),
        features: vec![Feature {
            code: code("api_access"),
            description: String::new(),
        }],
        offers: vec![
            offer("free", 0, true, vec![Price::flat(Cycle::Monthly, yen(0))], Some(10)),
            offer(
                "pro",
                1,
                true,
                vec![
                    Price::per_seat(Cycle::Monthly, yen(29_800)),
                    Price::per_unit(Cycle::PayAsYouGo, Currency::JPY, messages, cent_fraction),
                ],
                None,
            ),
            offer("secret", 2, false, vec![Price::flat(Cycle::Monthly, yen(1))], None),
        ],
        default_plan: code("free"),
        self_signup: true,
        reserved_slugs: ReservedSlugs::default(),
        api_key_prefix: KeyPrefix::try_from("tk").unwrap(),
        key_rules: KeyRules::default(),
        dunning: Dunning::default(),
        invitation_days: 7,
    };
    Catalog::new(parts).unwrap()
}
