//! Settling what is owed on an issued invoice: paying it, or waiving it. Both open a tenant again that was suspended for
//! it, in the same unit.

use std::sync::Arc;

use tenantry_billing::invoice::{Invoice, InvoiceError, InvoiceId};
use tenantry_billing::payment::{
    AttemptStatus, Begun, ChargeOutcome, CollectError, Collection, PayWith, PaymentAttempt, Settlement,
};
use tenantry_billing::permissions::BILLING_MANAGE;
use tenantry_kernel::retry;
use tenantry_kernel::{Clock, Event, TenantScope};

use crate::dunning;
use crate::roles::PLATFORM_MANAGE;
use crate::store::LifecycleStore;

/// Pay an invoice that is owed.
#[derive(Clone, Debug)]
pub struct PayInvoice {
    /// Which.
    pub invoice: InvoiceId,
    /// With what: the id of a method on file, or a gateway's token; the default method when absent.
    pub payment_method: Option<String>,
}

/// How often a unit is tried when others are in the way.
const TRIES: u8 = 5;

/// Pays and waives invoices.
#[derive(Clone)]
pub struct OwedInvoiceService {
    store: Arc<dyn LifecycleStore>,
    collection: Collection,
    clock: Arc<dyn Clock>,
}

impl OwedInvoiceService {
    /// Reads and writes through `store`, charges through `collection`.
    #[must_use]
    pub fn new(store: Arc<dyn LifecycleStore>, collection: Collection, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            collection,
            clock,
        }
    }

    /// Pays what is owed on an issued invoice. A payment that an earlier call began and did not finish is finished
    /// rather than made twice.
    ///
    /// # Errors
    /// [`InvoiceError::Collect`] when it is refused, [`InvoiceError::NotFound`], [`InvoiceError::Denied`].
    pub async fn pay(&self, scope: &TenantScope, request: PayInvoice) -> Result<Invoice, InvoiceError> {
        scope.require(&BILLING_MANAGE)?;
        let pay_with = self.collection.pay_with(request.payment_method.as_deref()).await?;

        let begun = retry::contended(TRIES, || self.begin_payment(scope, request.invoice, &pay_with)).await?;
        let outcome = if begun.earlier {
            self.collection.resume(&begun.attempt).await?
        } else {
            self.collection.charge(&begun.attempt).await?
        };
        let settlement = retry::contended(TRIES, || self.settle(scope, &begun.attempt, &outcome)).await?;
        settlement.into_paid()?.invoice.ok_or(InvoiceError::NotFound)
    }

    /// The intention has no effect of its own and is found again by whoever pays the invoice: it leaves no receipt,
    /// so that the same request made again finishes it.
    async fn begin_payment(
        &self,
        scope: &TenantScope,
        invoice: InvoiceId,
        pay_with: &PayWith,
    ) -> Result<Begun, InvoiceError> {
        let now = self.clock.now(scope);
        let mut unit = self.store.begin_spanning(&scope.without_receipt(), None).await?;
        let begun = self.collection.begin(unit.as_billing(), invoice, pay_with, now).await?;
        unit.commit(Vec::new()).await?;
        Ok(begun)
    }

    async fn settle(
        &self,
        scope: &TenantScope,
        attempt: &PaymentAttempt,
        outcome: &ChargeOutcome,
    ) -> Result<Settlement, InvoiceError> {
        let now = self.clock.now(scope);
        let mut unit = self.store.begin_spanning(scope, None).await?;
        let mut settlement = self
            .collection
            .settle(unit.as_billing(), attempt.id, outcome, now)
            .await?;
        settlement.events.extend(dunning::lift(&mut *unit, now).await?);
        unit.commit(settlement.events.clone()).await?;
        Ok(settlement)
    }

    /// Waives what is owed on an issued invoice and returns the credit it used. Operators only.
    ///
    /// # Errors
    /// [`InvoiceError::InProgress`] while it is being paid; [`InvoiceError::Collect`] when it is not owed.
    pub async fn void(&self, scope: &TenantScope, id: InvoiceId) -> Result<Invoice, InvoiceError> {
        scope.require(&PLATFORM_MANAGE)?;

        retry::contended(TRIES, || self.try_void(scope, id)).await
    }

    async fn try_void(&self, scope: &TenantScope, id: InvoiceId) -> Result<Invoice, InvoiceError> {
        let now = self.clock.now(scope);
        let mut unit = self.store.begin_spanning(scope, None).await?;
        let mut account = unit.billing_accounts().lock().await?.ok_or(CollectError::NoAccount)?;
        let mut invoice = unit.invoices().find(id).await?.ok_or(InvoiceError::NotFound)?;
        let attempts = unit.payment_attempts().of_invoice(id).await?;
        if attempts.iter().any(|attempt| attempt.status == AttemptStatus::Pending) {
            return Err(InvoiceError::InProgress);
        }
        invoice.void(now)?;
        account.give_back(invoice.credit_applied())?;
        unit.billing_accounts().update(&account).await?;
        unit.invoices().update(&invoice).await?;
        let event = Event::new("invoice.voided", id).change("status", "open", invoice.status().as_str());
        let mut events = vec![event];
        events.extend(dunning::lift(&mut *unit, now).await?);
        unit.commit(events).await?;
        Ok(invoice)
    }
}

#[cfg(test)]
mod tests;
