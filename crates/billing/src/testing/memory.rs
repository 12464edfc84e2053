//! A store in memory, for flows: a unit works on a copy, a commit replaces the original, a drop forgets it.
//!
//! It serves one unit at a time; promises about concurrency are the contract suite's, over the real store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tenantry_kernel::{Event, Page, PageRequest, StoreError, TenantId, TenantScope, Transaction};

use time::OffsetDateTime;

use crate::account::{BILLING_ACCOUNT_ONE, BillingAccount, BillingAccountRepository};
use crate::dunning::{DunningCase, DunningCaseRepository};
use crate::gateway::MethodToken;
use crate::invoice::{Invoice, InvoiceId, InvoiceNumber, InvoiceNumbers, InvoiceRepository, InvoiceStatus};
use crate::invoice::{InvoiceParts, Purpose};
use crate::payment::{AttemptStatus, PAYMENT_IN_PROGRESS, PaymentAttempt, PaymentAttemptId, PaymentAttemptRepository};
use crate::payment_method::{PAYMENT_METHOD_EXISTS, PaymentMethod, PaymentMethodId, PaymentMethodRepository};
use crate::store::{BillingStore, BillingUnit};
use crate::subscription::{Parts, SUBSCRIPTION_ONE_LIVE, Subscription, SubscriptionId, SubscriptionRepository};

/// Everything one tenant has.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Its account.
    pub account: Option<BillingAccount>,
    /// Its subscriptions, oldest first.
    pub subscriptions: Vec<Subscription>,
    /// Its invoices, oldest first.
    pub invoices: Vec<Invoice>,
    /// Its payment methods, oldest first.
    pub methods: Vec<PaymentMethod>,
    /// Its payment attempts, oldest first.
    pub attempts: Vec<PaymentAttempt>,
    /// Its dunning cases, each with the time of its next step.
    pub cases: Vec<(DunningCase, Option<OffsetDateTime>)>,
    /// What was committed, oldest first.
    pub events: Vec<Event>,
}

#[derive(Clone, Default)]
struct State {
    books: HashMap<TenantId, Book>,
    last_number: i64,
}

/// Billing in memory.
#[derive(Clone, Default)]
pub struct MemoryBillingStore(Arc<Mutex<State>>);

impl MemoryBillingStore {
    /// What a tenant has now.
    #[must_use]
    pub fn book(&self, tenant: TenantId) -> Book {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.books.get(&tenant).cloned().unwrap_or_default()
    }
}

struct MemoryUnit {
    original: MemoryBillingStore,
    tenant: TenantId,
    book: Book,
    last_number: i64,
}

#[async_trait]
impl BillingStore for MemoryBillingStore {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn BillingUnit>, StoreError> {
        let tenant = scope.tenant_id();
        let last_number = self.0.lock().unwrap_or_else(PoisonError::into_inner).last_number;
        Ok(Box::new(MemoryUnit {
            original: self.clone(),
            tenant,
            book: self.book(tenant),
            last_number,
        }))
    }

    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn BillingUnit>, StoreError> {
        self.begin(scope).await
    }
}

#[async_trait]
impl Transaction for MemoryUnit {
    async fn commit(mut self: Box<Self>, events: Vec<Event>) -> Result<(), StoreError> {
        self.book.events.extend(events);
        let mut state = self.original.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.last_number = self.last_number;
        state.books.insert(self.tenant, self.book);
        Ok(())
    }
}

impl BillingUnit for MemoryUnit {
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

fn page_of<T: Clone>(
    newest_first: impl Iterator<Item = T>,
    page: PageRequest,
    id: impl Fn(&T) -> uuid::Uuid,
) -> Page<T> {
    let mut rows: Vec<T> = newest_first.collect();
    if let Some(after) = page.after() {
        rows.retain(|row| id(row) < after.0);
    }
    rows.truncate(usize::from(page.limit()) + 1);
    Page::from_rows(rows, page, id)
}

#[async_trait]
impl SubscriptionRepository for MemoryUnit {
    async fn find(&mut self, id: SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        Ok(self.book.subscriptions.iter().find(|row| row.id() == id).cloned())
    }

    async fn live(&mut self) -> Result<Option<Subscription>, StoreError> {
        Ok(self.book.subscriptions.iter().find(|row| row.is_live()).cloned())
    }

    async fn latest(&mut self) -> Result<Option<Subscription>, StoreError> {
        let live = SubscriptionRepository::live(self).await?;
        Ok(live.or_else(|| self.book.subscriptions.last().cloned()))
    }

    async fn insert(&mut self, subscription: &Subscription) -> Result<(), StoreError> {
        if subscription.is_live() && self.book.subscriptions.iter().any(Subscription::is_live) {
            return Err(StoreError::Conflict(SUBSCRIPTION_ONE_LIVE));
        }
        self.book.subscriptions.push(subscription.clone());
        Ok(())
    }

    async fn update(&mut self, subscription: &Subscription) -> Result<(), StoreError> {
        let same = |row: &&mut Subscription| row.id() == subscription.id() && row.version() == subscription.version();
        let row = self.book.subscriptions.iter_mut().find(same).ok_or(StoreError::Stale)?;
        let parts = Parts {
            id: subscription.id(),
            terms: subscription.terms().clone(),
            currency: subscription.currency(),
            status: subscription.status(),
            period: subscription.period(),
            anchor: subscription.anchor(),
            prepaid: subscription.prepaid(),
            scheduled: subscription.scheduled().cloned(),
            created_at: subscription.created_at(),
            version: subscription.version() + 1,
        };
        *row = Subscription::restore(parts).map_err(|cause| StoreError::Backend(Box::new(cause)))?;
        Ok(())
    }
}

#[async_trait]
impl InvoiceRepository for MemoryUnit {
    async fn find(&mut self, id: InvoiceId) -> Result<Option<Invoice>, StoreError> {
        Ok(self.book.invoices.iter().find(|row| row.id() == id).cloned())
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<Invoice>, StoreError> {
        let issued = self.book.invoices.iter().rev().filter(|row| row.issue().is_some());
        Ok(page_of(issued.cloned(), page, |row| row.id().as_uuid()))
    }

    async fn open(&mut self) -> Result<Vec<Invoice>, StoreError> {
        let open = |row: &&Invoice| row.status() == InvoiceStatus::Open;
        Ok(self.book.invoices.iter().filter(open).cloned().collect())
    }

    async fn insert(&mut self, invoice: &Invoice) -> Result<(), StoreError> {
        self.book.invoices.push(invoice.clone());
        Ok(())
    }

    async fn update(&mut self, invoice: &Invoice) -> Result<(), StoreError> {
        let same = |row: &&mut Invoice| row.id() == invoice.id() && row.version() == invoice.version();
        let row = self.book.invoices.iter_mut().find(same).ok_or(StoreError::Stale)?;
        let parts = InvoiceParts {
            id: invoice.id(),
            subscription: invoice.subscription(),
            purpose: invoice.purpose().clone(),
            status: invoice.status(),
            issue: invoice.issue(),
            lines: invoice.lines().to_vec(),
            credit_applied: invoice.credit_applied(),
            created_at: invoice.created_at(),
            version: invoice.version() + 1,
        };
        *row = Invoice::restore(parts).map_err(|cause| StoreError::Backend(Box::new(cause)))?;
        Ok(())
    }
}

#[async_trait]
impl DunningCaseRepository for MemoryUnit {
    async fn find(&mut self, invoice: InvoiceId) -> Result<Option<DunningCase>, StoreError> {
        let mut cases = self.book.cases.iter().map(|(case, _)| case);
        Ok(cases.find(|case| case.invoice == invoice).cloned())
    }

    async fn record(&mut self, case: &DunningCase, next_at: Option<OffsetDateTime>) -> Result<(), StoreError> {
        self.book.cases.retain(|(known, _)| known.invoice != case.invoice);
        self.book.cases.push((case.clone(), next_at));
        Ok(())
    }
}

#[async_trait]
impl PaymentMethodRepository for MemoryUnit {
    async fn find(&mut self, id: PaymentMethodId) -> Result<Option<PaymentMethod>, StoreError> {
        Ok(self.book.methods.iter().find(|row| row.id == id).cloned())
    }

    async fn find_by_token(&mut self, token: &MethodToken) -> Result<Option<PaymentMethod>, StoreError> {
        Ok(self.book.methods.iter().find(|row| row.token == *token).cloned())
    }

    async fn default_method(&mut self) -> Result<Option<PaymentMethod>, StoreError> {
        Ok(self.book.methods.iter().find(|row| row.is_default).cloned())
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<PaymentMethod>, StoreError> {
        Ok(page_of(self.book.methods.iter().rev().cloned(), page, |row| {
            row.id.as_uuid()
        }))
    }

    async fn insert(&mut self, method: &PaymentMethod) -> Result<(), StoreError> {
        if self.book.methods.iter().any(|row| row.token == method.token) {
            return Err(StoreError::Conflict(PAYMENT_METHOD_EXISTS));
        }
        if method.is_default {
            self.book.methods.iter_mut().for_each(|row| row.is_default = false);
        }
        self.book.methods.push(method.clone());
        Ok(())
    }

    async fn set_default(&mut self, id: PaymentMethodId) -> Result<bool, StoreError> {
        let known = self.book.methods.iter().any(|row| row.id == id);
        if known {
            self.book
                .methods
                .iter_mut()
                .for_each(|row| row.is_default = row.id == id);
        }
        Ok(known)
    }

    async fn delete(&mut self, id: PaymentMethodId) -> Result<bool, StoreError> {
        let before = self.book.methods.len();
        self.book.methods.retain(|row| row.id != id);
        Ok(self.book.methods.len() < before)
    }
}

#[async_trait]
impl PaymentAttemptRepository for MemoryUnit {
    async fn find(&mut self, id: PaymentAttemptId) -> Result<Option<PaymentAttempt>, StoreError> {
        Ok(self.book.attempts.iter().find(|row| row.id == id).cloned())
    }

    async fn pending(&mut self) -> Result<Option<PaymentAttempt>, StoreError> {
        let pending = |row: &&PaymentAttempt| row.status == AttemptStatus::Pending;
        Ok(self.book.attempts.iter().find(pending).cloned())
    }

    async fn of_invoice(&mut self, invoice: InvoiceId) -> Result<Vec<PaymentAttempt>, StoreError> {
        let of_it = |row: &&PaymentAttempt| row.invoice == invoice;
        Ok(self.book.attempts.iter().filter(of_it).cloned().collect())
    }

    async fn insert(&mut self, attempt: &PaymentAttempt) -> Result<(), StoreError> {
        if self.pending().await?.is_some() {
            return Err(StoreError::Conflict(PAYMENT_IN_PROGRESS));
        }
        self.book.attempts.push(attempt.clone());
        Ok(())
    }

    async fn settle(&mut self, attempt: &PaymentAttempt) -> Result<(), StoreError> {
        let pending = |row: &&mut PaymentAttempt| row.id == attempt.id && row.status == AttemptStatus::Pending;
        let row = self.book.attempts.iter_mut().find(pending).ok_or(StoreError::Stale)?;
        row.status = attempt.status.clone();
        Ok(())
    }
}

#[async_trait]
impl BillingAccountRepository for MemoryUnit {
    async fn find(&mut self) -> Result<Option<BillingAccount>, StoreError> {
        Ok(self.book.account)
    }

    async fn lock(&mut self) -> Result<Option<BillingAccount>, StoreError> {
        Ok(self.book.account)
    }

    async fn insert(&mut self, account: &BillingAccount) -> Result<(), StoreError> {
        if self.book.account.is_some() {
            return Err(StoreError::Conflict(BILLING_ACCOUNT_ONE));
        }
        self.book.account = Some(*account);
        Ok(())
    }

    async fn update(&mut self, account: &BillingAccount) -> Result<(), StoreError> {
        self.book.account = Some(*account);
        Ok(())
    }
}

#[async_trait]
impl InvoiceNumbers for MemoryUnit {
    async fn next(&mut self) -> Result<InvoiceNumber, StoreError> {
        self.last_number += 1;
        Ok(InvoiceNumber(self.last_number))
    }
}

impl Book {
    /// The invoices that were issued for plan changes.
    pub fn issued_changes(&self) -> impl Iterator<Item = &Invoice> {
        self.invoices
            .iter()
            .filter(|row| row.issue().is_some() && matches!(row.purpose(), Purpose::ChangePlan { .. }))
    }
}
