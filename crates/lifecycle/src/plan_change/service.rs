//! The use case.

use std::sync::Arc;

use tenantry_billing::account::BillingAccount;
use tenantry_billing::change::{ChangeOutcome, Effect, Totals, When, Wish, plan_change, totals};
use tenantry_billing::invoice::{Invoice, Purpose};
use tenantry_billing::payment::{
    ChargeOutcome, CollectError, Collection, Draft, PayWith, PaymentAttempt, Prepared, Settled, Settlement,
};
use tenantry_billing::payment_method::PaymentMethod;
use tenantry_billing::permissions::{BILLING_MANAGE, BILLING_READ};
use tenantry_billing::plan::{Cycle, Plan, PlanSource};
use tenantry_billing::subscription::{Quantity, ScheduledChange, Subscription};
use tenantry_kernel::retry;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Clock, Event, FieldError, Money, Principal, TenantScope};
use tenantry_quotas::closing::{LedgerMarks, Mark};
use tenantry_quotas::engine::AccountReader;

use super::error::PlanChangeError;
use super::over_limit::{OverLimit, Usage};
use crate::catalog::{Catalog, Offer};
use crate::counts;
use crate::dunning;
use crate::entitle;
use crate::store::{LifecycleStore, LifecycleUnit};

/// A wish for another plan.
#[derive(Clone, Debug)]
pub struct ChangePlan {
    /// The plan, in any of its spellings.
    pub plan: String,
    /// How often it is to be billed; as now when absent.
    pub cycle: Option<Cycle>,
    /// For how many seats; as now when absent.
    pub quantity: Option<Quantity>,
    /// When; an upgrade at once, a downgrade at the end of the period when absent.
    pub when: Option<When>,
    /// A payment method's id or the gateway's token; the default one when absent.
    pub payment_method: Option<String>,
}

/// What a change would mean now.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The plan that was asked for.
    pub plan: Arc<Plan>,
    /// The change.
    pub outcome: ChangeOutcome,
    /// What would be due at once.
    pub totals: Totals,
    /// What is used beyond the limits of the plan that was asked for. It is kept; more is refused.
    pub over_limit: Vec<OverLimit>,
}

/// What a change did.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The subscription now.
    pub subscription: Subscription,
    /// The plan it is on now.
    pub plan: Arc<Plan>,
    /// What was billed; `None` when nothing was.
    pub invoice: Option<Invoice>,
    /// What is used beyond the limits of the plan that was asked for. It is kept; more is refused.
    pub over_limit: Vec<OverLimit>,
}

/// How billing stands.
#[derive(Clone, Debug)]
pub struct BillingOverview {
    /// The live subscription, or else the last one.
    pub subscription: Subscription,
    /// Its plan, in the edition it has.
    pub plan: Arc<Plan>,
    /// What a period costs in advance, for all its seats.
    pub price: Option<Money>,
    /// Currency and credit.
    pub account: BillingAccount,
    /// What will be charged.
    pub default_method: Option<PaymentMethod>,
}

/// What changing plans needs.
pub struct PlanChangeParts {
    /// What is sold.
    pub catalog: Arc<Catalog>,
    /// Units over every domain.
    pub store: Arc<dyn LifecycleStore>,
    /// The charge flow.
    pub collection: Collection,
    /// What was counted.
    pub accounts: Arc<dyn AccountReader>,
    /// Up to where it was counted.
    pub marks: Arc<dyn LedgerMarks>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Changes plans.
pub struct PlanChangeService(PlanChangeParts);

const SETTLE_TRIES: u8 = 5;

/// What the first unit left to do.
enum Begun {
    Done(Box<Changed>),
    Charge(Box<PaymentAttempt>),
}

impl PlanChangeService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: PlanChangeParts) -> Self {
        Self(parts)
    }

    /// How billing stands, on one page.
    ///
    /// # Errors
    /// [`PlanChangeError`].
    pub async fn overview(&self, scope: &TenantScope) -> Result<BillingOverview, PlanChangeError> {
        scope.require(&BILLING_READ)?;

        let mut unit = self.0.store.read_spanning(scope).await?;
        let subscription = unit.subscriptions().latest().await?;
        let subscription = subscription.ok_or(PlanChangeError::NoSubscription)?;
        let account = unit.billing_accounts().find().await?;
        let account = account.ok_or(PlanChangeError::NoSubscription)?;
        let default_method = unit.payment_methods().default_method().await?;
        let plan = self.edition(&subscription)?;
        let price = match plan.advance_price(subscription.cycle(), subscription.currency()) {
            Some(price) => Some(price.for_period(subscription.quantity())?),
            None => None,
        };
        Ok(BillingOverview {
            subscription,
            plan,
            price,
            account,
            default_method,
        })
    }

    /// What a change would mean now. Writes nothing; the same planner executes it.
    ///
    /// # Errors
    /// [`PlanChangeError`].
    pub async fn preview(&self, scope: &TenantScope, request: &ChangePlan) -> Result<Preview, PlanChangeError> {
        scope.require(&BILLING_READ)?;
        let offer = self.offer(scope, &request.plan)?;

        let mut unit = self.0.store.read_spanning(scope).await?;
        let now = self.0.clock.now(scope);
        let (_, outcome) = self.plan(&mut *unit, request, offer, (None, now)).await?;
        let account = unit.billing_accounts().find().await?;
        let account = account.ok_or(PlanChangeError::NoSubscription)?;
        let totals = totals(&outcome.lines, account.credit())?;
        let usage = Usage::read(&mut *unit, &self.0.catalog).await?;
        drop(unit);
        let over_limit = self.above(scope, usage, offer, &outcome, now).await?;
        Ok(Preview {
            plan: Arc::clone(&offer.plan),
            outcome,
            totals,
            over_limit,
        })
    }

    /// Changes the plan: at once when it is paid, or at the end of the period.
    ///
    /// # Errors
    /// [`PlanChangeError`]; a refused payment leaves the subscription as it was.
    pub async fn change(&self, scope: &TenantScope, request: &ChangePlan) -> Result<Changed, PlanChangeError> {
        scope.require(&BILLING_MANAGE)?;
        let offer = self.offer(scope, &request.plan)?;
        let pay_with = self.0.collection.pay_with(request.payment_method.as_deref()).await?;

        // Before anything happens: an answer to a change that was made must not fail for want of a figure.
        let over_limit = self.foresee(scope, request, offer).await?;

        let changed = match retry::contended(3, || self.begin(scope, request, offer, &pay_with)).await? {
            Begun::Done(changed) => *changed,
            Begun::Charge(attempt) => self.charge(scope, &attempt).await?,
        };
        Ok(Changed { over_limit, ..changed })
    }

    /// What is used beyond the limits of the plan asked for, as the change would find it now.
    async fn foresee(
        &self,
        scope: &TenantScope,
        request: &ChangePlan,
        offer: &Offer,
    ) -> Result<Vec<OverLimit>, PlanChangeError> {
        let now = self.0.clock.now(scope);
        let mut unit = self.0.store.read_spanning(scope).await?;
        if unit.payment_attempts().pending().await?.is_some() {
            return Err(CollectError::InProgress.into());
        }
        let (_, outcome) = self.plan(&mut *unit, request, offer, (None, now)).await?;
        let usage = Usage::read(&mut *unit, &self.0.catalog).await?;
        drop(unit);
        self.above(scope, usage, offer, &outcome, now).await
    }

    async fn above(
        &self,
        scope: &TenantScope,
        usage: Option<Usage>,
        offer: &Offer,
        outcome: &ChangeOutcome,
        now: OffsetDateTime,
    ) -> Result<Vec<OverLimit>, PlanChangeError> {
        let Some(usage) = usage else {
            return Ok(Vec::new());
        };
        let change = (scope.tenant_id(), offer, &outcome.subscription);
        let accounts = self.0.accounts.as_ref();
        Ok(usage.above(change, &self.0.catalog, accounts, now).await?)
    }

    /// Finishes a payment that was begun and never finished, be it for a plan change or for an issued invoice: asks
    /// the gateway what became of it.
    ///
    /// # Errors
    /// [`PlanChangeError`]; the attempt stays pending when even the gateway does not know.
    pub async fn resume(&self, scope: &TenantScope) -> Result<Option<Settlement>, PlanChangeError> {
        scope.require(&BILLING_MANAGE)?;

        let mut unit = self.0.store.read_spanning(scope).await?;
        let pending = unit.payment_attempts().pending().await?;
        drop(unit);
        let Some(attempt) = pending else {
            return Ok(None);
        };
        let outcome = self.0.collection.resume(&attempt).await?;
        Ok(Some(self.settle(scope, &attempt, &outcome).await?))
    }

    /// Records what became of a charge, with everything that follows: entitlements, and a mail to the payer of an
    /// issued invoice that stays open.
    ///
    /// # Errors
    /// [`PlanChangeError`].
    pub(crate) async fn settle(
        &self,
        scope: &TenantScope,
        attempt: &PaymentAttempt,
        outcome: &ChargeOutcome,
    ) -> Result<Settlement, PlanChangeError> {
        // Money has moved: it is worth more tries than a wish.
        retry::contended(SETTLE_TRIES, || self.try_settle(scope, attempt, outcome)).await
    }

    /// A public plan, or any plan for an operator.
    fn offer(&self, scope: &TenantScope, text: &str) -> Result<&Offer, PlanChangeError> {
        let operator = matches!(scope.principal(), Principal::Operator { .. } | Principal::Worker { .. });
        self.0
            .catalog
            .find_plan(text)
            .filter(|offer| offer.plan.public || operator)
            .ok_or_else(|| {
                let known: Vec<_> = self
                    .0
                    .catalog
                    .public_offers()
                    .map(|offer| offer.code().as_str())
                    .collect();
                let detail = format!("there is no plan {text:?} to choose; there are {}", known.join(", "));
                PlanChangeError::Invalid(vec![FieldError::new("new_plan", "unknown_plan", detail)])
            })
    }

    async fn plan(
        &self,
        unit: &mut dyn LifecycleUnit,
        request: &ChangePlan,
        offer: &Offer,
        (mark, now): (Option<Mark>, OffsetDateTime),
    ) -> Result<(Subscription, ChangeOutcome), PlanChangeError> {
        let subscription = unit.subscriptions().live().await?;
        let subscription = subscription.ok_or(PlanChangeError::NoSubscription)?;
        let current = self.edition(&subscription)?;
        let on_file = unit.payment_methods().default_method().await?.is_some();
        let wish = Wish {
            cycle: request
                .cycle
                .unwrap_or_else(|| cycle_for(&offer.plan, &subscription, &self.0.catalog)),
            quantity: request.quantity.unwrap_or_else(|| subscription.quantity()),
            when: request.when,
            has_method: on_file || request.payment_method.is_some(),
        };
        let counts = counts::in_period(unit, &current, &subscription, mark, now).await?;
        let outcome = plan_change(&subscription, &current, &offer.plan, &wish, &counts, now)?;
        Ok((subscription, outcome))
    }

    /// The edition of its plan that a subscription has.
    fn edition(&self, subscription: &Subscription) -> Result<Arc<Plan>, PlanChangeError> {
        let plan = PlanSource::find(&*self.0.catalog, subscription.plan());
        plan.ok_or_else(|| PlanChangeError::LostPlan(subscription.plan().code.to_string()))
    }

    /// Writes the intention; or the whole change, when nothing is to be charged.
    async fn begin(
        &self,
        scope: &TenantScope,
        request: &ChangePlan,
        offer: &Offer,
        pay_with: &PayWith,
    ) -> Result<Begun, PlanChangeError> {
        let now = self.0.clock.now(scope);
        // Before the unit: taking a mark waits for usage that is being counted.
        let mark = if self.0.catalog.bills_usage() {
            Some(self.0.marks.take().await?)
        } else {
            None
        };
        let mut unit = self.0.store.begin_spanning(scope, None).await?;
        unit.billing_accounts().lock().await?;
        // What is being paid for was planned for the subscription as it is: nothing else changes it meanwhile.
        if unit.payment_attempts().pending().await?.is_some() {
            return Err(CollectError::InProgress.into());
        }
        let (before, outcome) = self.plan(&mut *unit, request, offer, (mark, now)).await?;
        let to = match outcome.effect {
            Effect::Now(transition) => transition,
            Effect::At(at) => return self.schedule(unit, &before, outcome.subscription, at).await,
        };
        let draft = Draft {
            subscription: Some(outcome.subscription.id()),
            purpose: Purpose::ChangePlan { to },
            lines: outcome.lines,
        };
        match self
            .0
            .collection
            .prepare(unit.as_billing(), draft, pay_with, now)
            .await?
        {
            Prepared::Pending { attempt, events, .. } => {
                unit.commit(events).await?;
                Ok(Begun::Charge(attempt))
            }
            Prepared::Settled(settlement) => {
                let settlement = self.finish(unit, *settlement, now).await?;
                self.changed(scope, settlement)
                    .await
                    .map(|changed| Begun::Done(Box::new(changed)))
            }
        }
    }

    async fn schedule(
        &self,
        mut unit: Box<dyn LifecycleUnit>,
        before: &Subscription,
        after: Subscription,
        at: OffsetDateTime,
    ) -> Result<Begun, PlanChangeError> {
        unit.subscriptions().update(&after).await?;
        let scheduled = |subscription: &Subscription| match subscription.scheduled() {
            Some(ScheduledChange::Terms(terms)) => Some(terms.clone()),
            Some(ScheduledChange::Cancellation) | None => None,
        };
        let (was, is) = (scheduled(before), scheduled(&after));
        let event = Event::new("subscription.change_scheduled", after.id())
            .change(
                "scheduled_plan",
                was.as_ref().map(|terms| terms.plan.code.as_str()),
                is.as_ref().map(|terms| terms.plan.code.as_str()),
            )
            .change(
                "scheduled_billing_cycle",
                was.as_ref().map(|terms| terms.cycle.as_str()),
                is.as_ref().map(|terms| terms.cycle.as_str()),
            )
            .change(
                "scheduled_quantity",
                was.map(|terms| i64::from(terms.quantity.get())),
                is.map(|terms| i64::from(terms.quantity.get())),
            )
            .set("at", at);
        unit.commit(vec![event]).await?;
        Ok(Begun::Done(Box::new(Changed {
            plan: self.edition(&after)?,
            subscription: after,
            invoice: None,
            over_limit: Vec::new(),
        })))
    }

    async fn charge(&self, scope: &TenantScope, attempt: &PaymentAttempt) -> Result<Changed, PlanChangeError> {
        let outcome = self.0.collection.charge(attempt).await?;
        // The intention left the receipt; this is the same request's second commit.
        let scope = scope.without_receipt();
        let settlement = self.settle(&scope, attempt, &outcome).await?;
        self.changed(&scope, settlement.into_paid()?).await
    }

    async fn try_settle(
        &self,
        scope: &TenantScope,
        attempt: &PaymentAttempt,
        outcome: &ChargeOutcome,
    ) -> Result<Settlement, PlanChangeError> {
        let now = self.0.clock.now(scope);
        let mut unit = self.0.store.begin_spanning(scope, None).await?;
        let collection = &self.0.collection;
        let mut settlement = collection.settle(unit.as_billing(), attempt.id, outcome, now).await?;
        dunning::tell(&mut *unit, &self.0.catalog, &mut settlement, now).await?;
        if settlement.settled == Settled::Paid && !settlement.repeated {
            settlement.events.extend(dunning::lift(&mut *unit, now).await?);
        }
        self.finish(unit, settlement, now).await
    }

    /// Writes the entitlements that follow the subscription, closes the usage that was billed, and commits.
    async fn finish(
        &self,
        mut unit: Box<dyn LifecycleUnit>,
        settlement: Settlement,
        now: OffsetDateTime,
    ) -> Result<Settlement, PlanChangeError> {
        if settlement.repeated {
            return Ok(settlement);
        }
        if let Some(subscription) = &settlement.subscription {
            let offer = self.0.catalog.offer(subscription.plan());
            let offer = offer.ok_or_else(|| PlanChangeError::LostPlan(subscription.plan().code.to_string()))?;
            entitle::follow(&mut *unit, offer, subscription).await?;
        }
        if let Some(billed) = &settlement.counted {
            counts::close_billed(&mut *unit, billed, now).await?;
        }
        unit.commit(settlement.events.clone()).await?;
        Ok(settlement)
    }

    async fn changed(&self, scope: &TenantScope, settlement: Settlement) -> Result<Changed, PlanChangeError> {
        let subscription = if let Some(subscription) = settlement.subscription {
            subscription
        } else {
            // Another call recorded the charge, or the subscription ended meanwhile and the money is kept as credit.
            let mut unit = self.0.store.read_spanning(scope).await?;
            let latest = unit.subscriptions().latest().await?;
            latest.ok_or(PlanChangeError::NoSubscription)?
        };
        Ok(Changed {
            plan: self.edition(&subscription)?,
            subscription,
            invoice: settlement.invoice,
            over_limit: Vec::new(),
        })
    }
}

/// The present cycle where the plan is sold so; else the plan's first.
fn cycle_for(plan: &Plan, subscription: &Subscription, catalog: &Catalog) -> Cycle {
    let (cycle, currency) = (subscription.cycle(), subscription.currency());
    if plan.is_offered(cycle, currency) {
        cycle
    } else {
        catalog.default_cycle(plan, currency)
    }
}
