//! An offer: one edition of a plan with everything it grants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenantry_billing::plan::{Plan, PlanRef};
use tenantry_kernel::Code;
use tenantry_quotas::entitlement::{Allowance, Entitlements};
use tenantry_quotas::meter::Meter;
use tenantry_quotas::rate::PlanRates;
use time::OffsetDateTime;

/// For how many days a tenant's history is kept.
pub type Retention = u32;

/// One edition of a plan: its prices, and what a subscriber may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The plan and its prices.
    pub plan: Arc<Plan>,
    /// Other names that callers may use for it.
    pub aliases: Vec<String>,
    /// How much of each meter it grants; what is not named is unlimited.
    pub allowances: Vec<Allowance>,
    /// The features it switches on.
    pub features: BTreeSet<Code>,
    /// How fast a subscriber may call, besides the meters of calls.
    pub rates: PlanRates,
    /// For how many days history is kept; `None` is forever.
    pub retention_days: Option<Retention>,
    /// The application's name for how strictly it is guarded.
    pub security_level: Option<Code>,
    /// Whatever else the application wants to know of it.
    pub metadata: BTreeMap<String, String>,
}

impl Offer {
    /// The plan's code.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.plan.code
    }

    /// This edition.
    #[must_use]
    pub fn reference(&self) -> PlanRef {
        self.plan.reference()
    }

    /// What a tenant on this plan may use, copied to the tenant when the plan takes effect.
    #[must_use]
    pub fn entitlements(&self, timezone: &str, anchor: OffsetDateTime) -> Entitlements {
        Entitlements {
            plan: self.plan.code.clone(),
            plan_version: self.plan.version.clone(),
            allowances: self.allowances.clone(),
            overrides: Vec::new(),
            features: self.features.clone(),
            timezone: timezone.to_owned(),
            anchor,
        }
    }

    /// How much of a meter it grants in its longest period: what price pages and quota answers show.
    #[must_use]
    pub fn allowance(&self, meter: &Meter) -> Allowance {
        self.allowances
            .iter()
            .filter(|allowance| allowance.meter == meter.code)
            .max_by_key(|allowance| allowance.period)
            .cloned()
            .unwrap_or_else(|| Allowance::unlimited(meter))
    }
}
