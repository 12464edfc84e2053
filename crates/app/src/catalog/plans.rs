//! `[plans.<code>]`: what is sold. Their order in the file is the ladder from the smallest to the largest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenantry_billing::plan::{Cycle, Plan};
use tenantry_kernel::{Code, Currency, Value};
use tenantry_lifecycle::catalog::{Feature, Offer};

use super::meters::Declared;
use super::words::{Names, code};
use super::{limits, prices, rates};
use crate::nearest::hint;
use crate::toml_source::{Item, Placed, Section};

pub(super) const KEYS: &[&str] = &[
    "name",
    "description",
    "aliases",
    "public",
    "trial_days",
    "cycles",
    "features",
    "limits",
    "values",
    "trial_limits",
    "prices",
    "rates",
    "retention_days",
    "security_level",
    "metadata",
];
/// The longest trial.
const MAX_TRIAL_DAYS: i64 = 365;
/// A hundred years: longer is a mistake, not a retention.
const MAX_RETENTION_DAYS: i64 = 36_500;

/// What plans may refer to.
pub(super) struct Vocabulary<'v> {
    pub currencies: &'v [Currency],
    pub cycles: &'v [Cycle],
    pub meters: &'v [Declared],
    pub features: &'v [Feature],
}

/// Every plan, with the first one ranked lowest. Editions have no version yet.
pub(super) fn read(root: &Section<'_>, words: &Vocabulary<'_>) -> Vec<Offer> {
    let Some(section) = root.need("plans").and_then(|item| item.section()) else {
        return Vec::new();
    };
    let mut names = Names::new("plan");
    let mut offers = Vec::new();
    for (rank, (name, item)) in (0_u32..).zip(section.entries()) {
        let code = code(root.problems(), name, "plan");
        if let Some((table, code)) = item.section().zip(code) {
            names.take(root.problems(), name, code.as_str());
            offers.push(one(&table, name, code, rank, words, &mut names));
        }
    }
    if section.entries().next().is_none() {
        root.problems().add(section.at(), "a catalog needs a plan");
    }
    offers
}

fn one(
    table: &Section<'_>,
    name: Placed<&str>,
    code: Code,
    rank: u32,
    words: &Vocabulary<'_>,
    names: &mut Names,
) -> Offer {
    table.only(KEYS);
    let mut aliases = Vec::new();
    for alias in table.texts("aliases") {
        names.take(table.problems(), alias, code.as_str());
        aliases.push(alias.value.to_owned());
    }
    let public = table.flag("public", true);
    let cycles = table
        .get("cycles")
        .map_or_else(|| words.cycles.to_vec(), |item| cycles(&item));
    for cycle in cycles.iter().filter(|cycle| !words.cycles.contains(cycle)) {
        let message = format!(
            "{} is sold {cycle}, and the catalog's cycles do not have it",
            table.path()
        );
        table.problems().add(table.at(), message);
    }
    if public && cycles.is_empty() {
        let message = format!(
            "{} has no cycle; only a plan with public = false can do without a price",
            table.path()
        );
        table.problems().add(table.at(), message);
    }
    let trial_days = table.number("trial_days", 0..=MAX_TRIAL_DAYS, 0);
    if let (0, Some(item)) = (trial_days, table.get("trial_limits")) {
        item.wrong("needs trial_days: the plan has no trial");
    }
    let plan = Plan {
        version: String::new(),
        name: table.text("name").map_or(name.value, |text| text.value).to_owned(),
        description: table.text("description").map_or("", |text| text.value).to_owned(),
        public,
        rank,
        trial_days: u16::try_from(trial_days).unwrap_or_default(),
        prices: prices::read(table, &cycles, words.currencies, words.meters),
        code,
    };
    Offer {
        plan: Arc::new(plan),
        aliases,
        allowances: limits::read(table, words.meters),
        features: features(table, words.features),
        values: values(table),
        trial_allowances: limits::read_trial(table, words.meters),
        rates: rates::read(table),
        retention_days: table
            .get("retention_days")
            .and_then(|item| item.number(1..=MAX_RETENTION_DAYS))
            .and_then(|days| u32::try_from(days.value).ok()),
        security_level: table
            .text("security_level")
            .and_then(|level| super::words::code(table.problems(), level, "security level")),
        metadata: metadata(table),
    }
}

/// A list of billing cycles without repetition.
pub(super) fn cycles(item: &Item<'_>) -> Vec<Cycle> {
    let mut cycles = Vec::new();
    for item in item.list().unwrap_or_default() {
        match item.word(&prices::CYCLES) {
            Some(cycle) if cycles.contains(&cycle) => item.wrong(format!("{cycle} is listed twice")),
            Some(cycle) => cycles.push(cycle),
            None => {}
        }
    }
    cycles
}

fn features(table: &Section<'_>, declared: &[Feature]) -> BTreeSet<Code> {
    let mut features = BTreeSet::new();
    for name in table.texts("features") {
        if name.value == "*" {
            features.extend(declared.iter().map(|feature| feature.code.clone()));
            continue;
        }
        let folded = Code::fold(name.value);
        let found = declared.iter().find(|one| Code::fold(one.code.as_str()) == folded);
        let Some(feature) = found else {
            let help = hint(name.value, declared.iter().map(|one| one.code.as_str()));
            let message = format!("the feature \"{}\" is not declared in [features]{help}", name.value);
            table.problems().add(name.at, message);
            continue;
        };
        if !features.insert(feature.code.clone()) {
            let message = format!("the feature \"{}\" is listed twice", name.value);
            table.problems().add(name.at, message);
        }
    }
    features
}

/// What the plan grants that is neither counted nor switched.
fn values(table: &Section<'_>) -> BTreeMap<Code, Value> {
    let Some(section) = table.section("values") else {
        return BTreeMap::new();
    };
    let mut names = Names::new("value");
    let entry = |(name, item): (Placed<&str>, Item<'_>)| {
        let code = code(table.problems(), name, "value")?;
        names.take(table.problems(), name, code.as_str());
        Some((code, item.plain()?))
    };
    section.entries().filter_map(entry).collect()
}

fn metadata(table: &Section<'_>) -> BTreeMap<String, String> {
    let Some(section) = table.section("metadata") else {
        return BTreeMap::new();
    };
    let entry = |(name, item): (Placed<&str>, Item<'_>)| Some((name.value.to_owned(), item.text()?.value.to_owned()));
    section.entries().filter_map(entry).collect()
}
