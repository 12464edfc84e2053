//! A unit: a copy of everything, bound to a tenant and a person.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tenantry_activity::audit::{AuditEntry, AuditFilter, AuditRepository};
use tenantry_activity::store::ActivityUnit;
use tenantry_billing::account::BillingAccountRepository;
use tenantry_billing::dunning::DunningCaseRepository;
use tenantry_billing::invoice::{InvoiceNumbers, InvoiceRepository};
use tenantry_billing::payment::PaymentAttemptRepository;
use tenantry_billing::payment_method::PaymentMethodRepository;
use tenantry_billing::store::BillingUnit;
use tenantry_billing::subscription::SubscriptionRepository;
use tenantry_kernel::error::IDEMPOTENCY_KEY_USED;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    Event, Page, PageRequest, Principal, Receipt, StoreError, TenantId, Transaction, UserId, async_trait,
};

use super::state::{PersonRows, State, TenantRows};
use super::store::{Commit, FakeLifecycleStore, at_once, give_way};

/// Counts a unit as open until it is committed or dropped.
pub(super) struct Open(Arc<AtomicUsize>);

impl Open {
    pub(super) fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) struct FakeUnit {
    pub(super) store: FakeLifecycleStore,
    pub(super) tenant: Option<TenantId>,
    pub(super) person: Option<UserId>,
    pub(super) principal: Principal,
    pub(super) receipt: Option<Receipt>,
    pub(super) state: State,
    pub(super) billing: Box<dyn BillingUnit>,
    pub(super) read_only: bool,
    /// Whom it may add.
    pub(super) added: BTreeSet<UserId>,
    pub(super) _open: Option<Open>,
}

impl FakeUnit {
    pub(super) fn tenant_id(&self) -> TenantId {
        self.tenant.unwrap_or(TenantId::from_uuid(Uuid::nil()))
    }

    /// The tenant's rows. Without a tenant: rows that are nobody's.
    pub(super) fn rows(&mut self) -> &mut TenantRows {
        let tenant = self.tenant_id();
        self.state.tenants.entry(tenant).or_default()
    }

    /// The pinned person's rows. Without a person: rows that are nobody's.
    pub(super) fn own(&mut self) -> &mut PersonRows {
        let person = self.person.unwrap_or(UserId::from_uuid(Uuid::nil()));
        self.state.people.entry(person).or_default()
    }

    /// The rows of somebody whom the unit may add.
    pub(super) fn added(&mut self, user: UserId) -> Result<&mut PersonRows, StoreError> {
        if self.added.contains(&user) {
            Ok(self.state.people.entry(user).or_default())
        } else {
            Err(StoreError::Backend("the unit was not opened to add this person".into()))
        }
    }

    /// Passes for the pinned person.
    pub(super) fn require_pinned(&self, user: UserId) -> Result<(), StoreError> {
        if self.person == Some(user) {
            Ok(())
        } else {
            Err(StoreError::Backend("the unit is pinned to somebody else".into()))
        }
    }
}

#[async_trait]
impl Transaction for FakeUnit {
    async fn commit(self: Box<Self>, events: Vec<Event>) -> Result<(), StoreError> {
        // Others may come in between, as they may with a database.
        give_way().await;
        let Self {
            store,
            tenant,
            person,
            principal,
            receipt,
            mut state,
            billing,
            read_only,
            added: _,
            _open,
        } = *self;
        if read_only {
            return Err(StoreError::Backend("the unit only reads".into()));
        }
        let mut inner = store.lock();
        if let Some(Some(fault)) = inner.commit_faults.pop_front() {
            return Err(fault);
        }
        if inner.state.version != state.version {
            return Err(StoreError::Contended);
        }
        if let Some(receipt) = &receipt {
            let mark = (receipt.operation.to_owned(), receipt.key.to_string());
            if !state.receipts.insert(mark) {
                return Err(StoreError::Conflict(IDEMPOTENCY_KEY_USED));
            }
        }
        at_once(billing.commit(Vec::new()))?;
        state.version += 1;
        inner.state = state;
        inner.commits.push(Commit {
            tenant,
            person,
            principal,
            receipt,
            events,
        });
        Ok(())
    }
}

impl ActivityUnit for FakeUnit {
    fn audit(&mut self) -> &mut dyn AuditRepository {
        self
    }
}

/// The double keeps its events with its commits, and shows none as a log.
#[async_trait]
impl AuditRepository for FakeUnit {
    async fn list(&mut self, _: &AuditFilter, page: PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        Ok(Page::from_rows(Vec::new(), page, |entry: &AuditEntry| {
            entry.id.as_uuid()
        }))
    }

    async fn forget(&mut self, _: UserId) -> Result<(), StoreError> {
        Ok(())
    }
}

impl BillingUnit for FakeUnit {
    fn subscriptions(&mut self) -> &mut dyn SubscriptionRepository {
        self.billing.subscriptions()
    }

    fn invoices(&mut self) -> &mut dyn InvoiceRepository {
        self.billing.invoices()
    }

    fn payment_methods(&mut self) -> &mut dyn PaymentMethodRepository {
        self.billing.payment_methods()
    }

    fn payment_attempts(&mut self) -> &mut dyn PaymentAttemptRepository {
        self.billing.payment_attempts()
    }

    fn billing_accounts(&mut self) -> &mut dyn BillingAccountRepository {
        self.billing.billing_accounts()
    }

    fn dunning_cases(&mut self) -> &mut dyn DunningCaseRepository {
        self.billing.dunning_cases()
    }

    fn invoice_numbers(&mut self) -> &mut dyn InvoiceNumbers {
        self.billing.invoice_numbers()
    }
}
