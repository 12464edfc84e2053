//! The billing run: period ends, trial conversions, scheduled changes, unpaid invoices, payments left pending; then,
//! in `chase.rs`, what becomes of invoices that stay unpaid.
//!
//! Idempotent: every period end is one transaction under the account's lock, and it moves the subscription past
//! itself; two runs at once, or a run after a crash, find it moved. The payment is begun in the same transaction as
//! the invoice, so that a crash leaves either none of it or a pending payment that the next run resumes. A run that
//! is late bills every period it missed, in order.

mod chase;

use std::collections::HashSet;
use std::sync::Arc;

use tenantry_billing::directory::{DueSubscriptions, OverdueInvoices, PendingPayments};
use tenantry_billing::invoice::{Invoice, InvoiceId};
use tenantry_billing::payment::{Begun, CollectError, Collection, Draft, PayWith, Settled};
use tenantry_billing::plan::{PlanRef, PlanSource};
use tenantry_billing::renewal::{self, Renewal, RenewalError, RenewalKind};
use tenantry_billing::subscription::{Subscription, SubscriptionRule};
use tenantry_kernel::retry::{self, MaybeContended};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Clock, DomainError, ErrorKind, Event, StoreError, SystemScope, TenantId, TenantScope};
use tenantry_quotas::closing::LedgerMarks;
use tenantry_tenancy::gate::{EnterError, Gate};

use crate::catalog::Catalog;
use crate::plan_change::{PlanChangeError, PlanChangeService};
use crate::store::{LifecycleStore, LifecycleUnit};
use crate::{counts, dunning, entitle};

/// Why a tenant could not be billed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BillingRunError {
    /// The tenant cannot be entered.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// The planner's refusal.
    #[error("the period's end cannot be planned")]
    Plan(#[from] RenewalError),
    /// The payment's refusal.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// What became of a payment could not be found out or recorded.
    #[error(transparent)]
    Settle(#[from] PlanChangeError),
    /// The subscription is over.
    #[error(transparent)]
    Over(#[from] SubscriptionRule),
    /// An edition that subscribers have is missing from the catalog's archive.
    #[error("the plan {0} is missing from the catalog")]
    LostPlan(String),
    /// The store failed.
    #[error("the period's end could not be stored")]
    Store(#[from] StoreError),
}

impl DomainError for BillingRunError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Enter(cause) => cause.kind(),
            Self::Plan(cause) => cause.kind(),
            Self::Collect(cause) => cause.kind(),
            Self::Settle(cause) => cause.kind(),
            Self::Over(_) | Self::LostPlan(_) => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Enter(cause) => cause.code(),
            Self::Plan(cause) => cause.code(),
            Self::Collect(cause) => cause.code(),
            Self::Settle(cause) => cause.code(),
            Self::Over(_) | Self::LostPlan(_) => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }
}

impl MaybeContended for BillingRunError {
    fn is_contended(&self) -> bool {
        match self {
            Self::Collect(cause) => cause.is_contended(),
            Self::Store(cause) => cause.is_contended() || matches!(cause, StoreError::Stale),
            _ => false,
        }
    }
}

/// What a run did.
#[derive(Debug, Default)]
pub struct BillingReport {
    /// Period ends that were settled.
    pub periods: u64,
    /// Invoices that were issued.
    pub invoices: u64,
    /// Invoices that were paid at once.
    pub paid: u64,
    /// Payments found pending and finished.
    pub resumed: u64,
    /// Charges of unpaid invoices that were tried again.
    pub retried: u64,
    /// Tenants that were suspended for an unpaid invoice.
    pub suspended: u64,
    /// Subscriptions that were cancelled for one.
    pub cancelled: u64,
    /// Tenants that could not be billed, and why. The next run tries them again.
    pub failed: Vec<(TenantId, BillingRunError)>,
}

/// What a billing run needs.
pub struct BillingRunParts {
    /// What is sold.
    pub catalog: Arc<Catalog>,
    /// Units over every domain.
    pub store: Arc<dyn LifecycleStore>,
    /// Tenants whose period is over.
    pub due: Arc<dyn DueSubscriptions>,
    /// Tenants with a payment left pending.
    pub pending: Arc<dyn PendingPayments>,
    /// Tenants with an invoice that stays unpaid.
    pub overdue: Arc<dyn OverdueInvoices>,
    /// Draws the line between what a period bills and what comes late.
    pub marks: Arc<dyn LedgerMarks>,
    /// The charge flow.
    pub collection: Collection,
    /// Resumes and records payments.
    pub plan_changes: Arc<PlanChangeService>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where scopes are minted.
    pub gate: Gate,
}

/// Runs the billing.
pub struct BillingRunService(BillingRunParts);

const BATCH: u32 = 200;
const TRIES: u8 = 5;
/// A payment in flight belongs to the request that began it for this long.
const LEFT_ALONE: Duration = Duration::minutes(2);

impl BillingRunService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: BillingRunParts) -> Self {
        Self(parts)
    }

    /// Does what is due at `as_of` (now when absent), for every tenant. One tenant's trouble is not another's.
    ///
    /// # Errors
    /// [`StoreError`] when the list of due tenants cannot be read.
    pub async fn run(&self, system: &SystemScope, as_of: Option<OffsetDateTime>) -> Result<BillingReport, StoreError> {
        let now = as_of.unwrap_or_else(|| self.0.clock.system_now());
        let mut report = BillingReport::default();
        let left_alone = self.0.clock.system_now() - LEFT_ALONE;
        for tenant in self.0.pending.pending(system, left_alone, BATCH).await? {
            match self.resume(tenant).await {
                Ok(resumed) => report.resumed += u64::from(resumed),
                Err(cause) => report.failed.push((tenant, cause)),
            }
        }
        // Every tenant has one turn. Those that failed stay due: the list is asked for that much longer, so that they
        // keep nobody else from theirs.
        let mut seen: HashSet<TenantId> = report.failed.iter().map(|(tenant, _)| *tenant).collect();
        loop {
            let still_due = u32::try_from(report.failed.len()).unwrap_or(u32::MAX);
            let due = self.0.due.due(system, now, BATCH.saturating_add(still_due)).await?;
            let fresh: Vec<TenantId> = due.into_iter().filter(|tenant| seen.insert(*tenant)).collect();
            if fresh.is_empty() {
                break;
            }
            for tenant in fresh {
                if let Err(cause) = self.bill(tenant, now, &mut report).await {
                    report.failed.push((tenant, cause));
                }
            }
        }
        self.chase_all(system, now, &mut report).await?;
        Ok(report)
    }

    async fn resume(&self, tenant: TenantId) -> Result<bool, BillingRunError> {
        let scope = self.0.gate.enter_as_system(tenant, "billing_run").await?;
        Ok(self.0.plan_changes.resume(&scope).await?.is_some())
    }

    /// Every period end of one tenant that is due, one after the other; then what is owed from before.
    async fn bill(
        &self,
        tenant: TenantId,
        now: OffsetDateTime,
        report: &mut BillingReport,
    ) -> Result<(), BillingRunError> {
        let scope = self.0.gate.enter_as_system(tenant, "billing_run").await?;
        let mut tried = HashSet::new();
        let mut refused = false;
        loop {
            let ended = match retry::contended(TRIES, || self.end_period(&scope, now)).await? {
                Turn::Ended(ended) => ended,
                Turn::NothingDue => break,
                Turn::InFlight => return Ok(()),
            };
            report.periods += 1;
            if let Some(invoice) = ended.invoice {
                report.invoices += 1;
                tried.insert(invoice);
            }
            match &ended.payment {
                Payment::Begun(begun) if self.charge(&scope, begun).await? => report.paid += 1,
                Payment::Begun(_) | Payment::Impossible => refused = true,
                Payment::Settled => report.paid += 1,
                Payment::Nothing => {}
            }
        }
        if refused {
            return Ok(());
        }
        self.collect_earlier(&scope, &tried, now, report).await
    }

    /// Ends one period, if one is due.
    async fn end_period(&self, scope: &TenantScope, now: OffsetDateTime) -> Result<Turn, BillingRunError> {
        // Before the unit: taking a mark waits for usage that is being counted.
        let mark = if self.0.catalog.bills_usage() {
            Some(self.0.marks.take().await?)
        } else {
            None
        };
        let mut unit = self.0.store.begin_spanning(scope, None).await?;
        unit.billing_accounts().lock().await?;
        // A plan change whose charge is in flight bills the usage up to now, and closes it once it is paid: a period
        // that ended meanwhile would bill it again. What is left pending is resumed first, by the next run.
        if unit.payment_attempts().pending().await?.is_some() {
            return Ok(Turn::InFlight);
        }
        let Some(subscription) = unit.subscriptions().live().await? else {
            return Ok(Turn::NothingDue);
        };
        let catalog = &self.0.catalog;
        let current = PlanSource::find(&**catalog, subscription.plan()).ok_or_else(|| lost(subscription.plan()))?;
        let next = renewal::next_plan(&subscription);
        let next = catalog.offer(next).ok_or_else(|| lost(next))?;
        let counts = counts::at_its_end(&mut *unit, &current, &subscription, mark, now).await?;
        let Some(mut renewed) = renewal::plan(&subscription, &current, &next.plan, &counts, now)? else {
            return Ok(Turn::NothingDue);
        };

        let draft = Draft {
            subscription: Some(subscription.id()),
            purpose: renewed.purpose(),
            lines: std::mem::take(&mut renewed.lines)
                .into_iter()
                .filter(|line| !line.amount().is_zero())
                .collect(),
        };
        let issued = self.0.collection.issue(unit.as_billing(), draft, now).await?;
        let (invoice, mut events) = issued.map_or_else(|| (None, Vec::new()), |(invoice, more)| (Some(invoice), more));
        let payment = self.begin_payment(&mut *unit, scope, invoice.as_ref()).await?;
        let after = &mut renewed.subscription;
        if matches!(payment, Payment::Impossible) && after.is_live() {
            after.fall_behind(now)?;
        }
        unit.subscriptions().update(after).await?;
        // When a trial ends, the plan's own limits take the place of the trial's.
        if after.plan() != subscription.plan() || renewed.kind == RenewalKind::Converted {
            entitle::follow(&mut *unit, next, after).await?;
        }
        let mut ended = told(&subscription, &renewed);
        if let (Payment::Impossible, Some(owed)) = (&payment, &invoice) {
            ended
                .mails
                .extend(dunning::payment_failed(&mut *unit, catalog, owed, now).await?);
        }
        events.insert(0, ended);
        unit.commit(events).await?;
        Ok(Turn::Ended(Ended {
            invoice: invoice.map(|invoice| invoice.id()),
            payment,
        }))
    }

    /// Begins to charge the default method for an invoice that was issued in the same unit.
    async fn begin_payment(
        &self,
        unit: &mut dyn LifecycleUnit,
        scope: &TenantScope,
        invoice: Option<&Invoice>,
    ) -> Result<Payment, BillingRunError> {
        let Some(invoice) = invoice else {
            return Ok(Payment::Nothing);
        };
        if invoice.amount_due().is_zero() {
            return Ok(Payment::Settled);
        }
        // By the clock, not by the time that the run was asked for: a crash must be found soon.
        let begun_at = self.0.clock.now(scope);
        let collection = &self.0.collection;
        match collection
            .begin(unit.as_billing(), invoice.id(), &PayWith::Default, begun_at)
            .await
        {
            Ok(begun) => Ok(Payment::Begun(Box::new(begun))),
            Err(CollectError::NoMethod) => Ok(Payment::Impossible),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Charges once more for what is still owed from earlier periods, the oldest first, until a charge is refused.
    async fn collect_earlier(
        &self,
        scope: &TenantScope,
        tried: &HashSet<InvoiceId>,
        now: OffsetDateTime,
        report: &mut BillingReport,
    ) -> Result<(), BillingRunError> {
        let mut unit = self.0.store.read_spanning(scope).await?;
        let owed = unit.invoices().open().await?;
        drop(unit);
        for invoice in owed.iter().filter(|invoice| !tried.contains(&invoice.id())) {
            let payment = retry::contended(TRIES, || self.begin_earlier(scope, invoice, now)).await?;
            let Payment::Begun(begun) = payment else {
                return Ok(());
            };
            if !self.charge(scope, &begun).await? {
                return Ok(());
            }
            report.paid += 1;
        }
        Ok(())
    }

    async fn begin_earlier(
        &self,
        scope: &TenantScope,
        invoice: &Invoice,
        now: OffsetDateTime,
    ) -> Result<Payment, BillingRunError> {
        let mut unit = self.0.store.begin_spanning(scope, None).await?;
        let payment = self.begin_payment(&mut *unit, scope, Some(invoice)).await?;
        if matches!(payment, Payment::Begun(_)) {
            // A retry that the catalog wants today is done with this.
            let mut case = dunning::case_of(&mut *unit, invoice).await?;
            case.tried(self.0.catalog.dunning(), now);
            self.keep_case(&mut *unit, &case).await?;
            unit.commit(vec![]).await?; // What comes of it is what is audited.
        }
        Ok(payment)
    }

    /// Charges and records what came of it. False when the invoice stays open.
    async fn charge(&self, scope: &TenantScope, begun: &Begun) -> Result<bool, BillingRunError> {
        let outcome = if begun.earlier {
            self.0.collection.resume(&begun.attempt).await?
        } else {
            self.0.collection.charge(&begun.attempt).await?
        };
        let settlement = self.0.plan_changes.settle(scope, &begun.attempt, &outcome).await?;
        Ok(settlement.settled == Settled::Paid)
    }
}

/// What came of looking for a period to end.
enum Turn {
    /// One ended.
    Ended(Ended),
    /// None is due.
    NothingDue,
    /// A charge is in flight: its result decides first.
    InFlight,
}

/// A period that ended, and what came of its invoice.
struct Ended {
    invoice: Option<InvoiceId>,
    payment: Payment,
}

/// How far collecting an invoice got in the unit that issued it.
enum Payment {
    /// There was nothing to bill.
    Nothing,
    /// Nothing was due on it.
    Settled,
    /// To be charged.
    Begun(Box<Begun>),
    /// There is no method to charge.
    Impossible,
}

fn lost(plan: &PlanRef) -> BillingRunError {
    BillingRunError::LostPlan(plan.code.to_string())
}

fn told(before: &Subscription, renewed: &Renewal) -> Event {
    let after = &renewed.subscription;
    let action = match renewed.kind {
        RenewalKind::Renewed => "subscription.renewed",
        RenewalKind::Converted => "subscription.trial_converted",
        RenewalKind::Ended => "subscription.ended",
    };
    Event::new(action, after.id())
        .change("status", before.status().as_str(), after.status().as_str())
        .change("plan", before.plan().code.as_str(), after.plan().code.as_str())
        .change("period_end", before.period().end(), after.period().end())
}

#[cfg(test)]
mod tests;
