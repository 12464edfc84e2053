//! The refusal at a limit.

use tenantry_kernel::{Code, DomainError, ErrorKind, TenantId, Value};
use time::OffsetDateTime;

use crate::account::Subject;
use crate::counter::{Refused, Standing};
use crate::directory::PlanLadder;
use crate::entitlement::Entitlements;
use crate::limit::{Limit, Reach};

/// Whose limit it is that binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitOwner {
    /// The tenant's.
    Tenant,
    /// One user's.
    User,
    /// One API key's.
    Key,
    /// That of the tenant whose pool it is in.
    Pool,
}

impl LimitOwner {
    /// Whose limit this is, for `tenant`.
    #[must_use]
    pub fn of(limit: &Limit, tenant: TenantId) -> Self {
        if limit.account.tenant != tenant {
            return Self::Pool;
        }
        match limit.account.key.subject {
            Subject::Tenant => Self::Tenant,
            Subject::User(_) => Self::User,
            Subject::Key(_) => Self::Key,
        }
    }

    /// The name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::User => "user",
            Self::Key => "key",
            Self::Pool => "pool",
        }
    }
}

/// One limit, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The meter.
    pub meter: Code,
    /// Whose limit.
    pub owner: LimitOwner,
    /// Which user or key, when it is one's own.
    pub subject: Option<String>,
    /// Over which time it counts.
    pub period: &'static str,
    /// The limit with what was granted on top; `None` is unlimited.
    pub limit: Option<i64>,
    /// How much is used.
    pub used: i64,
    /// How much is reserved.
    pub reserved: i64,
    /// How much more would fit; `None` when nothing bounds it.
    pub remaining: Option<i64>,
    /// When the period ends.
    pub resets_at: Option<OffsetDateTime>,
}

impl Explained {
    /// Explains a limit to `tenant`. Of a pool it tells no more than of the tenant's own.
    #[must_use]
    pub fn of(standing: &Standing, tenant: TenantId) -> Self {
        let key = &standing.account().key;
        Self {
            meter: key.meter.clone(),
            owner: LimitOwner::of(&standing.limit, tenant),
            subject: Some(key.subject.to_string()).filter(|subject| !subject.is_empty()),
            period: key.period.as_str(),
            limit: standing.total(),
            used: standing.held.posted,
            reserved: standing.held.pending,
            remaining: standing.room(),
            resets_at: standing.limit.resets_at,
        }
    }
}

/// More of a meter was asked for than the plan allows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit of {limit} for {meter} is reached")]
pub struct QuotaExceeded {
    /// The meter.
    pub meter: Code,
    /// Whose limit binds.
    pub owner: LimitOwner,
    /// The limit that binds.
    pub limit: i64,
    /// How much is used.
    pub used: i64,
    /// When the period ends; `None` when it never does.
    pub resets_at: Option<OffsetDateTime>,
    /// The next plan that would allow it.
    pub upgrade_to: Option<Code>,
    /// Every limit that was asked, for callers who want it explained.
    pub explained: Vec<Explained>,
}

impl QuotaExceeded {
    /// A refusal of `amount`, with the plan that would lift it. None lifts a limit that an operator set.
    #[must_use]
    pub fn new(refusal: Refusal, entitlements: &Entitlements, ladder: &dyn PlanLadder, at: OffsetDateTime) -> Self {
        let needed = refusal.used.saturating_add(refusal.amount);
        let upgrade_to = if entitlements.is_overridden(&refusal.meter, at) {
            None
        } else {
            ladder.lifting(&entitlements.plan, &refusal.meter, needed)
        };
        Self {
            meter: refusal.meter,
            owner: LimitOwner::Tenant,
            limit: refusal.limit,
            used: refusal.used,
            resets_at: refusal.resets_at,
            upgrade_to,
            explained: Vec::new(),
        }
    }

    /// The counter's refusal, in the words of answers.
    #[must_use]
    pub fn of(refused: Refused, reach: &Reach, ladder: &dyn PlanLadder, at: OffsetDateTime) -> Self {
        let binding = &refused.binding;
        let refusal = Refusal {
            meter: binding.account().key.meter.clone(),
            amount: refused.amount,
            // Without a limit, only the range of the number binds.
            limit: binding.total().unwrap_or(i64::MAX),
            used: binding.held.taken(),
            resets_at: binding.limit.resets_at,
        };
        let owner = LimitOwner::of(&binding.limit, reach.tenant);
        let explained = refused
            .standings
            .iter()
            .map(|standing| Explained::of(standing, reach.tenant))
            .collect();
        let exceeded = Self::new(refusal, &reach.entitlements, ladder, at);
        Self {
            // A larger plan of the tenant's own lifts its own limits only.
            upgrade_to: exceeded.upgrade_to.filter(|_| owner == LimitOwner::Tenant),
            owner,
            explained,
            ..exceeded
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
            ("limit_of", Value::from(self.owner.as_str())),
            ("limit", Value::Int(self.limit)),
            ("used", Value::Int(self.used)),
            ("resets_at", Value::from(self.resets_at)),
            ("upgrade_to", Value::from(self.upgrade_to.as_ref().map(Code::as_str))),
        ]
    }
}
