//! `[plans.<code>.rates]`: how fast a plan's subscribers may call, besides the meters of calls.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use tenantry_quotas::rate::{PerMinute, PlanRates, RouteClass};

use crate::toml_source::Section;

const PER_USER: &str = "per_user";
const PER_KEY: &str = "per_key";
const CONCURRENT: &str = "concurrent";
const CONCURRENT_PER_KEY: &str = "concurrent_per_key";

pub(super) const KEYS: &[&str] = &[
    PER_USER,
    PER_KEY,
    RouteClass::Read.as_str(),
    RouteClass::Write.as_str(),
    RouteClass::Usage.as_str(),
    RouteClass::Heavy.as_str(),
    CONCURRENT,
    CONCURRENT_PER_KEY,
];

/// The rates of a plan; what it does not name is not limited.
pub(super) fn read(plan: &Section<'_>) -> PlanRates {
    let Some(table) = plan.section("rates") else {
        return PlanRates::default();
    };
    table.only(KEYS);
    let number = |key: &str| {
        let number = table.get(key)?.number(1..=i64::from(u32::MAX))?;
        NonZeroU32::new(u32::try_from(number.value).ok()?)
    };
    let rates = rates_of(number);
    if let (Some(of_key), Some(of_tenant)) = (rates.concurrent_per_key, rates.concurrent)
        && of_key > of_tenant
    {
        let message = format!("{CONCURRENT_PER_KEY} is more than {CONCURRENT}, so that it would never bind");
        table.problems().add(table.at(), message);
    }
    rates
}

fn rates_of(number: impl Fn(&str) -> Option<NonZeroU32>) -> PlanRates {
    let pace = |key: &str| number(key).map(PerMinute);
    PlanRates {
        per_user: pace(PER_USER),
        per_key: pace(PER_KEY),
        read: pace(RouteClass::Read.as_str()),
        write: pace(RouteClass::Write.as_str()),
        usage: pace(RouteClass::Usage.as_str()),
        heavy: pace(RouteClass::Heavy.as_str()),
        concurrent: number(CONCURRENT),
        concurrent_per_key: number(CONCURRENT_PER_KEY),
    }
}

/// Every rate that a plan names, with its name in the catalog.
pub(super) fn named(rates: &PlanRates) -> impl Iterator<Item = (&'static str, u32)> + use<> {
    let pace = |pace: Option<PerMinute>| pace.map(PerMinute::calls);
    [
        (PER_USER, pace(rates.per_user)),
        (PER_KEY, pace(rates.per_key)),
        (RouteClass::Read.as_str(), pace(rates.read)),
        (RouteClass::Write.as_str(), pace(rates.write)),
        (RouteClass::Usage.as_str(), pace(rates.usage)),
        (RouteClass::Heavy.as_str(), pace(rates.heavy)),
        (CONCURRENT, rates.concurrent.map(NonZeroU32::get)),
        (CONCURRENT_PER_KEY, rates.concurrent_per_key.map(NonZeroU32::get)),
    ]
    .into_iter()
    .filter_map(|(name, number)| Some((name, number?)))
}

/// The rates in an archived edition: a list of names and numbers, in the order of the catalog's keys.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct RatesDocument(Vec<(String, u32)>);

impl RatesDocument {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was archived, or the name in it that nobody knows.
    pub(super) fn restore(&self) -> Result<PlanRates, String> {
        if let Some((name, _)) = self.0.iter().find(|(name, _)| !KEYS.contains(&name.as_str())) {
            return Err(format!("the rate {name}"));
        }
        Ok(rates_of(|key| {
            let (_, number) = self.0.iter().find(|(name, _)| name == key)?;
            NonZeroU32::new(*number)
        }))
    }
}

impl From<&PlanRates> for RatesDocument {
    fn from(rates: &PlanRates) -> Self {
        Self(named(rates).map(|(name, number)| (name.to_owned(), number)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{parse, restore};

    fn catalog(rates: &str) -> String {
        format!(
            r#"
name = "letters"
currencies = ["EUR"]
default_plan = "free"

[plans.free]
prices.monthly = {{ EUR = "0" }}
{rates}
"#
        )
    }

    #[test]
    fn a_plan_names_its_rates_and_an_edition_keeps_them() {
        let text = catalog("rates = { per_user = 120, per_key = 300, heavy = 10, concurrent = 20 }");

        let loaded = parse("letters.toml", &text).unwrap();

        let rates = loaded.catalog.find_plan("free").unwrap().rates;
        assert_eq!((rates.per_user, rates.heavy), (PerMinute::new(120), PerMinute::new(10)));
        assert_eq!((rates.read, rates.concurrent), (None, NonZeroU32::new(20)));
        assert_eq!(restore(&loaded.editions[0]).unwrap().rates, rates);
    }

    #[test]
    fn a_plan_without_rates_is_the_edition_that_it_was() {
        let loaded = parse("letters.toml", &catalog("")).unwrap();

        assert!(!loaded.editions[0].document.contains("rates"));
        assert!(loaded.catalog.find_plan("free").unwrap().rates.is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        let text = catalog("rates = { per_usr = 1, read = 0, concurrent = 2, concurrent_per_key = 3 }");

        let mistakes = parse("letters.toml", &text).unwrap_err().to_string();

        for part in [
            "per_usr",
            "plans.free.rates.read: must be a whole number from 1",
            "concurrent_per_key is more than concurrent",
        ] {
            assert!(mistakes.contains(part), "{part}: {mistakes}");
        }
    }
}
