//! Counting, checking and showing usage.

use std::sync::Arc;

use tenantry_kernel::{Code, Denied, FieldError, Page, PageRequest, TenantScope};
use time::OffsetDateTime;

use crate::counter::{ConsumeRequest, Limit};
use crate::entitlement::Entitlements;
use crate::ledger::{Amount, EntryFilter, LedgerEntry, OperationId};
use crate::meter::{Meter, MeterKind, MeterSource};
use crate::permissions::{CONSUME_USAGE, READ_BASIC_USAGE, READ_USAGE};
use crate::rate::{RateLimit, RateSubject};
use crate::store::QuotaUnit;
use crate::usage::error::UsageError;
use crate::usage::ports::{UsagePorts, is_live, per_minute};
use crate::usage::row::UsageRow;

/// Longest description in characters.
pub const MAX_DESCRIPTION: usize = 500;
/// Longest subject in characters.
pub const MAX_SUBJECT: usize = 128;

/// What a caller wants counted.
#[derive(Clone, Debug)]
pub struct Consume {
    /// The meter, as the caller spells it.
    pub meter: String,
    /// How much.
    pub amount: i64,
    /// What it was for.
    pub description: Option<String>,
    /// Whom within the tenant it is about.
    pub subject: Option<String>,
    /// The `Idempotency-Key` and SHA-256 of the request body, when the caller named the operation.
    pub operation: Option<(OperationId, [u8; 32])>,
}

/// Counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The meter.
    pub meter: Code,
    /// How much is used now.
    pub used: i64,
    /// The limit; `None` is unlimited.
    pub limit: Option<i64>,
    /// What is left; `None` when unlimited.
    pub remaining: Option<i64>,
    /// When the period ends.
    pub resets_at: Option<OffsetDateTime>,
    /// True when this is the first answer to the same operation again.
    pub replayed: bool,
}

/// How an amount would fare now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// True when it would be counted.
    pub allowed: bool,
    /// How the meter stands.
    pub row: UsageRow,
}

/// Counts, checks and shows usage.
pub struct UsageService {
    ports: UsagePorts,
}

impl UsageService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(ports: UsagePorts) -> Self {
        Self { ports }
    }

    /// Counts an amount on a meter, when the plan allows it.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::Invalid`], [`UsageError::UnknownMeter`], [`UsageError::NotReportable`],
    /// [`UsageError::Exceeded`], [`UsageError::Counter`], [`UsageError::NoPlan`], [`UsageError::Store`].
    pub async fn consume(&self, scope: &TenantScope, request: Consume) -> Result<Counted, UsageError> {
        scope.require(&CONSUME_USAGE)?;

        let amount = checked(&request)?;
        let meter = self.meter(&request.meter)?;
        if meter.source == MeterSource::Members || meter.kind == MeterKind::Rate {
            return Err(UsageError::NotReportable(meter.code.clone()));
        }
        let (operation, digest) = request
            .operation
            .unwrap_or_else(|| (OperationId::from(self.ports.ids.next()), [0; 32]));
        let entitlements = self.ports.entitled(scope).await?;

        let asked = ConsumeRequest {
            operation,
            digest,
            meter: meter.clone(),
            amount,
            description: request.description,
            subject: request.subject,
            live: is_live(scope),
            at: self.ports.clock.now(scope),
            entitlements: Arc::clone(&entitlements),
        };
        let counted = self.ports.counter.consume(scope, asked).await;
        let consumed = counted.map_err(|cause| self.ports.refused(cause, meter, amount.get(), &entitlements))?;
        Ok(Counted {
            meter: meter.code.clone(),
            used: consumed.used,
            limit: consumed.limit,
            remaining: consumed.remaining(),
            resets_at: consumed.resets_at,
            replayed: consumed.replayed,
        })
    }

    /// Tells whether an amount would be counted now. Promises nothing: another caller may be first.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::Invalid`], [`UsageError::UnknownMeter`], [`UsageError::NoPlan`],
    /// [`UsageError::Store`].
    pub async fn check(&self, scope: &TenantScope, meter: &str, amount: i64) -> Result<Checked, UsageError> {
        if !scope.permissions().holds(&CONSUME_USAGE) {
            require_reading(scope)?;
        }

        let amount = Amount::try_from(amount)
            .map_err(|cause| UsageError::Invalid(vec![FieldError::new("amount", "out_of_range", cause)]))?;
        let meter = self.meter(meter)?;
        let entitlements = self.ports.entitled(scope).await?;
        let now = self.ports.clock.now(scope);

        let mut unit = self.ports.store.read(scope).await?;
        let row = self.row(scope, unit.as_mut(), meter, &entitlements, now).await?;
        let mut allowed = fits(row.used, amount, row.allowance.hard_limit());
        if meter.kind != MeterKind::Rate && meter.source != MeterSource::Members {
            let others = Limit::all_of(meter, &entitlements, is_live(scope), now);
            let accounts: Vec<_> = others.iter().map(|limit| limit.account.clone()).collect();
            let posted = unit.usage().posted(&accounts).await?;
            let leading = others.first().map(|limit| limit.account.clone());
            allowed &= others
                .iter()
                .zip(posted)
                .filter(|(limit, _)| Some(&limit.account) != leading.as_ref())
                .all(|(limit, used)| fits(used, amount, limit.allowance.hard_limit()));
        }
        Ok(Checked { allowed, row })
    }

    /// How every meter of the catalog stands, in its order.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::NoPlan`], [`UsageError::Store`].
    pub async fn rows(&self, scope: &TenantScope) -> Result<Vec<UsageRow>, UsageError> {
        require_reading(scope)?;

        let entitlements = self.ports.entitled(scope).await?;
        let now = self.ports.clock.now(scope);

        let mut unit = self.ports.store.read(scope).await?;
        let mut rows = Vec::new();
        for meter in self.ports.meters.iter() {
            rows.push(self.row(scope, unit.as_mut(), meter, &entitlements, now).await?);
        }
        Ok(rows)
    }

    /// The tenant's ledger, latest entry first.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::UnknownMeter`], [`UsageError::Store`].
    pub async fn logs(
        &self,
        scope: &TenantScope,
        meter: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<LedgerEntry>, UsageError> {
        scope.require(&READ_USAGE)?;

        let meter = meter.map(|text| self.meter(text)).transpose()?;
        let filter = EntryFilter {
            meter: meter.map(|meter| meter.code.clone()),
        };

        let mut unit = self.ports.store.read(scope).await?;
        Ok(unit.usage().list_entries(&filter, page).await?)
    }

    fn meter(&self, text: &str) -> Result<&Meter, UsageError> {
        let found = self.ports.meters.find(text);
        found.ok_or_else(|| UsageError::UnknownMeter(text.chars().take(Code::MAX_LEN).collect()))
    }

    async fn row(
        &self,
        scope: &TenantScope,
        unit: &mut dyn QuotaUnit,
        meter: &Meter,
        entitlements: &Entitlements,
        now: OffsetDateTime,
    ) -> Result<UsageRow, UsageError> {
        let live = is_live(scope);
        let allowance = entitlements.allowance(meter);
        let window = allowance.period.window(now, entitlements.anchor);
        let mut resets_at = window.resets_at;
        let used = if meter.source == MeterSource::Members {
            unit.gauges().used(&meter.code).await?
        } else if meter.kind == MeterKind::Rate {
            let (spent, full_at) = self.spent(scope, meter, allowance.limit, live, now).await;
            resets_at = full_at;
            spent
        } else {
            let limits = Limit::all_of(meter, entitlements, live, now);
            let accounts: Vec<_> = limits.into_iter().take(1).map(|limit| limit.account).collect();
            let posted: i64 = unit.usage().posted(&accounts).await?.into_iter().sum();
            let unused: i64 = accounts
                .iter()
                .map(|account| self.ports.requests.unused(scope.tenant_id(), account))
                .sum();
            posted.saturating_sub(unused).max(0)
        };
        Ok(UsageRow {
            meter: meter.clone(),
            allowance,
            used,
            resets_at,
        })
    }

    /// A pace without a limit is not tracked at all: nothing is spent of it.
    async fn spent(
        &self,
        scope: &TenantScope,
        meter: &Meter,
        limit: Option<i64>,
        live: bool,
        now: OffsetDateTime,
    ) -> (i64, Option<OffsetDateTime>) {
        let Some(pace) = limit.and_then(per_minute) else {
            return (0, None);
        };
        let limit = RateLimit {
            policy: "plan",
            subject: RateSubject::Tenant(scope.tenant_id(), meter.code.clone(), live),
            pace,
        };
        // What cannot be asked now is shown as unspent: it is an estimate.
        let paces = self.ports.rates.peek(&[limit]).get().await.unwrap_or_default();
        let Some(stands) = paces.first() else {
            return (0, None);
        };
        let spent = i64::from(stands.limit.saturating_sub(stands.remaining));
        // Whole seconds, rounded up: what a pace tells is an estimate.
        let wait = stands.reset_after.as_secs() + u64::from(stands.reset_after.subsec_nanos() > 0);
        let wait = time::Duration::seconds(i64::try_from(wait).unwrap_or(i64::MAX));
        (spent, now.replace_nanosecond(0).unwrap_or(now).checked_add(wait))
    }
}

fn require_reading(scope: &TenantScope) -> Result<(), Denied> {
    if scope.permissions().holds(&READ_BASIC_USAGE) {
        return Ok(());
    }
    scope.require(&READ_USAGE)
}

fn fits(used: i64, amount: Amount, limit: Option<i64>) -> bool {
    limit.is_none_or(|limit| amount.get() <= limit.saturating_sub(used))
}

fn checked(request: &Consume) -> Result<Amount, UsageError> {
    let mut wrong = Vec::new();
    let amount = Amount::try_from(request.amount);
    if let Err(cause) = &amount {
        wrong.push(FieldError::new("amount", "out_of_range", cause));
    }
    for (field, text, longest) in [
        ("description", &request.description, MAX_DESCRIPTION),
        ("subject", &request.subject, MAX_SUBJECT),
    ] {
        let Some(text) = text else { continue };
        if text.chars().count() > longest {
            wrong.push(FieldError::new(
                field,
                "too_long",
                format!("must be at most {longest} characters"),
            ));
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
    match amount {
        Ok(amount) if wrong.is_empty() => Ok(amount),
        _ => Err(UsageError::Invalid(wrong)),
    }
}

#[cfg(test)]
mod tests;
