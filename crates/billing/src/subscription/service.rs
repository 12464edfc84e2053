//! Use cases over the subscription that need no other domain: show, cancel, resume.
//!
//! Starting one, changing its plan and renewing it also change what the tenant may use; those span domains.

use std::sync::Arc;

use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::{Clock, Denied, DomainError, ErrorKind, Event, StoreError, TenantScope};

use super::model::{ScheduledChange, Subscription, SubscriptionRule};
use crate::payment::PAYMENT_IN_PROGRESS;
use crate::permissions::{BILLING_MANAGE, BILLING_READ};
use crate::store::{BillingStore, BillingUnit};

/// When a cancellation takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelWhen {
    /// At once. What was paid in advance stays paid.
    Now,
    /// With the current period; it can be undone until then.
    PeriodEnd,
}

/// Cancel the subscription.
#[derive(Clone, Copy, Debug)]
pub struct CancelSubscription {
    /// When.
    pub when: CancelWhen,
}

/// Why a subscription could not be read, cancelled or resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscriptionError {
    /// The tenant has never subscribed.
    #[error("the tenant has no subscription")]
    NotFound,
    /// The state machine refuses.
    #[error(transparent)]
    Rule(#[from] SubscriptionRule),
    /// A payment that may change it is under way.
    #[error("a payment is in progress")]
    InProgress,
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("could not read or store the subscription")]
    Store(#[from] StoreError),
}

impl DomainError for SubscriptionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Rule(_) | Self::InProgress => ErrorKind::Conflict,
            Self::Denied(cause) => cause.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Rule(SubscriptionRule::Cancelled) => "subscription_cancelled",
            Self::Rule(SubscriptionRule::NothingScheduled) => "nothing_scheduled",
            Self::Rule(SubscriptionRule::AlreadyCancelling) => "already_cancelling",
            Self::InProgress => PAYMENT_IN_PROGRESS,
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

impl MaybeContended for SubscriptionError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(cause) if cause.is_contended())
    }
}

/// Use cases over the subscription.
#[derive(Clone)]
pub struct SubscriptionService {
    store: Arc<dyn BillingStore>,
    clock: Arc<dyn Clock>,
}

impl SubscriptionService {
    /// Reads and writes through `store`.
    #[must_use]
    pub fn new(store: Arc<dyn BillingStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The live subscription, or else the last one.
    ///
    /// # Errors
    /// [`SubscriptionError::NotFound`], [`SubscriptionError::Denied`], [`SubscriptionError::Store`].
    pub async fn show(&self, scope: &TenantScope) -> Result<Subscription, SubscriptionError> {
        scope.require(&BILLING_READ)?;

        let mut unit = self.store.read(scope).await?;
        unit.subscriptions().latest().await?.ok_or(SubscriptionError::NotFound)
    }

    /// Cancels now or with the period.
    ///
    /// # Errors
    /// [`SubscriptionError::Rule`], [`SubscriptionError::InProgress`], [`SubscriptionError::Denied`].
    pub async fn cancel(
        &self,
        scope: &TenantScope,
        request: CancelSubscription,
    ) -> Result<Subscription, SubscriptionError> {
        scope.require(&BILLING_MANAGE)?;

        let mut unit = self.store.begin(scope).await?;
        let mut subscription = lock_live(&mut *unit).await?;
        let before = subscription.status();
        let event = match request.when {
            CancelWhen::Now => {
                subscription.cancel(self.clock.now(scope))?;
                Event::new("subscription.cancelled", subscription.id()).change(
                    "status",
                    before.as_str(),
                    subscription.status().as_str(),
                )
            }
            CancelWhen::PeriodEnd => {
                subscription.cancel_at_period_end()?;
                Event::new("subscription.cancellation_scheduled", subscription.id())
                    .set("cancels_at", subscription.period().end())
            }
        };
        unit.subscriptions().update(&subscription).await?;
        unit.commit(vec![event]).await?;
        Ok(subscription)
    }

    /// Undoes what is scheduled for the end of the period: a cancellation or a change of plan.
    ///
    /// # Errors
    /// [`SubscriptionError::Rule`], [`SubscriptionError::InProgress`], [`SubscriptionError::Denied`].
    pub async fn resume(&self, scope: &TenantScope) -> Result<Subscription, SubscriptionError> {
        scope.require(&BILLING_MANAGE)?;

        let mut unit = self.store.begin(scope).await?;
        let mut subscription = lock_live(&mut *unit).await?;
        let event = match subscription.resume()? {
            ScheduledChange::Cancellation => Event::new("subscription.resumed", subscription.id()).change(
                "cancels_at",
                subscription.period().end(),
                tenantry_kernel::Value::Null,
            ),
            ScheduledChange::Terms(terms) => Event::new("subscription.resumed", subscription.id()).change(
                "scheduled_plan",
                terms.plan.code.as_str(),
                tenantry_kernel::Value::Null,
            ),
        };
        unit.subscriptions().update(&subscription).await?;
        unit.commit(vec![event]).await?;
        Ok(subscription)
    }
}

/// The live subscription, with the tenant's billing locked and no payment under way.
async fn lock_live(unit: &mut dyn BillingUnit) -> Result<Subscription, SubscriptionError> {
    unit.billing_accounts().lock().await?;
    let subscription = unit
        .subscriptions()
        .latest()
        .await?
        .ok_or(SubscriptionError::NotFound)?;
    if unit.payment_attempts().pending().await?.is_some() {
        return Err(SubscriptionError::InProgress);
    }
    Ok(subscription)
}

#[cfg(test)]
mod tests;
