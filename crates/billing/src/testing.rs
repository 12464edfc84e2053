//! Doubles for billing's ports: mocks for refusals, and a store in memory for whole flows.

mod fixture;
mod gateway;
mod memory;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tenantry_kernel::{Event, StoreError, TenantScope, Transaction};

pub use fixture::{flat_plan, per_unit_plan, terms};
pub use gateway::TestGateway;
pub use memory::{Book, MemoryBillingStore};

use crate::account::{BillingAccountRepository, MockBillingAccountRepository};
use crate::dunning::{DunningCaseRepository, MockDunningCaseRepository};
use crate::invoice::{InvoiceNumbers, InvoiceRepository, MockInvoiceNumbers, MockInvoiceRepository};
use crate::payment::{MockPaymentAttemptRepository, PaymentAttemptRepository};
use crate::payment_method::{MockPaymentMethodRepository, PaymentMethodRepository};
use crate::store::{BillingStore, BillingUnit};
use crate::subscription::{MockSubscriptionRepository, SubscriptionRepository};

/// One mock per repository, handed out as a unit. Everything not expected panics, which is the point.
#[derive(Default)]
pub struct FakeBillingUnit {
    /// Subscriptions.
    pub subscriptions: MockSubscriptionRepository,
    /// Invoices.
    pub invoices: MockInvoiceRepository,
    /// Payment methods.
    pub payment_methods: MockPaymentMethodRepository,
    /// Payment attempts.
    pub payment_attempts: MockPaymentAttemptRepository,
    /// Billing accounts.
    pub billing_accounts: MockBillingAccountRepository,
    /// Dunning cases.
    pub dunning_cases: MockDunningCaseRepository,
    /// Invoice numbers.
    pub invoice_numbers: MockInvoiceNumbers,
    committed: Committed,
}

/// What was committed, to be asked after the use case: `None` when nothing was.
#[derive(Clone, Default)]
pub struct Committed(Arc<Mutex<Option<Vec<Event>>>>);

impl Committed {
    /// The actions of the committed events, or `None` when no unit was committed.
    #[must_use]
    pub fn actions(&self) -> Option<Vec<&'static str>> {
        let events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events
            .as_ref()
            .map(|events| events.iter().map(|event| event.action).collect())
    }
}

/// A store whose units hand out mocks, first in, first out. A store without units left is unavailable.
#[derive(Default)]
pub struct FakeBillingStore {
    units: Mutex<std::collections::VecDeque<FakeBillingUnit>>,
    committed: Committed,
}

impl FakeBillingStore {
    /// A store that hands out these units.
    #[must_use]
    pub fn with(units: impl IntoIterator<Item = FakeBillingUnit>) -> Self {
        Self {
            units: Mutex::new(units.into_iter().collect()),
            committed: Committed::default(),
        }
    }

    /// Where commits are recorded.
    #[must_use]
    pub fn committed(&self) -> Committed {
        self.committed.clone()
    }
}

#[async_trait]
impl BillingStore for FakeBillingStore {
    async fn begin(&self, _scope: &TenantScope) -> Result<Box<dyn BillingUnit>, StoreError> {
        let next = self.units.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let mut unit = next.ok_or_else(|| StoreError::Unavailable("no unit was prepared".into()))?;
        unit.committed = self.committed.clone();
        Ok(Box::new(unit))
    }

    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn BillingUnit>, StoreError> {
        self.begin(scope).await
    }
}

#[async_trait]
impl Transaction for FakeBillingUnit {
    async fn commit(self: Box<Self>, events: Vec<Event>) -> Result<(), StoreError> {
        let mut committed = self.committed.0.lock().unwrap_or_else(PoisonError::into_inner);
        committed.get_or_insert_default().extend(events);
        Ok(())
    }
}

impl BillingUnit for FakeBillingUnit {
    fn subscriptions(&mut self) -> &mut dyn SubscriptionRepository {
        &mut self.subscriptions
    }

    fn invoices(&mut self) -> &mut dyn InvoiceRepository {
        &mut self.invoices
    }

    fn payment_methods(&mut self) -> &mut dyn PaymentMethodRepository {
        &mut self.payment_methods
    }

    fn payment_attempts(&mut self) -> &mut dyn PaymentAttemptRepository {
        &mut self.payment_attempts
    }

    fn billing_accounts(&mut self) -> &mut dyn BillingAccountRepository {
        &mut self.billing_accounts
    }

    fn dunning_cases(&mut self) -> &mut dyn DunningCaseRepository {
        &mut self.dunning_cases
    }

    fn invoice_numbers(&mut self) -> &mut dyn InvoiceNumbers {
        &mut self.invoice_numbers
    }
}
