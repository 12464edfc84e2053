//! Counting, checking and showing usage.

use std::sync::Arc;

use tenantry_kernel::{Denied, FieldError, Page, PageRequest, TenantScope};
use time::OffsetDateTime;

use crate::counter::{Act, Item, Line, Order, Outcome, Standing};
use crate::decide::{Claim, Move, Operation, Part, States, Verdict, decide};
use crate::leased::Leased;
use crate::ledger::{EntryFilter, LedgerEntry, OperationId};
use crate::limit::{Limit, Reach};
use crate::meter::{Aggregation, Engine, Meter, MeterKind, MeterSource};
use crate::permissions::{CONSUME_USAGE, READ_BASIC_USAGE, READ_USAGE};
use crate::rate::{RateLimit, RateSubject};
use crate::usage::error::UsageError;
use crate::usage::exceeded::Explained;
use crate::usage::ports::{MAX_ITEMS, UsagePorts, Wanted, happened, is_live, per_minute};
use crate::usage::row::UsageRow;

/// What a caller wants counted.
#[derive(Clone, Debug)]
pub struct Consume {
    /// What, all or none.
    pub items: Vec<Wanted>,
    /// When it happened; now when absent.
    pub at: Option<OffsetDateTime>,
    /// The `Idempotency-Key` and SHA-256 of the request body, when the caller named the operation.
    pub operation: Option<(OperationId, [u8; 32])>,
}

impl Consume {
    /// One amount on one meter, now.
    #[must_use]
    pub fn one(meter: String, amount: i64, operation: Option<(OperationId, [u8; 32])>) -> Self {
        let item = Wanted {
            meter,
            amount,
            ..Wanted::default()
        };
        Self {
            items: vec![item],
            at: None,
            operation,
        }
    }
}

/// Counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// How each item stands now.
    pub lines: Vec<Line>,
    /// Every limit that was touched, for callers who want it explained; empty for an operation that was done before.
    pub explained: Vec<Explained>,
    /// True when this is the first answer to the same operation again.
    pub replayed: bool,
}

impl Counted {
    pub(crate) fn of(outcome: Outcome, reach: &Reach) -> Self {
        let standings = outcome.lines.iter().flat_map(|line| &line.standings);
        Self {
            explained: standings
                .map(|standing| Explained::of(standing, reach.tenant))
                .collect(),
            replayed: outcome.replayed,
            lines: outcome.lines,
        }
    }
}

/// How an operation would fare now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// True when it would be counted.
    pub allowed: bool,
    /// How the meter of each item stands.
    pub rows: Vec<UsageRow>,
    /// Every limit that would be touched.
    pub explained: Vec<Explained>,
    /// Which of them binds; `None` when it is allowed, or when a pace or the members do.
    pub binding: Option<usize>,
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

    /// Counts amounts on meters, when the plan allows all of them.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::Invalid`], [`UsageError::UnknownMeter`], [`UsageError::NotReportable`],
    /// [`UsageError::Exceeded`], [`UsageError::Counter`], [`UsageError::NoPlan`], [`UsageError::Store`].
    pub async fn consume(&self, scope: &TenantScope, request: Consume) -> Result<Counted, UsageError> {
        scope.require(&CONSUME_USAGE)?;

        let now = self.ports.clock.now(scope);
        let at = happened(request.at, now, "timestamp")?;
        let items = self.items(scope, request.items, at)?;
        let reach = self.ports.reach(scope).await?;
        let named = request.operation.is_some() || request.at.is_some();
        if let ([item], false) = (items.as_slice(), named)
            && item.meter.engine == Engine::Leased
        {
            return self.out_of_a_slice(scope, item, reach, now).await;
        }

        let (operation, digest) = request
            .operation
            .unwrap_or_else(|| (OperationId::from(self.ports.ids.next()), [0; 32]));
        let order = Order {
            operation,
            digest,
            act: Act::Consume(items),
            live: is_live(scope),
            reach: reach.clone(),
            now,
        };
        let outcome = self.ports.counter.submit(scope, order).await;
        let outcome = outcome.map_err(|cause| self.ports.refused(cause, &reach, now))?;
        Ok(Counted::of(outcome, &reach))
    }

    /// Whoever names an operation wants it counted once whatever happens, and a slice forgets names.
    async fn out_of_a_slice(
        &self,
        scope: &TenantScope,
        item: &Item,
        reach: Reach,
        now: OffsetDateTime,
    ) -> Result<Counted, UsageError> {
        let leased = Leased {
            meter: item.meter.clone(),
            amount: item.value,
            user: item.user.clone(),
            live: is_live(scope),
            reach: reach.clone(),
            at: now,
        };
        let counted = self.ports.leased.count(scope, leased).await;
        let line = counted.map_err(|cause| self.ports.refused(cause, &reach, now))?;
        let outcome = Outcome {
            lines: vec![line],
            reservation: None,
            replayed: false,
        };
        Ok(Counted::of(outcome, &reach))
    }

    /// Tells whether amounts would be counted now. Promises nothing: another caller may be first.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::Invalid`], [`UsageError::UnknownMeter`], [`UsageError::NoPlan`],
    /// [`UsageError::Store`].
    pub async fn check(&self, scope: &TenantScope, wanted: Vec<Wanted>) -> Result<Checked, UsageError> {
        if !scope.permissions().holds(&CONSUME_USAGE) {
            require_reading(scope)?;
        }

        let now = self.ports.clock.now(scope);
        let reach = self.ports.reach(scope).await?;
        let mut rows = Vec::new();
        let mut allowed = true;
        let mut items = Vec::new();
        for (path, one) in paths(wanted)? {
            let meter = self.ports.meter(&one.meter)?;
            let row = self.rows_of(scope, &reach, &[meter], now).await?.pop();
            let row = row.ok_or(UsageError::NoPlan)?;
            if meter.source == MeterSource::Members || meter.kind == MeterKind::Rate {
                let amount = positive(one.amount, &path)?;
                let room = row.allowance.hard_limit().map(|limit| limit.saturating_sub(row.used));
                allowed &= room.is_none_or(|room| amount <= room);
            } else {
                items.push(self.ports.item(scope, one, &path, now)?);
            }
            rows.push(row);
        }
        let (verdict, standings) = self.fare(scope, &reach, &items).await?;
        let binding = match verdict {
            Verdict::Granted { .. } => None,
            Verdict::Refused { binding, .. } | Verdict::Below { binding, .. } => {
                allowed = false;
                let before: usize = standings.iter().take(binding.0).map(Vec::len).sum();
                Some(before + binding.1)
            }
        };
        let explained = standings.iter().flatten();
        Ok(Checked {
            allowed,
            rows,
            explained: explained
                .map(|standing| Explained::of(standing, reach.tenant))
                .collect(),
            binding,
        })
    }

    /// Decides as the counter would, on what is known now.
    async fn fare(
        &self,
        scope: &TenantScope,
        reach: &Reach,
        items: &[Item],
    ) -> Result<(Verdict, Vec<Vec<Standing>>), UsageError> {
        let limits: Vec<Vec<Limit>> = items.iter().map(|item| item.limits(reach, is_live(scope))).collect();
        let asked: Vec<Limit> = limits.iter().flatten().cloned().collect();
        let held = self.ports.accounts.standing(&asked).await?;
        let mut states = States::default();
        let known = asked
            .iter()
            .zip(&held)
            .map(|(limit, held)| (limit.account.clone(), *held));
        states.accounts.extend(known);
        let parts = items
            .iter()
            .zip(&limits)
            .map(|(item, limits)| part(item, limits))
            .collect();
        let verdict = decide(&mut states.clone(), &Operation { parts, forced: false });
        let mut held = held.into_iter();
        let standings = limits
            .into_iter()
            .map(|of_item| {
                let standing = |limit| Standing {
                    limit,
                    held: held.next().unwrap_or_default(),
                };
                of_item.into_iter().map(standing).collect()
            })
            .collect();
        Ok((verdict, standings))
    }

    /// How every meter of the catalog stands, in its order.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::NoPlan`], [`UsageError::Store`].
    pub async fn rows(&self, scope: &TenantScope) -> Result<Vec<UsageRow>, UsageError> {
        require_reading(scope)?;

        let reach = self.ports.reach(scope).await?;
        let now = self.ports.clock.now(scope);
        let meters: Vec<&Meter> = self.ports.meters.iter().collect();
        self.rows_of(scope, &reach, &meters, now).await
    }

    /// The tenant's ledger, latest entry first, as far back as its plan keeps history.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::UnknownMeter`], [`UsageError::Store`].
    pub async fn logs(
        &self,
        scope: &TenantScope,
        meter: Option<&str>,
        filter: EntryFilter,
        page: PageRequest,
    ) -> Result<Page<LedgerEntry>, UsageError> {
        scope.require(&READ_USAGE)?;

        let meter = meter.map(|text| self.ports.meter(text)).transpose()?;
        let kept = self.ports.retention.shown_from(scope).await?;
        let filter = EntryFilter {
            meter: meter.map(|meter| meter.code.clone()),
            // What the plan does not keep is not shown, whatever is asked for.
            from: filter.from.max(kept),
            ..filter
        };

        let mut unit = self.ports.store.read(scope).await?;
        Ok(unit.usage().list_entries(&filter, page).await?)
    }

    fn items(&self, scope: &TenantScope, wanted: Vec<Wanted>, at: OffsetDateTime) -> Result<Vec<Item>, UsageError> {
        let item = |(path, one): (String, Wanted)| self.ports.item(scope, one, &path, at);
        paths(wanted)?.into_iter().map(item).collect()
    }

    /// How these meters stand: accounts in one look, members and paces besides.
    pub(crate) async fn rows_of(
        &self,
        scope: &TenantScope,
        reach: &Reach,
        meters: &[&Meter],
        now: OffsetDateTime,
    ) -> Result<Vec<UsageRow>, UsageError> {
        let live = is_live(scope);
        let kept = |meter: &&&Meter| meter.source != MeterSource::Members && meter.kind != MeterKind::Rate;
        let limits: Vec<Limit> = meters
            .iter()
            .filter(kept)
            .map(|meter| Limit::leading(reach, meter, live, now))
            .collect();
        let held = self.ports.accounts.standing(&limits).await?;
        let mut known = limits.iter().zip(held);
        let mut unit = None;
        let mut rows = Vec::new();
        for meter in meters {
            let allowance = reach.entitlements.allowance(meter, now);
            let mut row = UsageRow {
                meter: (*meter).clone(),
                allowance,
                used: 0,
                reserved: 0,
                granted: 0,
                resets_at: None,
            };
            if meter.source == MeterSource::Members {
                let unit = match &mut unit {
                    Some(unit) => unit,
                    none => none.insert(self.ports.store.read(scope).await?),
                };
                row.used = unit.gauges().used(&meter.code).await?;
            } else if meter.kind == MeterKind::Rate {
                (row.used, row.resets_at) = self.spent(scope, meter, row.allowance.limit, live, now).await;
            } else if let Some((limit, held)) = known.next() {
                let unused = self.ports.leased.unused(&limit.account);
                row.used = held.posted.saturating_sub(unused).max(0);
                (row.reserved, row.granted) = (held.pending, held.granted);
                row.resets_at = limit.resets_at;
            }
            rows.push(row);
        }
        Ok(rows)
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

/// Each item with where it stands in the request: a single one stands at the top.
pub(crate) fn paths(wanted: Vec<Wanted>) -> Result<Vec<(String, Wanted)>, UsageError> {
    if wanted.is_empty() || wanted.len() > MAX_ITEMS {
        let detail = format!("must be 1 to {MAX_ITEMS} items");
        return Err(UsageError::Invalid(vec![FieldError::new(
            "items",
            "out_of_range",
            detail,
        )]));
    }
    let single = wanted.len() == 1;
    let path = |number: usize| {
        if single {
            String::new()
        } else {
            format!("items[{number}].")
        }
    };
    Ok(wanted
        .into_iter()
        .enumerate()
        .map(|(number, one)| (path(number), one))
        .collect())
}

/// What an item does to its accounts.
#[must_use]
pub fn part(item: &Item, limits: &[Limit]) -> Part {
    let change = match (item.meter.aggregation, &item.member) {
        (Aggregation::Unique, Some(member)) => Move::Join(Arc::clone(member)),
        (Aggregation::Max, _) => Move::Raise(item.value),
        (Aggregation::Last, _) => Move::Set(item.value),
        (Aggregation::Sum | Aggregation::Count | Aggregation::Unique, _) => Move::Add(item.value),
    };
    Part {
        change,
        claims: limits
            .iter()
            .map(|limit| Claim {
                account: limit.account.clone(),
                limit: limit.hard(),
            })
            .collect(),
    }
}

fn require_reading(scope: &TenantScope) -> Result<(), Denied> {
    if scope.permissions().holds(&READ_BASIC_USAGE) {
        return Ok(());
    }
    scope.require(&READ_USAGE)
}

fn positive(amount: i64, path: &str) -> Result<i64, UsageError> {
    crate::ledger::Amount::try_from(amount)
        .map(crate::ledger::Amount::get)
        .map_err(|cause| UsageError::Invalid(vec![FieldError::new(format!("{path}amount"), "out_of_range", cause)]))
}

#[cfg(test)]
mod tests;
