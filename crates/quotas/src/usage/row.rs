//! How one meter stands.

use time::OffsetDateTime;

use crate::entitlement::Allowance;
use crate::meter::Meter;

/// One meter of one tenant, at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// The meter.
    pub meter: Meter,
    /// What the tenant is allowed of it.
    pub allowance: Allowance,
    /// How much is used.
    pub used: i64,
    /// How much is reserved and not settled yet.
    pub reserved: i64,
    /// How much may be used beyond the plan's limit: what the period before left over.
    pub granted: i64,
    /// When the period ends; `None` when it never does.
    pub resets_at: Option<OffsetDateTime>,
}

impl UsageRow {
    /// The limit with what is granted on top; `None` is unlimited.
    #[must_use]
    pub fn limit(&self) -> Option<i64> {
        self.allowance.limit.map(|limit| limit.saturating_add(self.granted))
    }

    /// What is left; `None` when unlimited.
    #[must_use]
    pub fn remaining(&self) -> Option<i64> {
        self.limit()
            .map(|limit| limit.saturating_sub(self.used).saturating_sub(self.reserved).max(0))
    }

    /// How much of the limit is used, in tenths of a per cent, rounded half up: 45 of 500 is 90, shown as 9.0.
    ///
    /// `None` when unlimited. A limit of nothing is always used up: 1000.
    #[must_use]
    pub fn percentage_tenths(&self) -> Option<i64> {
        let limit = i128::from(self.limit()?);
        if limit <= 0 {
            return Some(1_000);
        }
        let tenths = (i128::from(self.used) * 2_000 + limit) / (2 * limit);
        Some(i64::try_from(tenths).unwrap_or(i64::MAX))
    }

    /// How much is used beyond the limit.
    #[must_use]
    pub fn overage(&self) -> i64 {
        self.limit().map_or(0, |limit| self.used.saturating_sub(limit).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::MeterKind;
    use crate::testing;

    fn row(used: i64, limit: Option<i64>) -> UsageRow {
        let meter = testing::meter("content", MeterKind::Counter);
        UsageRow {
            allowance: Allowance {
                limit,
                ..Allowance::unlimited(&meter)
            },
            meter,
            used,
            reserved: 0,
            granted: 0,
            resets_at: None,
        }
    }

    #[test]
    fn percentages_have_one_decimal() {
        for (used, limit, tenths) in [
            (45, 500, 90),
            (2_341, 10_000, 234),
            (0, 10, 0),
            (10, 10, 1_000),
            (15, 10, 1_500),
            (1, 2_000, 1),
            (1, 2_001, 0),
            (2, 3, 667),
            (i64::MAX, 1, i64::MAX),
            (0, 0, 1_000),
        ] {
            assert_eq!(
                row(used, Some(limit)).percentage_tenths(),
                Some(tenths),
                "{used} of {limit}"
            );
        }
        assert_eq!(row(45, None).percentage_tenths(), None);
    }

    #[test]
    fn what_is_left_and_what_is_over_never_go_below_nothing() {
        assert_eq!((row(4, Some(10)).remaining(), row(4, Some(10)).overage()), (Some(6), 0));
        assert_eq!(
            (row(14, Some(10)).remaining(), row(14, Some(10)).overage()),
            (Some(0), 4)
        );
        assert_eq!((row(14, None).remaining(), row(14, None).overage()), (None, 0));
    }

    #[test]
    fn what_is_reserved_is_not_left_and_what_is_granted_is() {
        let row = UsageRow {
            reserved: 3,
            granted: 5,
            ..row(4, Some(10))
        };

        assert_eq!((row.limit(), row.remaining()), (Some(15), Some(8)));
    }
}
