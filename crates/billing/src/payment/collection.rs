//! The charge flow, in steps that a caller puts into its own units of work.
//!
//! 1. [`Collection::prepare`] (or [`Collection::begin`] for an issued invoice) writes the draft and a pending attempt;
//!    the caller commits.
//! 2. [`Collection::charge`] asks the gateway, outside any unit; the attempt's id is the idempotency key.
//! 3. [`Collection::settle`] records the result: number, paid, the change applied; the caller adds its own writes and
//!    commits them with it.
//!
//! Whatever crashes in between, the attempt stays pending; [`Collection::resume`] looks the charge up, or repeats it
//! under the same key, and step 3 follows. So there is one charge and one invoice, and a refusal leaves the
//! subscription as it was.

mod error;
mod settle;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tenantry_kernel::{Event, IdSource, StoreError};
use time::OffsetDateTime;
use uuid::Uuid;

pub use error::CollectError;
pub(crate) use settle::added as method_added;
pub use settle::{Settled, Settlement};

use super::model::{AttemptStatus, PaymentAttempt, PaymentAttemptId, Source};
use crate::account::BillingAccount;
use crate::gateway::{Charge, ChargeRequest, GatewayError, MethodDetails, MethodToken, PaymentGateway};
use crate::invoice::{Basis, Invoice, InvoiceId, InvoiceStatus, Line, LineId, Purpose};
use crate::payment_method::{PaymentMethod, PaymentMethodId};
use crate::store::BillingUnit;
use crate::subscription::SubscriptionId;

/// The refusal code of a gateway that did not take the request.
pub(super) const GATEWAY_UNAVAILABLE: &str = "gateway_unavailable";

/// What is to be billed.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The subscription it bills.
    pub subscription: Option<SubscriptionId>,
    /// What it is for, and what follows.
    pub purpose: Purpose,
    /// Its lines.
    pub lines: Vec<Basis>,
}

/// What is to be charged. Made by [`Collection::pay_with`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayWith {
    /// The default method on file.
    Default,
    /// A method on file.
    OnFile(PaymentMethodId),
    /// The gateway's token of a method; it is put on file once it has paid.
    Token {
        /// The token.
        token: MethodToken,
        /// What the gateway lets us show of it.
        details: MethodDetails,
    },
}

/// What step 1 wrote.
#[derive(Clone, Debug)]
pub enum Prepared {
    /// Money is due: commit, then [`Collection::charge`].
    Pending {
        /// The attempt to charge.
        attempt: Box<PaymentAttempt>,
        /// The draft it pays.
        invoice: Box<Invoice>,
        /// What to commit with it.
        events: Vec<Event>,
    },
    /// Nothing was due: everything is settled and applied; add your own writes and commit.
    Settled(Box<Settlement>),
}

/// An attempt for an issued invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The attempt to charge.
    pub attempt: PaymentAttempt,
    /// True when an earlier call began it: [`Collection::resume`] it then.
    pub earlier: bool,
}

/// What the gateway decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// The money moved.
    Charged(Charge),
    /// It did not, and will not.
    Refused {
        /// Why: the gateway's decline code, `action_required`, `unknown_method` or `gateway_unavailable`.
        code: String,
    },
}

/// The steps of the charge flow.
#[derive(Clone)]
pub struct Collection {
    gateway: Arc<dyn PaymentGateway>,
    ids: Arc<dyn IdSource>,
}

impl Collection {
    /// Charges through `gateway`.
    #[must_use]
    pub fn new(gateway: Arc<dyn PaymentGateway>, ids: Arc<dyn IdSource>) -> Self {
        Self { gateway, ids }
    }

    /// Reads what a caller wrote as a payment method: the id of one on file, or a token, which the gateway is asked
    /// about; nothing means the default. Call it before any unit is open.
    ///
    /// # Errors
    /// [`CollectError::InvalidMethod`], [`CollectError::GatewayUnavailable`].
    pub async fn pay_with(&self, written: Option<&str>) -> Result<PayWith, CollectError> {
        let Some(text) = written else {
            return Ok(PayWith::Default);
        };
        if let Ok(id) = Uuid::parse_str(text) {
            return Ok(PayWith::OnFile(PaymentMethodId::from_uuid(id)));
        }
        let token = MethodToken::try_from(text).map_err(|_| CollectError::InvalidMethod)?;
        match self.gateway.inspect(&token).await {
            Ok(details) => Ok(PayWith::Token { token, details }),
            Err(GatewayError::TimedOut | GatewayError::Unavailable) => Err(CollectError::GatewayUnavailable),
            Err(_) => Err(CollectError::InvalidMethod),
        }
    }

    /// Step 1 for a change that takes effect when it is paid: drafts the invoice, reserves the account's credit and
    /// begins an attempt. When nothing is due the change is settled here; without any line there is no invoice.
    ///
    /// # Errors
    /// [`CollectError::InProgress`] while another payment is, [`CollectError::NoMethod`] when money is due and there
    /// is nothing to charge.
    pub async fn prepare(
        &self,
        unit: &mut dyn BillingUnit,
        draft: Draft,
        pay_with: &PayWith,
        now: OffsetDateTime,
    ) -> Result<Prepared, CollectError> {
        let mut account = lock_idle(unit).await?;
        if draft.lines.is_empty() {
            let settlement = settle::without_invoice(unit, &draft.purpose).await?;
            return Ok(Prepared::Settled(Box::new(settlement)));
        }
        let invoice = self.draft_invoice(draft, &account, now)?;
        account.take(invoice.credit_applied())?;
        unit.billing_accounts().update(&account).await?;
        unit.invoices().insert(&invoice).await?;

        if invoice.amount_due().is_zero() {
            let settlement = settle::paid_by_credit(unit, invoice.id(), now).await?;
            return Ok(Prepared::Settled(Box::new(settlement)));
        }
        let attempt = self.attempt(unit, &invoice, pay_with, now).await?;
        Ok(Prepared::Pending {
            events: vec![settle::started(&attempt)],
            attempt: Box::new(attempt),
            invoice: Box::new(invoice),
        })
    }

    /// Issues an invoice at once, whether it will be paid or not: what a renewal bills. `None` without any line.
    /// An invoice on which nothing is due is paid; the others are open, and [`Collection::begin`] collects them.
    /// Call it also without lines: it keeps the period in place while a plan change is being paid.
    ///
    /// # Errors
    /// [`CollectError::InProgress`] while a plan change is being paid, [`CollectError::Amount`], [`CollectError::Store`].
    pub async fn issue(
        &self,
        unit: &mut dyn BillingUnit,
        draft: Draft,
        now: OffsetDateTime,
    ) -> Result<Option<(Invoice, Vec<Event>)>, CollectError> {
        let account = unit.billing_accounts().lock().await?;
        let mut account = account.ok_or(CollectError::NoAccount)?;
        // A change that is being paid was planned for the period as it is: let it be settled first.
        if let Some(pending) = unit.payment_attempts().pending().await? {
            let paid_for = unit.invoices().find(pending.invoice).await?;
            if paid_for.is_some_and(|invoice| invoice.status() == InvoiceStatus::Draft) {
                return Err(CollectError::InProgress);
            }
        }
        if draft.lines.is_empty() {
            return Ok(None);
        }
        let mut invoice = self.draft_invoice(draft, &account, now)?;
        account.take(invoice.credit_applied())?;
        unit.billing_accounts().update(&account).await?;
        invoice.finalize(unit.invoice_numbers().next().await?, now)?;
        let mut events = vec![settle::finalized(&invoice)];
        if invoice.amount_due().is_zero() {
            invoice.pay(now)?;
            events.push(settle::paid(&invoice));
        }
        unit.invoices().insert(&invoice).await?;
        Ok(Some((invoice, events)))
    }

    /// Step 1 for an invoice that is issued and owed. When an attempt for it is pending already, that one is
    /// answered, to be resumed rather than made twice.
    ///
    /// # Errors
    /// [`CollectError::InProgress`], [`CollectError::NoMethod`], [`CollectError::NotFound`], [`CollectError::Rule`].
    pub async fn begin(
        &self,
        unit: &mut dyn BillingUnit,
        invoice: InvoiceId,
        pay_with: &PayWith,
        now: OffsetDateTime,
    ) -> Result<Begun, CollectError> {
        unit.billing_accounts().lock().await?.ok_or(CollectError::NoAccount)?;
        let invoice = unit.invoices().find(invoice).await?.ok_or(CollectError::NotFound)?;
        invoice.require_open()?;
        match unit.payment_attempts().pending().await? {
            Some(attempt) if attempt.invoice == invoice.id() => Ok(Begun { attempt, earlier: true }),
            Some(_) => Err(CollectError::InProgress),
            None => Ok(Begun {
                attempt: self.attempt(unit, &invoice, pay_with, now).await?,
                earlier: false,
            }),
        }
    }

    /// Step 2: asks the gateway to charge. Call it with no unit open.
    ///
    /// # Errors
    /// [`CollectError::ResultUnknown`] when even a second look does not tell what happened; the attempt stays pending.
    pub async fn charge(&self, attempt: &PaymentAttempt) -> Result<ChargeOutcome, CollectError> {
        match self.gateway.charge(&request(attempt)).await {
            // Also repeats it under the same key, for a request that got lost on the way.
            Err(GatewayError::TimedOut) => self.resume(attempt).await,
            answer => outcome(attempt, answer),
        }
    }

    /// Step 2 again, for an attempt that was found pending: looks the charge up, and makes it only when the gateway
    /// knows of none.
    ///
    /// # Errors
    /// [`CollectError::ResultUnknown`].
    pub async fn resume(&self, attempt: &PaymentAttempt) -> Result<ChargeOutcome, CollectError> {
        if let Some(charge) = self.find_charge(attempt).await? {
            return outcome(attempt, Ok(charge));
        }
        match self.gateway.charge(&request(attempt)).await {
            Err(GatewayError::TimedOut) => {
                let charge = self.find_charge(attempt).await?;
                outcome(attempt, charge.ok_or(GatewayError::TimedOut))
            }
            answer => outcome(attempt, answer),
        }
    }

    async fn find_charge(&self, attempt: &PaymentAttempt) -> Result<Option<Charge>, CollectError> {
        let found = self.gateway.find_charge(&attempt.id.to_string()).await;
        found.map_err(|_| CollectError::ResultUnknown)
    }

    /// Step 3: records the result, once. A second call for the same attempt changes nothing and says so.
    ///
    /// Charged: the draft gets its number and is paid, a new method is put on file, and what the invoice was for is
    /// applied. Refused: the draft is given up and its credit returned; an issued invoice stays open and the
    /// subscription falls behind.
    ///
    /// # Errors
    /// [`CollectError::NotFound`], [`CollectError::AmountDiffers`], [`CollectError::Store`].
    pub async fn settle(
        &self,
        unit: &mut dyn BillingUnit,
        attempt: PaymentAttemptId,
        outcome: &ChargeOutcome,
        now: OffsetDateTime,
    ) -> Result<Settlement, CollectError> {
        settle::settle(unit, attempt, outcome, now).await
    }

    fn draft_invoice(
        &self,
        draft: Draft,
        account: &BillingAccount,
        now: OffsetDateTime,
    ) -> Result<Invoice, CollectError> {
        let id = InvoiceId::from_uuid(self.ids.next());
        let lines = draft
            .lines
            .into_iter()
            .map(|basis| Line {
                id: LineId::from_uuid(self.ids.next()),
                basis,
            })
            .collect();
        Ok(Invoice::draft(
            id,
            draft.subscription,
            draft.purpose,
            lines,
            account.credit(),
            now,
        )?)
    }

    async fn attempt(
        &self,
        unit: &mut dyn BillingUnit,
        invoice: &Invoice,
        pay_with: &PayWith,
        now: OffsetDateTime,
    ) -> Result<PaymentAttempt, CollectError> {
        let (token, source) = self.source(unit, pay_with).await?;
        let attempt = PaymentAttempt {
            id: PaymentAttemptId::from_uuid(self.ids.next()),
            invoice: invoice.id(),
            source,
            token,
            amount: invoice.amount_due(),
            status: AttemptStatus::Pending,
            created_at: now,
        };
        unit.payment_attempts().insert(&attempt).await?;
        Ok(attempt)
    }

    async fn source(
        &self,
        unit: &mut dyn BillingUnit,
        pay_with: &PayWith,
    ) -> Result<(MethodToken, Source), CollectError> {
        let on_file = |method: PaymentMethod| (method.token, Source::OnFile(method.id));
        match pay_with {
            PayWith::Default => {
                let method = unit.payment_methods().default_method().await?;
                method.map(on_file).ok_or(CollectError::NoMethod)
            }
            PayWith::OnFile(id) => {
                let method = unit.payment_methods().find(*id).await?;
                method.map(on_file).ok_or(CollectError::InvalidMethod)
            }
            PayWith::Token { token, details } => {
                if let Some(method) = unit.payment_methods().find_by_token(token).await? {
                    return Ok(on_file(method));
                }
                let source = Source::New {
                    id: PaymentMethodId::from_uuid(self.ids.next()),
                    details: details.clone(),
                };
                Ok((token.clone(), source))
            }
        }
    }
}

/// Locks the account and makes sure that no payment is under way.
async fn lock_idle(unit: &mut dyn BillingUnit) -> Result<BillingAccount, CollectError> {
    let account = unit.billing_accounts().lock().await?.ok_or(CollectError::NoAccount)?;
    if unit.payment_attempts().pending().await?.is_some() {
        return Err(CollectError::InProgress);
    }
    Ok(account)
}

fn request(attempt: &PaymentAttempt) -> ChargeRequest {
    ChargeRequest {
        idempotency_key: attempt.id.to_string(),
        method_token: attempt.token.clone(),
        amount: attempt.amount,
        description: format!("Invoice {}", attempt.invoice),
    }
}

/// Reads the gateway's answer. Only a time-out leaves it open whether money moved.
fn outcome(attempt: &PaymentAttempt, answer: Result<Charge, GatewayError>) -> Result<ChargeOutcome, CollectError> {
    let refused = |code: &str| Ok(ChargeOutcome::Refused { code: code.to_owned() });
    match answer {
        Ok(charge) if charge.amount != attempt.amount => Err(CollectError::AmountDiffers),
        Ok(charge) => Ok(ChargeOutcome::Charged(charge)),
        Err(GatewayError::Declined { code }) => refused(&code),
        Err(GatewayError::ActionRequired) => refused("action_required"),
        Err(GatewayError::UnknownMethod) => refused("unknown_method"),
        Err(GatewayError::Unavailable) => refused(GATEWAY_UNAVAILABLE),
        Err(GatewayError::TimedOut) => Err(CollectError::ResultUnknown),
    }
}

impl From<StoreError> for CollectError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(super::repository::PAYMENT_IN_PROGRESS) => Self::InProgress,
            other => Self::Store(other),
        }
    }
}
