//! The refusal at a limit.

use tenantry_kernel::{Code, DomainError, ErrorKind, Value};
use time::OffsetDateTime;

use crate::directory::PlanLadder;
use crate::entitlement::Entitlements;

/// More of a meter was asked for than the plan allows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan's limit of {limit} for {meter} is reached")]
pub struct QuotaExceeded {
    /// The meter.
    pub meter: Code,
    /// The limit that binds.
    pub limit: i64,
    /// How much is used.
    pub used: i64,
    /// When the period ends; `None` when it never does.
    pub resets_at: Option<OffsetDateTime>,
    /// The next plan that would allow it.
    pub upgrade_to: Option<Code>,
}

impl QuotaExceeded {
    /// A refusal of `amount`, with the plan that would lift it. None lifts a limit that an operator set.
    #[must_use]
    pub fn new(refusal: Refusal, entitlements: &Entitlements, ladder: &dyn PlanLadder) -> Self {
        let needed = refusal.used.saturating_add(refusal.amount);
        let upgrade_to = if entitlements.is_overridden(&refusal.meter) {
            None
        } else {
            ladder.lifting(&entitlements.plan, &refusal.meter, needed)
        };
        Self {
            meter: refusal.meter,
            limit: refusal.limit,
            used: refusal.used,
            resets_at: refusal.resets_at,
            upgrade_to,
        }
    }
}

/// What was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The meter.
    pub meter: Code,
    /// How much was asked for.
    pub amount: i64,
    /// The limit that binds.
    pub limit: i64,
    /// How much is used.
    pub used: i64,
    /// When the period ends.
    pub resets_at: Option<OffsetDateTime>,
}

impl DomainError for QuotaExceeded {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Exhausted
    }

    fn code(&self) -> &'static str {
        "quota_exceeded"
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("meter", Value::from(self.meter.as_str())),
            ("limit", Value::Int(self.limit)),
            ("used", Value::Int(self.used)),
            ("resets_at", Value::from(self.resets_at)),
            ("upgrade_to", Value::from(self.upgrade_to.as_ref().map(Code::as_str))),
        ]
    }
}
