//! Putting right what was counted: gauges that move down, operations taken back, corrections, opening balances.

use tenantry_kernel::{Event, FieldError, Permission, TenantScope};
use time::OffsetDateTime;

use crate::counter::{Act, Item, Order};
use crate::ledger::{Amount, EntryKind, OperationId};
use crate::limit::User;
use crate::meter::{Meter, MeterKind};
use crate::permissions::CONSUME_USAGE;
use crate::usage::error::UsageError;
use crate::usage::ports::{BACKDATED_AT_MOST, MAX_SUBJECT, UsagePorts, happened, is_live};
use crate::usage::service::Counted;

/// Longest reason in characters.
pub const MAX_REASON: usize = 500;

/// What is put right.
#[derive(Clone, Debug)]
pub struct Correct {
    /// The meter, as the caller spells it.
    pub meter: String,
    /// How much more was used; below nothing, how much less.
    pub amount: i64,
    /// Why.
    pub reason: String,
    /// Whom within the tenant it is about.
    pub subject: Option<String>,
    /// When it happened; now when absent. An opening balance may be as old as one likes.
    pub at: Option<OffsetDateTime>,
    /// True for what was used before Tenantry counted.
    pub opening: bool,
    /// The `Idempotency-Key` and SHA-256 of the request body, when the caller named the operation.
    pub operation: Option<(OperationId, [u8; 32])>,
}

/// Puts right what was counted.
pub struct CorrectionService {
    ports: UsagePorts,
}

impl CorrectionService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(ports: UsagePorts) -> Self {
        Self { ports }
    }

    /// Counts more or less. Limits do not refuse it: it is a fact already.
    ///
    /// Whoever may report usage moves gauges down as things go away. Taking usage of a counter back changes what is
    /// billed: that, and opening balances, need `operators`, a permission that no tenant gives.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::Invalid`], [`UsageError::UnknownMeter`], [`UsageError::NotReportable`],
    /// [`UsageError::NotAdditive`], [`UsageError::Counter`], [`UsageError::NoPlan`].
    pub async fn correct(
        &self,
        scope: &TenantScope,
        operators: &Permission,
        request: Correct,
    ) -> Result<Counted, UsageError> {
        let may_all = scope.permissions().holds(operators);
        if !may_all {
            scope.require(&CONSUME_USAGE)?;
        }
        let meter = self.ports.reportable(&request.meter)?.clone();
        if request.opening || meter.kind != MeterKind::Gauge {
            scope.require(operators)?;
        }
        if !meter.aggregation.adds_up() {
            return Err(UsageError::NotAdditive(meter.code));
        }
        let now = self.ports.clock.now(scope);
        let at = when(&request, now)?;
        checked(&request)?;
        let reach = self.ports.reach(scope).await?;
        let kind = if request.opening {
            EntryKind::Opening
        } else {
            EntryKind::Correction
        };
        let (operation, digest) = match request.operation.clone() {
            Some((name, digest)) => (OperationId::internal("correction", name.as_str()), digest),
            None => (OperationId::from(self.ports.ids.next()), [0; 32]),
        };

        let order = Order {
            operation,
            digest,
            act: Act::Correct {
                kind,
                item: item(scope, &meter, &request, at),
            },
            live: is_live(scope),
            reach: reach.clone(),
            now,
        };
        let outcome = self.ports.counter.submit(scope, order).await;
        let outcome = outcome.map_err(|cause| self.ports.refused(cause, &reach, now))?;

        if may_all && !outcome.replayed {
            let event = Event::new("usage.corrected", &meter.code)
                .set("kind", kind.as_str())
                .set("amount", request.amount)
                .set("happened_at", at)
                .set("reason", request.reason.as_str());
            self.ports.store.begin(scope).await?.commit(vec![event]).await?;
        }
        Ok(Counted::of(outcome, &reach))
    }

    /// Takes back what an operation counted, once: the work that it paid for failed. Possible as long as what happened
    /// may be reported.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::Counter`] when there is no such operation, [`UsageError::NotAdditive`].
    pub async fn give_back(&self, scope: &TenantScope, operation: OperationId) -> Result<Counted, UsageError> {
        scope.require(&CONSUME_USAGE)?;

        let now = self.ports.clock.now(scope);
        let reach = self.ports.reach(scope).await?;
        let entries = {
            let mut unit = self.ports.store.read(scope).await?;
            unit.usage().find_operation(&operation).await?
        };
        let unknown = || UsageError::Counter(crate::counter::ConsumeError::Unknown);
        let first = entries.first().ok_or_else(unknown)?;
        if first.recorded_at < now - BACKDATED_AT_MOST || first.account.live != is_live(scope) {
            return Err(unknown());
        }
        for entry in &entries {
            let meter = self.ports.meter(entry.meter().as_str())?;
            if !meter.aggregation.adds_up() {
                return Err(UsageError::NotAdditive(meter.code.clone()));
            }
        }

        let order = Order {
            operation: OperationId::internal("give-back", operation.as_str()),
            digest: [0; 32],
            act: Act::GiveBack(operation),
            live: is_live(scope),
            reach: reach.clone(),
            now,
        };
        let outcome = self.ports.counter.submit(scope, order).await;
        let outcome = outcome.map_err(|cause| self.ports.refused(cause, &reach, now))?;
        Ok(Counted::of(outcome, &reach))
    }
}

fn item(scope: &TenantScope, meter: &Meter, request: &Correct, at: OffsetDateTime) -> Item {
    Item {
        meter: meter.clone(),
        value: request.amount,
        member: None,
        user: User::of(scope.principal(), request.subject.as_deref()),
        subject: request.subject.clone(),
        description: Some(request.reason.clone()),
        at,
    }
}

fn when(request: &Correct, now: OffsetDateTime) -> Result<OffsetDateTime, UsageError> {
    match request.at {
        Some(at) if request.opening => Ok(at.min(now)),
        told => happened(told, now, "timestamp"),
    }
}

fn checked(request: &Correct) -> Result<(), UsageError> {
    let mut wrong = Vec::new();
    if request.amount == 0 || request.amount.unsigned_abs() > Amount::MAX.unsigned_abs() {
        let detail = format!("must be a whole number other than 0, up to {} either way", Amount::MAX);
        wrong.push(FieldError::new("amount", "out_of_range", detail));
    }
    if request.opening && request.amount < 0 {
        wrong.push(FieldError::new(
            "amount",
            "out_of_range",
            "an opening balance is above nothing",
        ));
    }
    let length = request.reason.trim().chars().count();
    if length == 0 || length > MAX_REASON {
        wrong.push(FieldError::new("reason", "out_of_range", "must be 1 to 500 characters"));
    }
    let subject = request.subject.as_deref();
    if subject.is_some_and(|subject| subject.is_empty() || subject.chars().count() > MAX_SUBJECT) {
        let detail = format!("must be 1 to {MAX_SUBJECT} characters");
        wrong.push(FieldError::new("subject", "out_of_range", detail));
    }
    for (field, text) in [("reason", Some(request.reason.as_str())), ("subject", subject)] {
        if text.is_some_and(|text| text.chars().any(char::is_control)) {
            wrong.push(FieldError::new(
                field,
                "invalid_value",
                "must be without control characters",
            ));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(UsageError::Invalid(wrong))
    }
}
