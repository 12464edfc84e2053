//! The billing run: period ends, trial conversions, scheduled changes, unpaid invoices, payments left pending.
//!
//! Idempotent: every period end is one transaction under the account's lock, and it moves the subscription past
//! itself; two runs at once, or a run after a crash, find it moved. A run that is late bills every period it
//! missed, in order.

use std::sync::Arc;

use tenantry_billing::directory::{DueSubscriptions, PendingPayments};
use tenantry_billing::invoice::InvoiceId;
use tenantry_billing::payment::{Begun, ChargeOutcome, CollectError, Collection, Draft, PayWith, PaymentAttempt};
use tenantry_billing::plan::PlanSource;
use tenantry_billing::renewal::{self, Renewal, RenewalError, RenewalKind};
use tenantry_billing::subscription::Subscription;
use tenantry_kernel::retry::{self, MaybeContended};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Clock, DomainError, ErrorKind, Event, StoreError, SystemScope, TenantId, TenantScope};
use tenantry_tenancy::gate::{EnterError, Gate};

use crate::catalog::Catalog;
use crate::plan_change::{PlanChangeError, PlanChangeService};
use crate::store::{LifecycleStore, LifecycleUnit};
use crate::{counts, entitle};

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
    /// Resuming a plan change failed.
    #[error(transparent)]
    Resume(#[from] PlanChangeError),
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
            Self::Resume(cause) => cause.kind(),
            Self::LostPlan(_) => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Enter(cause) => cause.code(),
            Self::Plan(cause) => cause.code(),
            Self::Collect(cause) => cause.code(),
            Self::Resume(cause) => cause.code(),
            Self::LostPlan(_) => "internal_error",
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
    /// The charge flow.
    pub collection: Collection,
    /// Resumes plan changes.
    pub plan_changes: Arc<PlanChangeService>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where scopes are minted.
    pub gate: Gate,
}

/// Runs the billing.
pub struct BillingRunService(BillingRunParts);

const BATCH: u32 = 200;
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
        for tenant in self
            .0
            .pending
            .pending(system, self.0.clock.system_now() - LEFT_ALONE, BATCH)
            .await?
        {
            match self.resume(tenant).await {
                Ok(resumed) => report.resumed += u64::from(resumed),
                Err(cause) => report.failed.push((tenant, cause)),
            }
        }
        loop {
            let due = self.0.due.due(system, now, BATCH).await?;
            let fresh: Vec<TenantId> = due
                .into_iter()
                .filter(|tenant| report.failed.iter().all(|(failed, _)| failed != tenant))
                .collect();
            if fresh.is_empty() {
                return Ok(report);
            }
            for tenant in fresh {
                if let Err(cause) = self.bill(tenant, now, &mut report).await {
                    report.failed.push((tenant, cause));
                }
            }
        }
    }

    async fn resume(&self, tenant: TenantId) -> Result<bool, BillingRunError> {
        let scope = self.0.gate.enter_as_system(tenant, "billing_run").await?;
        Ok(self.0.plan_changes.resume(&scope).await?.is_some())
    }

    /// Every period end of one tenant that is due, one after the other.
    async fn bill(
        &self,
        tenant: TenantId,
        now: OffsetDateTime,
        report: &mut BillingReport,
    ) -> Result<(), BillingRunError> {
        let scope = self.0.gate.enter_as_system(tenant, "billing_run").await?;
        while let Some(issued) = retry::contended(5, || self.end_period(&scope, now)).await? {
            report.periods += 1;
            if let Some(invoice) = issued.invoice {
                report.invoices += 1;
                report.paid += u64::from(self.collect(&scope, invoice).await?);
            }
        }
        Ok(())
    }

    /// Ends one period, if one is due. `None` when nothing is.
    async fn end_period(&self, scope: &TenantScope, now: OffsetDateTime) -> Result<Option<Ended>, BillingRunError> {
        let mut unit = self.0.store.begin_spanning(scope, None).await?;
        unit.billing_accounts().lock().await?;
        let Some(subscription) = unit.subscriptions().live().await? else {
            return Ok(None);
        };
        let catalog = &self.0.catalog;
        let current = PlanSource::find(&**catalog, subscription.plan()).ok_or_else(|| lost(&subscription))?;
        let next = catalog
            .offer(renewal::next_plan(&subscription))
            .ok_or_else(|| lost(&subscription))?;
        let counts = counts::in_period(&mut *unit, &current, &subscription, now).await?;
        let Some(renewed) = renewal::plan(&subscription, &current, &next.plan, &counts, now)? else {
            return Ok(None);
        };

        unit.subscriptions().update(&renewed.subscription).await?;
        if renewed.subscription.plan() != subscription.plan() {
            entitle::follow(&mut *unit, next, &renewed.subscription).await?;
        }
        let mut events = vec![told(&subscription, &renewed)];
        let draft = Draft {
            subscription: Some(subscription.id()),
            purpose: renewed.purpose(),
            lines: renewed
                .lines
                .into_iter()
                .filter(|line| !line.amount().is_zero())
                .collect(),
        };
        let issued = self.0.collection.issue(unit.as_billing(), draft, now).await?;
        let unpaid = match issued {
            Some((invoice, more)) => {
                events.extend(more);
                Some((invoice.id(), invoice.amount_due().is_zero()))
            }
            None => None,
        };
        unit.commit(events).await?;
        Ok(Some(Ended { invoice: unpaid }))
    }

    /// Charges the default method for an open invoice. False when it stays open.
    async fn collect(
        &self,
        scope: &TenantScope,
        (invoice, settled): (InvoiceId, bool),
    ) -> Result<bool, BillingRunError> {
        if settled {
            return Ok(true);
        }
        let Some(begun) = retry::contended(3, || self.begin_payment(scope, invoice)).await? else {
            return Ok(false);
        };
        let attempt = begun.attempt;
        let outcome = if begun.earlier {
            self.0.collection.resume(&attempt).await?
        } else {
            self.0.collection.charge(&attempt).await?
        };
        let paid = matches!(outcome, ChargeOutcome::Charged(_));
        retry::contended(5, || self.settle(scope, &attempt, &outcome)).await?;
        Ok(paid)
    }

    async fn begin_payment(&self, scope: &TenantScope, invoice: InvoiceId) -> Result<Option<Begun>, BillingRunError> {
        let now = self.0.clock.now(scope);
        let mut unit = self.0.store.begin_spanning(scope, None).await?;
        match self
            .0
            .collection
            .begin(unit.as_billing(), invoice, &PayWith::Default, now)
            .await
        {
            Ok(begun) => {
                unit.commit(vec![]).await?; // What comes of it is what is audited.
                Ok(Some(begun))
            }
            Err(CollectError::NoMethod) => Ok(None),
            Err(cause) => Err(cause.into()),
        }
    }

    async fn settle(
        &self,
        scope: &TenantScope,
        attempt: &PaymentAttempt,
        outcome: &ChargeOutcome,
    ) -> Result<(), BillingRunError> {
        let now = self.0.clock.now(scope);
        let mut unit: Box<dyn LifecycleUnit> = self.0.store.begin_spanning(scope, None).await?;
        let settlement = self
            .0
            .collection
            .settle(unit.as_billing(), attempt.id, outcome, now)
            .await?;
        if !settlement.repeated {
            unit.commit(settlement.events).await?;
        }
        Ok(())
    }
}

/// A period that ended; with the invoice it left and whether that is settled.
struct Ended {
    invoice: Option<(InvoiceId, bool)>,
}

fn lost(subscription: &Subscription) -> BillingRunError {
    BillingRunError::LostPlan(subscription.plan().code.to_string())
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
