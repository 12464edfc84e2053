//! Use cases over invoices: list, show, explain, pay, void.

use std::sync::Arc;

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::retry::{self, MaybeContended};
use tenantry_kernel::{
    Clock, Denied, DomainError, ErrorKind, Event, FieldError, Page, PageRequest, StoreError, TenantScope, Value,
};

use super::explain::{Explanation, explain};
use super::model::{Invoice, InvoiceId, InvoiceRule};
use crate::payment::{
    AttemptStatus, Begun, ChargeOutcome, CollectError, Collection, PAYMENT_IN_PROGRESS, PayWith, PaymentAttempt,
    Settlement,
};
use crate::permissions::{BILLING_MANAGE, INVOICES_READ, PLATFORM_MANAGE};
use crate::store::BillingStore;

/// Pay an invoice that is owed.
#[derive(Clone, Debug)]
pub struct PayInvoice {
    /// Which.
    pub invoice: InvoiceId,
    /// With what: the id of a method on file, or a gateway's token; the default method when absent.
    pub payment_method: Option<String>,
}

/// Why an invoice could not be read, paid or waived.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvoiceError {
    /// No such invoice.
    #[error("no such invoice")]
    NotFound,
    /// A payment for it is under way.
    #[error("a payment for the invoice is in progress")]
    InProgress,
    /// It could not be collected, or is in no state to be.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// Its lines do not add up any more.
    #[error("could not recompute the invoice")]
    Amount(#[from] MoneyError),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("could not read or store the invoice")]
    Store(#[from] StoreError),
}

impl From<InvoiceRule> for InvoiceError {
    fn from(rule: InvoiceRule) -> Self {
        Self::Collect(CollectError::Rule(rule))
    }
}

impl DomainError for InvoiceError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::InProgress => ErrorKind::Conflict,
            Self::Collect(cause) => cause.kind(),
            Self::Amount(_) => ErrorKind::Internal,
            Self::Denied(cause) => cause.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::InProgress => PAYMENT_IN_PROGRESS,
            Self::Collect(cause) => cause.code(),
            Self::Amount(_) => "internal_error",
            Self::Denied(cause) => cause.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Collect(cause) => cause.fields(),
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Collect(cause) => cause.details(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Collect(cause) => cause.retry_after_s(),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for InvoiceError {
    fn is_contended(&self) -> bool {
        match self {
            Self::Collect(cause) => cause.is_contended(),
            Self::Store(cause) => cause.is_contended(),
            _ => false,
        }
    }
}

/// How often a unit is tried when others are in the way.
const TRIES: u8 = 5;

/// Use cases over invoices.
#[derive(Clone)]
pub struct InvoiceService {
    store: Arc<dyn BillingStore>,
    collection: Collection,
    clock: Arc<dyn Clock>,
}

impl InvoiceService {
    /// Reads and writes through `store`, charges through `collection`.
    #[must_use]
    pub fn new(store: Arc<dyn BillingStore>, collection: Collection, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            collection,
            clock,
        }
    }

    /// The issued invoices of the tenant, newest first.
    ///
    /// # Errors
    /// [`InvoiceError::Denied`], [`InvoiceError::Store`].
    pub async fn list(&self, scope: &TenantScope, page: PageRequest) -> Result<Page<Invoice>, InvoiceError> {
        scope.require(&INVOICES_READ)?;

        let mut unit = self.store.read(scope).await?;
        Ok(unit.invoices().list(page).await?)
    }

    /// One invoice.
    ///
    /// # Errors
    /// [`InvoiceError::NotFound`], [`InvoiceError::Denied`], [`InvoiceError::Store`].
    pub async fn show(&self, scope: &TenantScope, id: InvoiceId) -> Result<Invoice, InvoiceError> {
        scope.require(&INVOICES_READ)?;

        let mut unit = self.store.read(scope).await?;
        unit.invoices().find(id).await?.ok_or(InvoiceError::NotFound)
    }

    /// One invoice, recomputed from the basis of its lines.
    ///
    /// # Errors
    /// [`InvoiceError::NotFound`], [`InvoiceError::Denied`], [`InvoiceError::Store`].
    pub async fn explain(&self, scope: &TenantScope, id: InvoiceId) -> Result<Explanation, InvoiceError> {
        let invoice = self.show(scope, id).await?;
        Ok(explain(&invoice)?)
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
        let mut unit = self.store.begin(&scope.without_receipt()).await?;
        let begun = self.collection.begin(&mut *unit, invoice, pay_with, now).await?;
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
        let mut unit = self.store.begin(scope).await?;
        let settlement = self.collection.settle(&mut *unit, attempt.id, outcome, now).await?;
        unit.commit(settlement.events.clone()).await?;
        Ok(settlement)
    }

    /// Waives what is owed on an issued invoice and returns the credit it used. Operators only.
    ///
    /// # Errors
    /// [`InvoiceError::InProgress`] while it is being paid; [`InvoiceError::Collect`] when it is not owed.
    pub async fn void(&self, scope: &TenantScope, id: InvoiceId) -> Result<Invoice, InvoiceError> {
        scope.require(&PLATFORM_MANAGE)?;

        let mut unit = self.store.begin(scope).await?;
        let mut account = unit.billing_accounts().lock().await?.ok_or(CollectError::NoAccount)?;
        let mut invoice = unit.invoices().find(id).await?.ok_or(InvoiceError::NotFound)?;
        let attempts = unit.payment_attempts().of_invoice(id).await?;
        if attempts.iter().any(|attempt| attempt.status == AttemptStatus::Pending) {
            return Err(InvoiceError::InProgress);
        }
        invoice.void(self.clock.now(scope))?;
        account.give_back(invoice.credit_applied())?;
        unit.billing_accounts().update(&account).await?;
        unit.invoices().update(&invoice).await?;
        let event = Event::new("invoice.voided", id).change("status", "open", invoice.status().as_str());
        unit.commit(vec![event]).await?;
        Ok(invoice)
    }
}

#[cfg(test)]
mod tests;
