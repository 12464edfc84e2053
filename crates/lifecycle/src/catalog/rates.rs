//! The rates of every edition, found by what a tenant's entitlements were copied from.

use std::collections::HashMap;

use tenantry_kernel::Code;
use tenantry_quotas::rate::{PlanRateBook, PlanRates};

use super::book::Catalog;

/// The rates of all editions of a catalog.
///
/// Rates are not copied to the tenant as allowances are: an edition never changes, so its name is enough to find them,
/// and every node knows all editions from the archive when it starts.
#[derive(Clone, Debug)]
pub struct EditionRates {
    /// By version, which is a hash of the content; the code is looked at all the same.
    by_version: HashMap<String, (Code, PlanRates)>,
    current: HashMap<Code, PlanRates>,
    limits_anything: bool,
}

impl EditionRates {
    /// The rates of this catalog's editions, also of those that are no longer sold.
    #[must_use]
    pub fn of(catalog: &Catalog) -> Self {
        let all = || catalog.editions().map(|offer| (&offer.plan, offer.rates));
        Self {
            by_version: all()
                .map(|(plan, rates)| (plan.version.clone(), (plan.code.clone(), rates)))
                .collect(),
            current: catalog
                .offers()
                .iter()
                .map(|offer| (offer.plan.code.clone(), offer.rates))
                .collect(),
            limits_anything: all().any(|(_, rates)| !rates.is_empty()),
        }
    }
}

impl PlanRateBook for EditionRates {
    fn rates_of(&self, plan: &Code, version: &str) -> PlanRates {
        if !self.limits_anything {
            return PlanRates::default();
        }
        let known = self.by_version.get(version).filter(|(code, _)| code == plan);
        // An edition that another node published after this one started.
        let found = known.map(|(_, rates)| rates).or_else(|| self.current.get(plan));
        found.copied().unwrap_or_default()
    }

    fn limits_anything(&self) -> bool {
        self.limits_anything
    }
}
