//! Allowances, features, overrides, and what they come to.

use std::collections::BTreeSet;

use tenantry_kernel::Code;
use time::OffsetDateTime;

use crate::meter::Meter;
use crate::period::Period;

/// What happens at the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// Nothing passes it.
    Hard,
    /// It is only told.
    Soft,
}

impl Enforcement {
    /// The name in catalogs and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
        }
    }

    /// The enforcement of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Hard, Self::Soft]
            .into_iter()
            .find(|enforcement| enforcement.as_str() == name)
    }
}

/// How much of one meter a plan grants per period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The meter.
    pub meter: Code,
    /// How much; `None` is unlimited.
    pub limit: Option<i64>,
    /// What happens at the limit.
    pub enforcement: Enforcement,
    /// True when more than the limit may be used and is billed.
    pub overage: bool,
    /// Over which time it counts.
    pub period: Period,
}

impl Allowance {
    /// What a plan grants that says nothing about a meter: all one wants.
    #[must_use]
    pub fn unlimited(meter: &Meter) -> Self {
        Self {
            meter: meter.code.clone(),
            limit: None,
            enforcement: Enforcement::Hard,
            overage: false,
            period: meter.default_period(),
        }
    }

    /// The limit that nothing passes; `None` when more may be used, told or billed.
    #[must_use]
    pub fn hard_limit(&self) -> Option<i64> {
        match self.enforcement {
            Enforcement::Hard if !self.overage => self.limit,
            _ => None,
        }
    }
}

/// An operator's change of one limit for one tenant. It outlives plan changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitOverride {
    /// The meter.
    pub meter: Code,
    /// The limit instead of the plan's; `None` is unlimited.
    pub limit: Option<i64>,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: OffsetDateTime,
}

/// What one tenant may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlements {
    /// The plan they were copied from.
    pub plan: Code,
    /// Its edition.
    pub plan_version: String,
    /// What the plan grants; at most one per meter and period.
    pub allowances: Vec<Allowance>,
    /// Operators' changes; at most one per meter.
    pub overrides: Vec<LimitOverride>,
    /// The features that are switched on.
    pub features: BTreeSet<Code>,
    /// The tenant's time zone; periods are reckoned in UTC until tenants may choose.
    pub timezone: String,
    /// From when anniversary months count.
    pub anchor: OffsetDateTime,
}

impl Entitlements {
    /// The allowances of a meter, the longest period first, overrides applied. Never empty: what a plan
    /// does not name is unlimited.
    ///
    /// The first one is what answers show, and the one that an override changes.
    #[must_use]
    pub fn allowances_of(&self, meter: &Meter) -> Vec<Allowance> {
        let mut granted: Vec<Allowance> = self
            .allowances
            .iter()
            .filter(|allowance| allowance.meter == meter.code)
            .cloned()
            .collect();
        granted.sort_by_key(|allowance| std::cmp::Reverse(allowance.period));
        if granted.is_empty() {
            granted.push(Allowance::unlimited(meter));
        }
        let changed = self.overrides.iter().find(|change| change.meter == meter.code);
        if let (Some(change), Some(leading)) = (changed, granted.first_mut()) {
            leading.limit = change.limit;
        }
        granted
    }

    /// True when an operator set the meter's limit, whatever the plan says.
    #[must_use]
    pub fn is_overridden(&self, meter: &Code) -> bool {
        self.overrides.iter().any(|change| change.meter == *meter)
    }

    /// The allowance that answers show.
    #[must_use]
    pub fn allowance(&self, meter: &Meter) -> Allowance {
        self.allowances_of(meter)
            .into_iter()
            .next()
            .unwrap_or_else(|| Allowance::unlimited(meter))
    }

    /// True when the feature is switched on.
    #[must_use]
    pub fn grants(&self, feature: &Code) -> bool {
        self.features.contains(feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::MeterKind;
    use crate::testing::{code, entitlements, meter};

    fn allowance(period: Period, limit: i64) -> Allowance {
        Allowance {
            meter: code("messages"),
            limit: Some(limit),
            enforcement: Enforcement::Hard,
            overage: false,
            period,
        }
    }

    #[test]
    fn an_override_changes_the_longest_period_only() {
        let messages = meter("messages", MeterKind::Counter);
        let granted = Entitlements {
            allowances: vec![allowance(Period::Day, 50), allowance(Period::CalendarMonth, 1_000)],
            overrides: vec![LimitOverride {
                meter: code("messages"),
                limit: Some(5_000),
                reason: "launch week".to_owned(),
                at: OffsetDateTime::UNIX_EPOCH,
            }],
            ..entitlements(&[])
        };

        let effective = granted.allowances_of(&messages);

        assert_eq!(
            effective,
            [allowance(Period::CalendarMonth, 5_000), allowance(Period::Day, 50)]
        );
    }

    #[test]
    fn an_override_limits_a_meter_that_the_plan_does_not_name() {
        let messages = meter("messages", MeterKind::Counter);
        let granted = Entitlements {
            overrides: vec![LimitOverride {
                meter: code("messages"),
                limit: Some(5),
                reason: "abuse".to_owned(),
                at: OffsetDateTime::UNIX_EPOCH,
            }],
            ..entitlements(&[])
        };

        assert_eq!(granted.allowance(&messages), allowance(Period::CalendarMonth, 5));
    }

    #[test]
    fn only_a_hard_limit_without_overage_stops_anything() {
        let hard = allowance(Period::Day, 50);
        let soft = Allowance {
            enforcement: Enforcement::Soft,
            ..hard.clone()
        };
        let billed = Allowance {
            overage: true,
            ..hard.clone()
        };

        assert_eq!(hard.hard_limit(), Some(50));
        assert_eq!(soft.hard_limit(), None);
        assert_eq!(billed.hard_limit(), None);
    }
}
