//! An offer: one edition of a plan with everything it grants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenantry_billing::plan::{Plan, PlanRef};
use tenantry_billing::subscription::Subscription;
use tenantry_kernel::{Code, Value};
use tenantry_quotas::entitlement::{Allowance, Entitlements, Share};
use tenantry_quotas::meter::Meter;
use tenantry_quotas::rate::PlanRates;
use tenantry_quotas::zone::Zone;

/// For how many days a tenant's history is kept.
pub type Retention = u32;

/// One edition of a plan: its prices, and what a subscriber may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The plan and its prices.
    pub plan: Arc<Plan>,
    /// Other names that callers may use for it.
    pub aliases: Vec<String>,
    /// How much of each meter it grants; what is not named is unlimited.
    pub allowances: Vec<Allowance>,
    /// The features it switches on.
    pub features: BTreeSet<Code>,
    /// What it grants that is neither counted nor switched.
    pub values: BTreeMap<Code, Value>,
    /// What a trial grants of some meters instead.
    pub trial_allowances: Vec<Allowance>,
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

    /// What a subscriber may use, copied to the tenant when the plan takes effect and when its trial ends.
    #[must_use]
    pub fn entitlements(&self, timezone: &str, subscription: &Subscription) -> Entitlements {
        Entitlements {
            plan: self.plan.code.clone(),
            plan_version: self.plan.version.clone(),
            allowances: self.allowances_of(subscription),
            overrides: Vec::new(),
            features: self.features.clone(),
            revision: 0,
            values: self.values.clone(),
            zone: Zone::or_utc(timezone),
            anchor: subscription.anchor().instant(),
            pool: None,
        }
    }

    /// The plan's allowances; while the subscription tries this plan, the trial's for the meters that it names.
    fn allowances_of(&self, subscription: &Subscription) -> Vec<Allowance> {
        let tries = subscription.trial_ends_at().is_some() && *subscription.plan() == self.reference();
        if !tries {
            return self.allowances.clone();
        }
        let kept = |own: &&Allowance| self.trial_allowances.iter().all(|trial| trial.meter != own.meter);
        let own = self.allowances.iter().filter(kept);
        own.chain(&self.trial_allowances).cloned().collect()
    }

    /// How much of a meter it grants the whole tenant in its longest period: what price pages and quota answers show.
    #[must_use]
    pub fn allowance(&self, meter: &Meter) -> Allowance {
        self.allowances
            .iter()
            .filter(|allowance| allowance.meter == meter.code && allowance.share == Share::Tenant)
            .max_by_key(|allowance| allowance.period)
            .cloned()
            .unwrap_or_else(|| Allowance::unlimited(meter))
    }
}
