//! Allowances, features, overrides, and what they come to.

use std::collections::{BTreeMap, BTreeSet};

use tenantry_kernel::{Code, TenantId, Value};
use time::OffsetDateTime;

use crate::account::{Held, Subject};
use crate::meter::Meter;
use crate::period::Period;
use crate::zone::Zone;

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

/// Who shares an allowance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Share {
    /// The whole tenant.
    #[default]
    Tenant,
    /// Each user has as much.
    User,
    /// Each API key has as much.
    Key,
}

impl Share {
    /// All of them, the widest first.
    pub const ALL: [Self; 3] = [Self::Tenant, Self::User, Self::Key];

    /// The name in catalogs and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::User => "user",
            Self::Key => "key",
        }
    }

    /// The share of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|share| share.as_str() == name)
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
    /// Who shares it.
    pub share: Share,
    /// Of what a period leaves over, how much the next one gets on top; `None` is nothing.
    pub rollover: Option<i64>,
    /// How many per cent beyond a hard limit are let through all the same, and told.
    pub grace_percent: u8,
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
            share: Share::Tenant,
            rollover: None,
            grace_percent: 0,
        }
    }

    /// The limit that nothing passes; `None` when more may be used, told or billed.
    #[must_use]
    pub fn hard_limit(&self) -> Option<i64> {
        self.hardened(self.limit)
    }

    /// What would be its hard limit if this were its limit.
    fn hardened(&self, limit: Option<i64>) -> Option<i64> {
        match self.enforcement {
            Enforcement::Hard if !self.overage => limit.map(|limit| limit.saturating_add(self.grace(limit))),
            _ => None,
        }
    }

    /// Rounded down: a limit of 9 with 10 per cent grace is 9.
    fn grace(&self, limit: i64) -> i64 {
        let grace = i128::from(limit) * i128::from(self.grace_percent) / 100;
        i64::try_from(grace).unwrap_or(i64::MAX)
    }

    /// What a period gets on top when the one before ended like this.
    ///
    /// What was granted on top of the earlier period is used up first and does not roll over again.
    #[must_use]
    pub fn rolled_over(&self, before: Held) -> i64 {
        let (Some(most), Some(limit)) = (self.rollover, self.limit) else {
            return 0;
        };
        let of_its_own = before.taken().saturating_sub(before.granted).max(0);
        limit.saturating_sub(of_its_own).clamp(0, most.max(0))
    }
}

/// An operator's change of one limit for one tenant. It outlives plan changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitOverride {
    /// The meter.
    pub meter: Code,
    /// Whose: the tenant's as a whole, or one user's or key's own.
    pub subject: Subject,
    /// The limit instead of the plan's; `None` is unlimited.
    pub limit: Option<i64>,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: OffsetDateTime,
    /// Until when; `None` is until it is taken away.
    pub expires_at: Option<OffsetDateTime>,
}

impl LimitOverride {
    /// True when it holds at `at`.
    #[must_use]
    pub fn holds_at(&self, at: OffsetDateTime) -> bool {
        self.expires_at.is_none_or(|end| at < end)
    }
}

/// What one tenant may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Entitlements {
    /// The plan they were copied from.
    pub plan: Code,
    /// Its edition.
    pub plan_version: String,
    /// Goes up with every change of what the tenant is entitled to. Storage counts it.
    pub revision: i64,
    /// What the plan grants; at most one per meter and period.
    pub allowances: Vec<Allowance>,
    /// Operators' changes; at most one per meter and subject.
    pub overrides: Vec<LimitOverride>,
    /// The features that are switched on.
    pub features: BTreeSet<Code>,
    /// What the plan grants that is neither counted nor switched: a number, a text.
    pub values: BTreeMap<Code, Value>,
    /// Where its days and months begin: the tenant's time zone when its first plan took effect. It stays, or a
    /// change of the profile would begin a new month.
    pub zone: Zone,
    /// From when anniversary months count.
    pub anchor: OffsetDateTime,
    /// The tenant whose limits hold for this one too: its usage counts in that tenant's accounts as well.
    pub pool: Option<TenantId>,
}

impl Entitlements {
    /// The allowances of a meter at a time, the tenant's own before those of each user or key, and of each the
    /// longest period first. Overrides are applied. Never empty, and the first one is always the tenant's: what a
    /// plan does not name is unlimited.
    ///
    /// The first one is what answers show, and the one that an override of the tenant's limit changes.
    #[must_use]
    pub fn allowances_of(&self, meter: &Meter, at: OffsetDateTime) -> Vec<Allowance> {
        let mut granted: Vec<Allowance> = self
            .allowances
            .iter()
            .filter(|allowance| allowance.meter == meter.code)
            .cloned()
            .collect();
        granted.sort_by_key(|allowance| (allowance.share, std::cmp::Reverse(allowance.period)));
        if granted.first().is_none_or(|first| first.share != Share::Tenant) {
            granted.insert(0, Allowance::unlimited(meter));
        }
        if let (Some(change), Some(leading)) = (self.overriding(&meter.code, &Subject::Tenant, at), granted.first_mut())
        {
            leading.limit = change.limit;
        }
        granted
    }

    /// The override of a meter's limit that holds for this subject at a time.
    #[must_use]
    pub fn overriding(&self, meter: &Code, subject: &Subject, at: OffsetDateTime) -> Option<&LimitOverride> {
        self.overrides
            .iter()
            .find(|change| change.meter == *meter && change.subject == *subject && change.holds_at(at))
    }

    /// True when an operator set the tenant's limit of a meter, whatever the plan says.
    #[must_use]
    pub fn is_overridden(&self, meter: &Code, at: OffsetDateTime) -> bool {
        self.overriding(meter, &Subject::Tenant, at).is_some()
    }

    /// The allowance that answers show.
    #[must_use]
    pub fn allowance(&self, meter: &Meter, at: OffsetDateTime) -> Allowance {
        self.allowances_of(meter, at)
            .into_iter()
            .next()
            .unwrap_or_else(|| Allowance::unlimited(meter))
    }

    /// The hard limit of [`Entitlements::allowance`], which it copies nothing for: every call of a program asks.
    #[must_use]
    pub fn hard_limit(&self, meter: &Meter, at: OffsetDateTime) -> Option<i64> {
        let tenants = |allowance: &&Allowance| allowance.share == Share::Tenant && allowance.meter == meter.code;
        let leading = self
            .allowances
            .iter()
            .filter(tenants)
            .min_by_key(|allowance| std::cmp::Reverse(allowance.period));
        match (leading, self.overriding(&meter.code, &Subject::Tenant, at)) {
            (Some(granted), None) => granted.hard_limit(),
            (Some(granted), Some(change)) => granted.hardened(change.limit),
            (None, change) => change?.limit,
        }
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
            share: Share::Tenant,
            rollover: None,
            grace_percent: 0,
        }
    }

    const NOW: OffsetDateTime = time::macros::datetime!(2025-06-15 12:00 UTC);

    fn changed(limit: i64) -> LimitOverride {
        LimitOverride {
            meter: code("messages"),
            subject: Subject::Tenant,
            limit: Some(limit),
            reason: "launch week".to_owned(),
            at: OffsetDateTime::UNIX_EPOCH,
            expires_at: None,
        }
    }

    #[test]
    fn an_override_changes_the_longest_period_only() {
        let messages = meter("messages", MeterKind::Counter);
        let granted = Entitlements {
            allowances: vec![allowance(Period::Day, 50), allowance(Period::CalendarMonth, 1_000)],
            overrides: vec![changed(5_000)],
            ..entitlements(&[])
        };

        let effective = granted.allowances_of(&messages, NOW);

        assert_eq!(
            effective,
            [allowance(Period::CalendarMonth, 5_000), allowance(Period::Day, 50)]
        );
    }

    #[test]
    fn an_override_limits_a_meter_that_the_plan_does_not_name() {
        let messages = meter("messages", MeterKind::Counter);
        let granted = Entitlements {
            overrides: vec![changed(5)],
            ..entitlements(&[])
        };

        assert_eq!(granted.allowance(&messages, NOW), allowance(Period::CalendarMonth, 5));
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

    #[test]
    fn an_override_ends_when_it_says() {
        let messages = meter("messages", MeterKind::Counter);
        let end = NOW + time::Duration::HOUR;
        let granted = Entitlements {
            allowances: vec![allowance(Period::CalendarMonth, 1_000)],
            overrides: vec![LimitOverride {
                expires_at: Some(end),
                ..changed(5_000)
            }],
            ..entitlements(&[])
        };

        assert_eq!(granted.allowance(&messages, NOW).limit, Some(5_000));
        assert_eq!(granted.allowance(&messages, end).limit, Some(1_000));
    }

    #[test]
    fn the_first_allowance_is_the_tenants_even_when_only_users_are_limited() {
        let messages = meter("messages", MeterKind::Counter);
        let each = Allowance {
            share: Share::User,
            ..allowance(Period::Day, 10)
        };
        let granted = Entitlements {
            allowances: vec![each.clone()],
            ..entitlements(&[])
        };

        assert_eq!(
            granted.allowances_of(&messages, NOW),
            [Allowance::unlimited(&messages), each]
        );
    }

    #[test]
    fn grace_lets_a_little_more_through_a_hard_limit() {
        let graceful = |limit| Allowance {
            grace_percent: 10,
            ..allowance(Period::Day, limit)
        };

        assert_eq!(graceful(1_000).hard_limit(), Some(1_100));
        assert_eq!(graceful(9).hard_limit(), Some(9));
        assert_eq!(graceful(i64::MAX).hard_limit(), Some(i64::MAX));
    }

    #[test]
    fn what_a_period_leaves_rolls_over_once_and_up_to_its_bound() {
        let rolling = Allowance {
            rollover: Some(300),
            ..allowance(Period::CalendarMonth, 1_000)
        };
        let held = |posted, granted| Held {
            posted,
            pending: 0,
            granted,
        };

        assert_eq!(rolling.rolled_over(held(900, 0)), 100);
        assert_eq!(rolling.rolled_over(held(0, 0)), 300);
        assert_eq!(rolling.rolled_over(held(1_050, 100)), 50, "the grant is used first");
        assert_eq!(
            rolling.rolled_over(held(20, 300)),
            300,
            "a grant does not roll over again"
        );
        assert_eq!(rolling.rolled_over(held(5_000, 0)), 0);
        assert_eq!(allowance(Period::CalendarMonth, 1_000).rolled_over(held(0, 0)), 0);
    }
}
