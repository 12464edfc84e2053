//! What a tenant's billing looks like at a glance.

use std::sync::Arc;

use tenantry_kernel::{Denied, DomainError, ErrorKind, StoreError, TenantScope};

use super::model::BillingAccount;
use crate::invoice::Invoice;
use crate::payment_method::PaymentMethod;
use crate::permissions::BILLING_READ;
use crate::store::BillingStore;
use crate::subscription::Subscription;

/// A tenant's billing at a glance.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Currency and credit.
    pub account: BillingAccount,
    /// The live subscription, or else the last one.
    pub subscription: Option<Subscription>,
    /// What is charged unless told otherwise.
    pub default_method: Option<PaymentMethod>,
    /// What is owed.
    pub open_invoices: Vec<Invoice>,
}

/// Why the overview could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The tenant has no billing account.
    #[error("the tenant has no billing account")]
    NotFound,
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("could not read the billing account")]
    Store(#[from] StoreError),
}

impl DomainError for AccountError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Denied(cause) => cause.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Denied(cause) => cause.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

/// Reads a tenant's billing at a glance.
#[derive(Clone)]
pub struct AccountService {
    store: Arc<dyn BillingStore>,
}

impl AccountService {
    /// Reads from `store`.
    #[must_use]
    pub fn new(store: Arc<dyn BillingStore>) -> Self {
        Self { store }
    }

    /// The overview.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], [`AccountError::Denied`], [`AccountError::Store`].
    pub async fn show(&self, scope: &TenantScope) -> Result<Overview, AccountError> {
        scope.require(&BILLING_READ)?;

        let mut unit = self.store.read(scope).await?;
        Ok(Overview {
            account: unit.billing_accounts().find().await?.ok_or(AccountError::NotFound)?,
            subscription: unit.subscriptions().latest().await?,
            default_method: unit.payment_methods().default_method().await?,
            open_invoices: unit.invoices().open().await?,
        })
    }
}
