//! What the usage services need from outside, and what all of them do with it.

use std::sync::Arc;

use tenantry_kernel::{Clock, Code, FieldError, IdSource, Principal, TenantScope};
use time::{Duration, OffsetDateTime};

use crate::account::Subject;
use crate::counter::{ConsumeError, Item, UsageCounter};
use crate::directory::{EntitlementSource, PlanLadder, UsageRetention, reach_of};
use crate::engine::AccountReader;
use crate::insight::UsageDirectory;
use crate::leased::LeasedCounter;
use crate::limit::{Reach, User};
use crate::meter::{Aggregation, Meter, MeterBook, MeterKind, MeterSource};
use crate::rate::{PerMinute, RateLimiter};
use crate::store::QuotaStore;
use crate::usage::error::UsageError;
use crate::usage::exceeded::QuotaExceeded;

/// Longest description in characters.
pub const MAX_DESCRIPTION: usize = 500;
/// Longest subject or member in characters.
pub const MAX_SUBJECT: usize = Subject::MAX_USER;
/// Most items of one operation.
pub const MAX_ITEMS: usize = 20;
/// How long ago something may have happened that is counted now.
pub const BACKDATED_AT_MOST: Duration = Duration::days(35);
/// How far ahead of ours a caller's clock may be.
pub const AHEAD_AT_MOST: Duration = Duration::minutes(5);

/// What the usage services need from outside.
#[derive(Clone)]
pub struct UsagePorts {
    /// Ledger, reservations and rolled-up usage, for reading.
    pub store: Arc<dyn QuotaStore>,
    /// What tenants used, for operators.
    pub tenants: Arc<dyn UsageDirectory>,
    /// Accounts, for reading.
    pub accounts: Arc<dyn AccountReader>,
    /// What tenants may use.
    pub entitlements: Arc<dyn EntitlementSource>,
    /// Decides and counts.
    pub counter: Arc<dyn UsageCounter>,
    /// Counts out of slices.
    pub leased: Arc<dyn LeasedCounter>,
    /// Knows paces.
    pub rates: Arc<dyn RateLimiter>,
    /// The catalog's meters.
    pub meters: Arc<MeterBook>,
    /// The catalog's plans, from small to large.
    pub ladder: Arc<dyn PlanLadder>,
    /// For how long the usage log is shown.
    pub retention: Arc<dyn UsageRetention>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names for operations that have none.
    pub ids: Arc<dyn IdSource>,
}

/// One amount on one meter, as a caller asks for it.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The meter, as the caller spells it.
    pub meter: String,
    /// How much, or for meters that take the greatest or the latest, the level.
    pub amount: i64,
    /// Whom to count, for meters that count different ones.
    pub member: Option<String>,
    /// What it was for.
    pub description: Option<String>,
    /// Whom within the tenant it is about: the user that sub-limits count it on.
    pub subject: Option<String>,
}

impl UsagePorts {
    pub(crate) async fn reach(&self, scope: &TenantScope) -> Result<Reach, UsageError> {
        let found = reach_of(self.entitlements.as_ref(), scope.tenant_id()).await?;
        found.ok_or(UsageError::NoPlan)
    }

    pub(crate) fn meter(&self, text: &str) -> Result<&Meter, UsageError> {
        let found = self.meters.find(text);
        found.ok_or_else(|| UsageError::UnknownMeter(text.chars().take(Code::MAX_LEN).collect()))
    }

    /// A meter whose usage the application reports.
    pub(crate) fn reportable(&self, text: &str) -> Result<&Meter, UsageError> {
        let meter = self.meter(text)?;
        if meter.source == MeterSource::Members || meter.kind == MeterKind::Rate {
            return Err(UsageError::NotReportable(meter.code.clone()));
        }
        Ok(meter)
    }

    /// What a caller asks for, checked: `path` is where it stands in the request.
    pub(crate) fn item(
        &self,
        scope: &TenantScope,
        wanted: Wanted,
        path: &str,
        at: OffsetDateTime,
    ) -> Result<Item, UsageError> {
        let meter = self.reportable(&wanted.meter)?.clone();
        let mut wrong = texts_of(&wanted, path);
        let (least, value) = match meter.aggregation {
            Aggregation::Sum => (1, wanted.amount),
            Aggregation::Max | Aggregation::Last => (0, wanted.amount),
            // Whatever it says, it is one.
            Aggregation::Count | Aggregation::Unique => (1, 1),
        };
        if !(least..=crate::ledger::Amount::MAX).contains(&value) {
            let detail = format!("must be a whole number from {least} to {}", crate::ledger::Amount::MAX);
            wrong.push(FieldError::new(format!("{path}amount"), "out_of_range", detail));
        }
        let member = match (meter.aggregation, &wanted.member, &wanted.subject) {
            (Aggregation::Unique, Some(member), _) => Some(member.as_str().into()),
            (Aggregation::Unique, None, Some(subject)) => Some(subject.as_str().into()),
            (Aggregation::Unique, None, None) => {
                let detail = "this meter counts different members: say which one";
                wrong.push(FieldError::new(format!("{path}member"), "missing_field", detail));
                None
            }
            _ => None,
        };
        if !wrong.is_empty() {
            return Err(UsageError::Invalid(wrong));
        }
        Ok(Item {
            user: User::of(scope.principal(), wanted.subject.as_deref()),
            meter,
            value,
            member,
            subject: wanted.subject,
            description: wanted.description,
            at,
        })
    }

    /// Names the meter and the way out when a limit binds.
    pub(crate) fn refused(&self, cause: ConsumeError, reach: &Reach, at: OffsetDateTime) -> UsageError {
        match cause {
            ConsumeError::Exceeded(refused) => QuotaExceeded::of(*refused, reach, self.ladder.as_ref(), at).into(),
            other => UsageError::Counter(other),
        }
    }
}

/// When something happened, as a caller tells it, against now.
pub(crate) fn happened(
    told: Option<OffsetDateTime>,
    now: OffsetDateTime,
    path: &str,
) -> Result<OffsetDateTime, UsageError> {
    let Some(at) = told else { return Ok(now) };
    if at > now + AHEAD_AT_MOST || at < now - BACKDATED_AT_MOST {
        let detail = format!(
            "must not be in the future, and at most {} days ago",
            BACKDATED_AT_MOST.whole_days()
        );
        return Err(UsageError::Invalid(vec![FieldError::new(path, "out_of_range", detail)]));
    }
    Ok(at.min(now))
}

fn texts_of(wanted: &Wanted, path: &str) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    for (field, text, longest) in [
        ("description", &wanted.description, MAX_DESCRIPTION),
        ("subject", &wanted.subject, MAX_SUBJECT),
        ("member", &wanted.member, MAX_SUBJECT),
    ] {
        let Some(text) = text else { continue };
        let field = format!("{path}{field}");
        if text.chars().count() > longest {
            wrong.push(FieldError::new(
                field.clone(),
                "too_long",
                format!("must be at most {longest} characters"),
            ));
        }
        if text.is_empty() && field.ends_with(['t', 'r']) {
            wrong.push(FieldError::new(field.clone(), "missing_field", "must not be empty"));
        }
        // Not every database keeps them: one such entry would take the batch of many tenants down with it.
        if text.chars().any(char::is_control) {
            wrong.push(FieldError::new(
                field,
                "invalid_value",
                "must be without control characters",
            ));
        }
    }
    wrong
}

/// False for test keys: they count on accounts of their own.
pub(crate) const fn is_live(scope: &TenantScope) -> bool {
    !matches!(scope.principal(), Principal::ApiKey { live: false, .. })
}

/// A limit as a pace; `None` when it is no pace. Limits beyond the range are as good as the largest one.
pub(crate) fn per_minute(limit: i64) -> Option<PerMinute> {
    PerMinute::new(u32::try_from(limit.max(0)).unwrap_or(u32::MAX))
}
