//! Step 3: what a known result writes.

use tenantry_kernel::{Event, Money, Value};
use time::OffsetDateTime;

use super::super::model::{AttemptStatus, PaymentAttempt, PaymentAttemptId, Source};
use super::{ChargeOutcome, CollectError, GATEWAY_UNAVAILABLE};
use crate::account::BillingAccount;
use crate::gateway::Charge;
use crate::invoice::{Invoice, InvoiceId, InvoiceStatus, Purpose};
use crate::payment_method::PaymentMethod;
use crate::proration::CountedSpan;
use crate::store::BillingUnit;
use crate::subscription::{Subscription, Transition};

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Paid, by charge or by credit, or nothing was to be paid.
    Paid,
    /// The charge was refused.
    Refused {
        /// Why, as the gateway says.
        code: String,
    },
}

/// What step 3 wrote. The caller adds its own writes and commits `events` with them.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// How it ended.
    pub settled: Settled,
    /// True when it had been recorded before and nothing was written now.
    pub repeated: bool,
    /// The invoice as it is now; `None` when there was nothing to bill.
    pub invoice: Option<Invoice>,
    /// The subscription, when it was changed.
    pub subscription: Option<Subscription>,
    /// Usage that a change has billed, to be closed in the same commit.
    pub counted: Option<CountedSpan>,
    /// What happened.
    pub events: Vec<Event>,
}

impl Settlement {
    /// The settlement when it was paid. Commit first: a refusal is recorded too.
    ///
    /// # Errors
    /// [`CollectError::Refused`], or [`CollectError::GatewayUnavailable`] when that was the reason.
    pub fn into_paid(self) -> Result<Self, CollectError> {
        match self.settled {
            Settled::Paid => Ok(self),
            Settled::Refused { code } if code == GATEWAY_UNAVAILABLE => Err(CollectError::GatewayUnavailable),
            Settled::Refused { code } => Err(CollectError::Refused { code }),
        }
    }
}

pub(super) async fn settle(
    unit: &mut dyn BillingUnit,
    attempt: PaymentAttemptId,
    outcome: &ChargeOutcome,
    now: OffsetDateTime,
) -> Result<Settlement, CollectError> {
    let account = unit.billing_accounts().lock().await?.ok_or(CollectError::NoAccount)?;
    let attempt = unit
        .payment_attempts()
        .find(attempt)
        .await?
        .ok_or(CollectError::NotFound)?;
    let invoice = unit
        .invoices()
        .find(attempt.invoice)
        .await?
        .ok_or(CollectError::NotFound)?;
    let settled = match &attempt.status {
        AttemptStatus::Pending => None,
        AttemptStatus::Succeeded { .. } => Some(Settled::Paid),
        AttemptStatus::Failed { code, .. } => Some(Settled::Refused { code: code.clone() }),
    };
    if let Some(settled) = settled {
        return Ok(Settlement {
            settled,
            repeated: true,
            invoice: Some(invoice),
            subscription: None,
            counted: None,
            events: Vec::new(),
        });
    }
    match outcome {
        ChargeOutcome::Charged(charge) => charged(unit, attempt, invoice, account, charge, now).await,
        ChargeOutcome::Refused { code } => refused(unit, attempt, invoice, account, code, now).await,
    }
}

async fn charged(
    unit: &mut dyn BillingUnit,
    mut attempt: PaymentAttempt,
    mut invoice: Invoice,
    mut account: BillingAccount,
    charge: &Charge,
    now: OffsetDateTime,
) -> Result<Settlement, CollectError> {
    let mut events = Vec::new();
    attempt.status = AttemptStatus::Succeeded {
        charge_id: charge.id.clone(),
        at: now,
    };
    unit.payment_attempts().settle(&attempt).await?;
    events.extend(put_on_file(unit, &attempt, now).await?);

    if invoice.status() == InvoiceStatus::Draft {
        invoice.finalize(unit.invoice_numbers().next().await?, now)?;
        events.push(finalized(&invoice));
    }
    // A pending attempt keeps its invoice from being waived, so that it is open here.
    invoice.pay(now)?;
    unit.invoices().update(&invoice).await?;
    events.push(paid(&invoice));

    let mut counted = None;
    let subscription = match invoice.purpose() {
        Purpose::ChangePlan { to } => {
            if let Some((changed, event)) = apply(unit, to).await? {
                events.push(event);
                counted.clone_from(&to.counted);
                Some(changed)
            } else {
                // The subscription ended while the charge was under way: what was billed is kept as credit.
                account.give_back(invoice.subtotal())?;
                unit.billing_accounts().update(&account).await?;
                events.push(credited(&invoice, invoice.subtotal()));
                None
            }
        }
        Purpose::Renewal { .. } | Purpose::Manual => catch_up(unit, &mut events).await?,
    };
    Ok(Settlement {
        settled: Settled::Paid,
        repeated: false,
        invoice: Some(invoice),
        subscription,
        counted,
        events,
    })
}

async fn refused(
    unit: &mut dyn BillingUnit,
    mut attempt: PaymentAttempt,
    mut invoice: Invoice,
    mut account: BillingAccount,
    code: &str,
    now: OffsetDateTime,
) -> Result<Settlement, CollectError> {
    attempt.status = AttemptStatus::Failed {
        code: code.to_owned(),
        at: now,
    };
    unit.payment_attempts().settle(&attempt).await?;
    let failed = Event::new("payment.failed", attempt.id)
        .set("invoice_id", invoice.id().to_string())
        .set("amount", attempt.amount.to_string())
        .set("code", code);
    let mut events = vec![failed];

    let mut subscription = None;
    if invoice.status() == InvoiceStatus::Draft {
        account.give_back(invoice.credit_applied())?;
        unit.billing_accounts().update(&account).await?;
        invoice.discard(now)?;
        unit.invoices().update(&invoice).await?;
    } else if invoice.status() == InvoiceStatus::Open
        && let Some(mut live) = unit.subscriptions().live().await?
    {
        let before = live.status();
        live.fall_behind(now)?;
        if live.status() != before {
            unit.subscriptions().update(&live).await?;
            events.push(status_changed(&live, before.as_str()));
            subscription = Some(live);
        }
    }
    Ok(Settlement {
        settled: Settled::Refused { code: code.to_owned() },
        repeated: false,
        invoice: Some(invoice),
        subscription,
        counted: None,
        events,
    })
}

/// A draft on which nothing is due.
pub(super) async fn paid_by_credit(
    unit: &mut dyn BillingUnit,
    invoice: InvoiceId,
    now: OffsetDateTime,
) -> Result<Settlement, CollectError> {
    let mut invoice = unit.invoices().find(invoice).await?.ok_or(CollectError::NotFound)?;
    invoice.finalize(unit.invoice_numbers().next().await?, now)?;
    invoice.pay(now)?;
    unit.invoices().update(&invoice).await?;
    let mut events = vec![finalized(&invoice), paid(&invoice)];
    let purpose = invoice.purpose().clone();
    let subscription = apply_purpose(unit, &purpose, &mut events).await?;
    Ok(Settlement {
        settled: Settled::Paid,
        repeated: false,
        invoice: Some(invoice),
        counted: counted_by(&purpose, subscription.as_ref()),
        subscription,
        events,
    })
}

/// A change that costs nothing at all.
pub(super) async fn without_invoice(unit: &mut dyn BillingUnit, purpose: &Purpose) -> Result<Settlement, CollectError> {
    let mut events = Vec::new();
    let subscription = apply_purpose(unit, purpose, &mut events).await?;
    Ok(Settlement {
        settled: Settled::Paid,
        repeated: false,
        invoice: None,
        counted: counted_by(purpose, subscription.as_ref()),
        subscription,
        events,
    })
}

/// What a change that was applied has billed of usage.
fn counted_by(purpose: &Purpose, changed: Option<&Subscription>) -> Option<CountedSpan> {
    match (purpose, changed) {
        (Purpose::ChangePlan { to }, Some(_)) => to.counted.clone(),
        _ => None,
    }
}

/// Applies a change that nobody could have overtaken; without a live subscription it is refused.
async fn apply_purpose(
    unit: &mut dyn BillingUnit,
    purpose: &Purpose,
    events: &mut Vec<Event>,
) -> Result<Option<Subscription>, CollectError> {
    let Purpose::ChangePlan { to } = purpose else {
        return Ok(None);
    };
    let (changed, event) = apply(unit, to).await?.ok_or(CollectError::Subscription(
        crate::subscription::SubscriptionRule::Cancelled,
    ))?;
    events.push(event);
    Ok(Some(changed))
}

async fn apply(unit: &mut dyn BillingUnit, to: &Transition) -> Result<Option<(Subscription, Event)>, CollectError> {
    let Some(before) = unit.subscriptions().live().await? else {
        return Ok(None);
    };
    let mut after = before.clone();
    after.apply(to)?;
    unit.subscriptions().update(&after).await?;
    let event = Event::new("subscription.changed", after.id())
        .change("plan", before.plan().code.as_str(), after.plan().code.as_str())
        .change("billing_cycle", before.cycle().as_str(), after.cycle().as_str())
        .change(
            "quantity",
            i64::from(before.quantity().get()),
            i64::from(after.quantity().get()),
        )
        .change("status", before.status().as_str(), after.status().as_str());
    Ok(Some((after, event)))
}

/// Heals the subscription once nothing is owed any more.
async fn catch_up(unit: &mut dyn BillingUnit, events: &mut Vec<Event>) -> Result<Option<Subscription>, CollectError> {
    if !unit.invoices().open().await?.is_empty() {
        return Ok(None);
    }
    let Some(mut live) = unit.subscriptions().live().await? else {
        return Ok(None);
    };
    let before = live.status();
    if !live.catch_up() {
        return Ok(None);
    }
    unit.subscriptions().update(&live).await?;
    events.push(status_changed(&live, before.as_str()));
    Ok(Some(live))
}

/// Keeps a method that has paid, as the default.
async fn put_on_file(
    unit: &mut dyn BillingUnit,
    attempt: &PaymentAttempt,
    now: OffsetDateTime,
) -> Result<Option<Event>, CollectError> {
    let Source::New { id, details } = &attempt.source else {
        return Ok(None);
    };
    if unit.payment_methods().find_by_token(&attempt.token).await?.is_some() {
        // Put on file by another request in the meantime.
        return Ok(None);
    }
    let method = PaymentMethod {
        id: *id,
        token: attempt.token.clone(),
        details: details.clone(),
        is_default: true,
        created_at: now,
    };
    unit.payment_methods().insert(&method).await?;
    Ok(Some(added(&method)))
}

/// The event of a method put on file.
pub(crate) fn added(method: &PaymentMethod) -> Event {
    Event::new("payment_method.added", method.id)
        .set("brand", method.details.brand.as_str())
        .set("last4", method.details.last4.as_str())
        .set("token", Value::Masked)
}

pub(super) fn started(attempt: &PaymentAttempt) -> Event {
    Event::new("payment.started", attempt.id)
        .set("invoice_id", attempt.invoice.to_string())
        .set("amount", attempt.amount.to_string())
}

pub(super) fn finalized(invoice: &Invoice) -> Event {
    Event::new("invoice.finalized", invoice.id())
        .set("number", invoice.number().map(|number| number.to_string()))
        .set("subtotal", invoice.subtotal().to_string())
        .set("credit_applied", invoice.credit_applied().to_string())
        .set("amount_due", invoice.amount_due().to_string())
}

pub(super) fn paid(invoice: &Invoice) -> Event {
    Event::new("invoice.paid", invoice.id()).change("status", "open", invoice.status().as_str())
}

fn credited(invoice: &Invoice, amount: Money) -> Event {
    Event::new("billing_account.credited", invoice.id()).set("credit", amount.to_string())
}

fn status_changed(subscription: &Subscription, before: &'static str) -> Event {
    Event::new("subscription.changed", subscription.id()).change("status", before, subscription.status().as_str())
}
