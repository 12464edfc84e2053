//! Use cases over payment methods: list, add, remove, choose the default.

use std::sync::Arc;

use tenantry_kernel::{
    Clock, Denied, DomainError, ErrorKind, Event, FieldError, IdSource, Page, PageRequest, StoreError, TenantScope,
    Value,
};

use super::model::{PaymentMethod, PaymentMethodId};
use super::repository::PAYMENT_METHOD_EXISTS;
use crate::gateway::{GatewayError, MethodToken, PaymentGateway};
use crate::payment::{PAYMENT_IN_PROGRESS, method_added};
use crate::permissions::{BILLING_MANAGE, BILLING_READ};
use crate::store::BillingStore;

/// Put a payment method on file.
#[derive(Clone, Debug)]
pub struct AddPaymentMethod {
    /// What the gateway calls it.
    pub token: MethodToken,
    /// True to charge it from now on; the first method on file is the default anyhow.
    pub make_default: bool,
}

/// Why a payment method could not be kept, removed or chosen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaymentMethodError {
    /// No such payment method.
    #[error("no such payment method")]
    NotFound,
    /// It is on file.
    #[error("the payment method is on file already")]
    Exists,
    /// The gateway does not know it.
    #[error("the payment method is unknown")]
    Unknown,
    /// The gateway cannot be asked.
    #[error("the payment gateway is unavailable")]
    GatewayUnavailable,
    /// It is the default, and there are others.
    #[error("the payment method is the default; make another the default first")]
    IsDefault,
    /// A payment with it is under way.
    #[error("a payment with the method is in progress")]
    InProgress,
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("could not read or store the payment method")]
    Store(#[source] StoreError),
}

impl From<StoreError> for PaymentMethodError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Conflict(PAYMENT_METHOD_EXISTS) => Self::Exists,
            other => Self::Store(other),
        }
    }
}

impl DomainError for PaymentMethodError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Exists | Self::IsDefault | Self::InProgress => ErrorKind::Conflict,
            Self::Unknown => ErrorKind::Invalid,
            Self::GatewayUnavailable => ErrorKind::Unavailable,
            Self::Denied(cause) => cause.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Exists => PAYMENT_METHOD_EXISTS,
            Self::Unknown => "invalid_payment_method",
            Self::GatewayUnavailable => "gateway_unavailable",
            Self::IsDefault => "payment_method_is_default",
            Self::InProgress => PAYMENT_IN_PROGRESS,
            Self::Denied(cause) => cause.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Unknown => vec![FieldError::new("token", self.code(), self)],
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::GatewayUnavailable => Some(5),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

/// Use cases over payment methods.
#[derive(Clone)]
pub struct PaymentMethodService {
    store: Arc<dyn BillingStore>,
    gateway: Arc<dyn PaymentGateway>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl PaymentMethodService {
    /// Keeps methods in `store` and asks `gateway` about them.
    #[must_use]
    pub fn new(
        store: Arc<dyn BillingStore>,
        gateway: Arc<dyn PaymentGateway>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            store,
            gateway,
            clock,
            ids,
        }
    }

    /// The methods on file, newest first.
    ///
    /// # Errors
    /// [`PaymentMethodError::Denied`], [`PaymentMethodError::Store`].
    pub async fn list(
        &self,
        scope: &TenantScope,
        page: PageRequest,
    ) -> Result<Page<PaymentMethod>, PaymentMethodError> {
        scope.require(&BILLING_READ)?;

        let mut unit = self.store.read(scope).await?;
        Ok(unit.payment_methods().list(page).await?)
    }

    /// Puts a method on file.
    ///
    /// # Errors
    /// [`PaymentMethodError::Unknown`], [`PaymentMethodError::Exists`], [`PaymentMethodError::Denied`].
    pub async fn add(
        &self,
        scope: &TenantScope,
        request: AddPaymentMethod,
    ) -> Result<PaymentMethod, PaymentMethodError> {
        scope.require(&BILLING_MANAGE)?;
        let details = match self.gateway.inspect(&request.token).await {
            Ok(details) => details,
            Err(GatewayError::TimedOut | GatewayError::Unavailable) => {
                return Err(PaymentMethodError::GatewayUnavailable);
            }
            Err(_) => return Err(PaymentMethodError::Unknown),
        };

        let mut unit = self.store.begin(scope).await?;
        // Two first methods at once: the lock lets only one of them be the first.
        unit.billing_accounts().lock().await?;
        let first = unit.payment_methods().default_method().await?.is_none();
        let method = PaymentMethod {
            id: PaymentMethodId::from_uuid(self.ids.next()),
            token: request.token,
            details,
            is_default: request.make_default || first,
            created_at: self.clock.now(scope),
        };
        unit.payment_methods().insert(&method).await?;
        unit.commit(vec![method_added(&method)]).await?;
        Ok(method)
    }

    /// Makes a method the one that is charged.
    ///
    /// # Errors
    /// [`PaymentMethodError::NotFound`], [`PaymentMethodError::Denied`].
    pub async fn set_default(
        &self,
        scope: &TenantScope,
        id: PaymentMethodId,
    ) -> Result<PaymentMethod, PaymentMethodError> {
        scope.require(&BILLING_MANAGE)?;

        let mut unit = self.store.begin(scope).await?;
        unit.billing_accounts().lock().await?;
        let mut method = unit
            .payment_methods()
            .find(id)
            .await?
            .ok_or(PaymentMethodError::NotFound)?;
        unit.payment_methods().set_default(id).await?;
        let event = Event::new("payment_method.made_default", id).change("default", method.is_default, true);
        unit.commit(vec![event]).await?;
        method.is_default = true;
        Ok(method)
    }

    /// Removes a method. The default can only be removed when it is the last one.
    ///
    /// # Errors
    /// [`PaymentMethodError::IsDefault`], [`PaymentMethodError::InProgress`], [`PaymentMethodError::NotFound`].
    pub async fn remove(&self, scope: &TenantScope, id: PaymentMethodId) -> Result<(), PaymentMethodError> {
        scope.require(&BILLING_MANAGE)?;

        let mut unit = self.store.begin(scope).await?;
        unit.billing_accounts().lock().await?;
        let method = unit
            .payment_methods()
            .find(id)
            .await?
            .ok_or(PaymentMethodError::NotFound)?;
        if method.is_default && unit.payment_methods().list(PageRequest::first()).await?.items.len() > 1 {
            return Err(PaymentMethodError::IsDefault);
        }
        let pending = unit.payment_attempts().pending().await?;
        if pending.is_some_and(|attempt| attempt.source.method() == id) {
            return Err(PaymentMethodError::InProgress);
        }
        unit.payment_methods().delete(id).await?;
        let event = Event::new("payment_method.removed", id)
            .change("brand", method.details.brand, Value::Null)
            .change("last4", method.details.last4, Value::Null);
        unit.commit(vec![event]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
