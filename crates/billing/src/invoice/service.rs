//! Use cases over invoices: list, show, explain. Paying and waiving reach other domains and are lifecycle's.

use std::sync::Arc;

use tenantry_kernel::money::MoneyError;
use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, Page, PageRequest, StoreError, TenantScope, Value};

use super::explain::{Explanation, explain};
use super::model::{Invoice, InvoiceId, InvoiceRule};
use crate::payment::{CollectError, PAYMENT_IN_PROGRESS};
use crate::permissions::INVOICES_READ;
use crate::store::BillingStore;

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
            Self::Store(cause) => cause.is_contended() || matches!(cause, StoreError::Stale),
            _ => false,
        }
    }
}

/// Use cases over invoices.
#[derive(Clone)]
pub struct InvoiceService {
    store: Arc<dyn BillingStore>,
}

impl InvoiceService {
    /// Reads through `store`.
    #[must_use]
    pub fn new(store: Arc<dyn BillingStore>) -> Self {
        Self { store }
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
}

#[cfg(test)]
mod tests;
