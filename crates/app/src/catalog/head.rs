//! The top of a catalog, and how its parts come together.

use tenantry_billing::plan::Cycle;
use tenantry_identity::api_key::KeyPrefix;
use tenantry_kernel::{Code, Currency};
use tenantry_lifecycle::catalog::{Catalog, CatalogParts, Dunning, Feature, KeyRules, Offer};
use tenantry_quotas::meter::MeterBook;
use tenantry_tenancy::tenant::{ReservedSlugs, Slug};

use super::plans::Vocabulary;
use super::words::{code, described};
use super::{LoadedCatalog, document, fingerprint, meters, plans, roles};
use crate::nearest::hint;
use crate::toml_source::{Placed, Section};

pub(super) const KEYS: &[&str] = &[
    "name",
    "display",
    "currencies",
    "cycles",
    "default_plan",
    "self_signup",
    "reserved_slugs",
    "invitation_days",
    "api_keys",
    "dunning",
    "permissions",
    "roles",
    "platform_roles",
    "features",
    "meters",
    "plans",
];
const MAX_DAYS: i64 = 3_650;

/// Reads everything; `None` when a part is missing, which was reported.
pub(super) fn read(root: &Section<'_>) -> Option<LoadedCatalog> {
    root.only(KEYS);
    let name = root.need("name").and_then(|item| item.text());
    let name_code = name.and_then(|name| code(root.problems(), name, "catalog"));
    let display = root.text("display").or(name).map_or("", |display| display.value);
    let currencies = currencies(root);
    let cycles = root
        .get("cycles")
        .map_or_else(|| vec![Cycle::Monthly], |item| plans::cycles(&item));
    if let (true, Some(item)) = (cycles.is_empty(), root.get("cycles")) {
        item.wrong("needs a cycle: monthly, yearly or pay_as_you_go");
    }
    let permissions = roles::permissions(root);
    let role_book = roles::book(root, &permissions);
    let platform_roles = roles::platform(root);
    let features: Vec<Feature> = described(root, "features", "feature")
        .into_iter()
        .map(|(code, description)| Feature {
            code: code.value,
            description,
        })
        .collect();
    let declared = meters::read(root);
    let offers = plans::read(
        root,
        &Vocabulary {
            currencies: &currencies,
            cycles: &cycles,
            meters: &declared,
            features: &features,
        },
    );
    let default_plan = default_plan(root, &offers);
    let (prefix, key_rules) = api_keys(root);
    let dunning = dunning(root);
    let reserved = reserved_slugs(root);
    let invitation_days = small(root.number("invitation_days", 1..=365, 7));
    let self_signup = root.flag("self_signup", true);
    let book = MeterBook::new(declared.into_iter().map(|one| one.meter).collect()).ok();
    if root.problems().any() {
        return None;
    }

    let (offers, editions) = document::publish(offers);
    let mut parts = CatalogParts {
        name: name_code?,
        display: display.to_owned(),
        version_hash: String::new(),
        currencies,
        cycles,
        roles: role_book?,
        platform_roles,
        permissions,
        meters: book?,
        features,
        offers,
        default_plan: default_plan?,
        self_signup,
        reserved_slugs: ReservedSlugs::new(&reserved),
        api_key_prefix: prefix?,
        key_rules,
        dunning,
        invitation_days,
    };
    parts.version_hash = fingerprint::of_catalog(&parts, &reserved);
    match Catalog::new(parts) {
        Ok(catalog) => Some(LoadedCatalog { catalog, editions }),
        Err(cause) => {
            root.problems().add(0, cause.to_string());
            None
        }
    }
}

fn currencies(root: &Section<'_>) -> Vec<Currency> {
    let Some(item) = root.need("currencies") else {
        return Vec::new();
    };
    let mut currencies = Vec::new();
    for name in item.texts() {
        match Currency::try_from(name.value) {
            Ok(currency) if currencies.contains(&currency) => {
                root.problems().add(name.at, format!("{currency} is listed twice"));
            }
            Ok(currency) => currencies.push(currency),
            Err(cause) => root.problems().add(name.at, format!("\"{}\" {cause}", name.value)),
        }
    }
    if currencies.is_empty() && item.list().is_some_and(|list| list.is_empty()) {
        item.wrong("needs a currency");
    }
    currencies
}

fn default_plan(root: &Section<'_>, offers: &[Offer]) -> Option<Code> {
    let name = root.need("default_plan")?.text()?;
    let found = offers.iter().find(|offer| offer.code().as_str() == name.value);
    let Some(offer) = found else {
        let help = hint(name.value, offers.iter().map(|offer| offer.code().as_str()));
        let message = format!("the default plan \"{}\" is not in [plans]{help}", name.value);
        root.problems().add(name.at, message);
        return None;
    };
    if !offer.plan.public {
        let message = format!("the default plan \"{}\" must be public", name.value);
        root.problems().add(name.at, message);
    }
    Some(offer.code().clone())
}

fn api_keys(root: &Section<'_>) -> (Option<KeyPrefix>, KeyRules) {
    let standard = KeyRules::default();
    let section = root.section("api_keys");
    let Some(table) = section else {
        return (KeyPrefix::try_from("tk").ok(), standard);
    };
    table.only(&["prefix", "max_per_tenant", "max_expires_in_days", "max_rate_limit"]);
    let text = table.text("prefix").unwrap_or(Placed::new(table.at(), "tk"));
    let prefix = KeyPrefix::try_from(text.value).ok();
    if prefix.is_none() {
        let message = format!("the prefix \"{}\" must be 1 to 8 lower-case letters", text.value);
        root.problems().add(text.at, message);
    }
    let number = |key: &str, most: i64, default: u32| {
        u32::try_from(table.number(key, 1..=most, i64::from(default))).unwrap_or(default)
    };
    let named = |key: &str, most: i64| table.get(key).is_some().then(|| number(key, most, 1));
    let rules = KeyRules {
        max_per_tenant: number("max_per_tenant", 100_000, standard.max_per_tenant),
        max_expires_in_days: named("max_expires_in_days", 36_500),
        max_rate_limit: named("max_rate_limit", i64::from(u32::MAX)),
    };
    (prefix, rules)
}

fn dunning(root: &Section<'_>) -> Dunning {
    let standard = Dunning::default();
    let Some(table) = root.section("dunning") else {
        return standard;
    };
    table.only(&["retry_days", "suspend_after_days", "cancel_after_days"]);
    let retry_days = match table.get("retry_days") {
        None => standard.retry_days,
        Some(item) => {
            let days = item.list().unwrap_or_default();
            let days: Vec<u16> = days
                .iter()
                .filter_map(|day| day.number(1..=MAX_DAYS))
                .map(|day| small(day.value))
                .collect();
            if !days.is_sorted_by(|one, next| one < next) {
                item.wrong("must go upwards: each retry is later than the one before");
            }
            days
        }
    };
    let day = |key: &str, default: u16| small(table.number(key, 1..=MAX_DAYS, i64::from(default)));
    let dunning = Dunning {
        retry_days,
        suspend_after_days: day("suspend_after_days", standard.suspend_after_days),
        cancel_after_days: day("cancel_after_days", standard.cancel_after_days),
    };
    let last_retry = dunning.retry_days.last().copied().unwrap_or_default();
    if dunning.suspend_after_days < last_retry || dunning.cancel_after_days < dunning.suspend_after_days {
        let message = format!(
            "dunning goes from retries to suspension to cancellation: the last retry is on day {last_retry}, \
             suspend_after_days is {}, cancel_after_days is {}",
            dunning.suspend_after_days, dunning.cancel_after_days
        );
        root.problems().add(table.at(), message);
    }
    dunning
}

fn reserved_slugs(root: &Section<'_>) -> Vec<String> {
    let mut slugs = Vec::new();
    for word in root.texts("reserved_slugs") {
        // A word that could be no slug anyway is a mistake, so that nobody relies on it.
        match Slug::try_from(word.value) {
            Ok(slug) => slugs.push(slug.as_str().to_owned()),
            Err(cause) => {
                let message = format!("\"{}\" could be no slug: {cause}", word.value);
                root.problems().add(word.at, message);
            }
        }
    }
    slugs
}

fn small(number: i64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
