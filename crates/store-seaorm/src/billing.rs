//! Billing's ports over the database.

mod billing_accounts;
pub(crate) mod columns;
mod directories;
mod dunning_cases;
mod follows;
mod invoice_lines;
mod invoice_numbers;
mod invoices;
mod payment_attempts;
mod payment_methods;
mod subscriptions;

use tenantry_billing::account::{BILLING_ACCOUNT_ONE, BillingAccountRepository};
use tenantry_billing::dunning::DunningCaseRepository;
use tenantry_billing::invoice::{InvoiceNumbers, InvoiceRepository};
use tenantry_billing::payment::{PAYMENT_IN_PROGRESS, PaymentAttemptRepository};
use tenantry_billing::payment_method::{PAYMENT_METHOD_EXISTS, PAYMENT_METHOD_ONE_DEFAULT, PaymentMethodRepository};
use tenantry_billing::store::{BillingStore, BillingUnit};
use tenantry_billing::subscription::{SUBSCRIPTION_ONE_LIVE, SubscriptionRepository};
use tenantry_kernel::{StoreError, TenantScope, async_trait};

use crate::error::Rule;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

/// The unique indexes of billing's tables.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        index: "billing_account_pkey",
        columns: "billing_account.tenant_id, billing_account.id",
        name: BILLING_ACCOUNT_ONE,
    },
    Rule {
        index: "subscription_one_live_key",
        columns: "subscription.tenant_id",
        name: SUBSCRIPTION_ONE_LIVE,
    },
    Rule {
        index: "payment_method_token_key",
        columns: "payment_method.tenant_id, payment_method.token",
        name: PAYMENT_METHOD_EXISTS,
    },
    Rule {
        index: "payment_method_one_default_key",
        columns: "payment_method.tenant_id",
        name: PAYMENT_METHOD_ONE_DEFAULT,
    },
    Rule {
        index: "payment_attempt_one_pending_key",
        columns: "payment_attempt.tenant_id",
        name: PAYMENT_IN_PROGRESS,
    },
];

#[async_trait]
impl BillingStore for SeaOrmStore {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn BillingUnit>, StoreError> {
        Ok(Box::new(self.unit_for(scope).await?))
    }

    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn BillingUnit>, StoreError> {
        Ok(Box::new(self.read_for(scope).await?))
    }
}

impl BillingUnit for SeaOrmUnit {
    fn subscriptions(&mut self) -> &mut dyn SubscriptionRepository {
        self
    }

    fn invoices(&mut self) -> &mut dyn InvoiceRepository {
        self
    }

    fn payment_methods(&mut self) -> &mut dyn PaymentMethodRepository {
        self
    }

    fn payment_attempts(&mut self) -> &mut dyn PaymentAttemptRepository {
        self
    }

    fn billing_accounts(&mut self) -> &mut dyn BillingAccountRepository {
        self
    }

    fn dunning_cases(&mut self) -> &mut dyn DunningCaseRepository {
        self
    }

    fn invoice_numbers(&mut self) -> &mut dyn InvoiceNumbers {
        self
    }
}
