//! The port that opens units of work over one tenant's billing data.

use async_trait::async_trait;
use tenantry_kernel::{StoreError, TenantScope, Transaction};

use crate::account::BillingAccountRepository;
use crate::dunning::DunningCaseRepository;
use crate::invoice::{InvoiceNumbers, InvoiceRepository};
use crate::payment::PaymentAttemptRepository;
use crate::payment_method::PaymentMethodRepository;
use crate::subscription::SubscriptionRepository;

/// One transaction over one tenant's billing data.
pub trait BillingUnit: Transaction {
    /// What the tenant subscribed to.
    fn subscriptions(&mut self) -> &mut dyn SubscriptionRepository;
    /// What it was billed.
    fn invoices(&mut self) -> &mut dyn InvoiceRepository;
    /// What it pays with.
    fn payment_methods(&mut self) -> &mut dyn PaymentMethodRepository;
    /// What was tried to be charged.
    fn payment_attempts(&mut self) -> &mut dyn PaymentAttemptRepository;
    /// Its currency and its credit.
    fn billing_accounts(&mut self) -> &mut dyn BillingAccountRepository;
    /// How far dunning has come with them.
    fn dunning_cases(&mut self) -> &mut dyn DunningCaseRepository;
    /// The issuer's next invoice number.
    fn invoice_numbers(&mut self) -> &mut dyn InvoiceNumbers;
}

/// Opens units.
#[async_trait]
pub trait BillingStore: Send + Sync {
    /// Begins a unit that may write, bound to the tenant in `scope`.
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn BillingUnit>, StoreError>;

    /// Begins a unit that only reads, bound to the tenant in `scope`.
    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn BillingUnit>, StoreError>;
}
