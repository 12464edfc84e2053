//! The store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tenantry_billing::store::{BillingStore, BillingUnit};
use tenantry_billing::testing::{Book, MemoryBillingStore};
use tenantry_identity::store::{IdentityStore, IdentityUnit, PersonUnit};
use tenantry_kernel::testing::test_authority;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    Code, EmailAddress, Event, Mail, Origin, PermissionSet, Principal, Receipt, StoreError, SystemScope, TenantId,
    TenantScope, UserId, async_trait,
};
use tenantry_quotas::store::{QuotaStore, QuotaUnit};
use tenantry_tenancy::store::{TenancyStore, TenancyUnit};

use super::state::{PersonRows, State, TenantRows};
use super::unit::{FakeUnit, Open};
use crate::store::{LifecycleStore, LifecycleUnit};

/// What one commit made durable.
#[derive(Clone, Debug)]
pub struct Commit {
    /// In which tenant.
    pub tenant: Option<TenantId>,
    /// Of which person.
    pub person: Option<UserId>,
    /// On whose behalf.
    pub principal: Principal,
    /// The receipt it left.
    pub receipt: Option<Receipt>,
    /// What happened.
    pub events: Vec<Event>,
}

#[derive(Default)]
pub(super) struct Inner {
    pub state: State,
    pub commits: Vec<Commit>,
    pub begin_faults: VecDeque<StoreError>,
    pub commit_faults: VecDeque<Option<StoreError>>,
}

/// A store in memory that spans all domains. Cheap to clone; clones share what they hold.
#[derive(Clone, Default)]
pub struct FakeLifecycleStore {
    inner: Arc<Mutex<Inner>>,
    pub(super) billing: MemoryBillingStore,
    open: Arc<AtomicUsize>,
}

impl FakeLifecycleStore {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next unit that may write cannot be begun.
    pub fn fail_begin(&self, cause: StoreError) {
        self.lock().begin_faults.push_back(cause);
    }

    /// The next commit is refused, and nothing of it stays. Called twice, the one after it too.
    pub fn fail_commit(&self, cause: StoreError) {
        self.fail_commit_after(0, cause);
    }

    /// So many commits pass, then one is refused, and nothing of it stays.
    pub fn fail_commit_after(&self, passes: usize, cause: StoreError) {
        let mut inner = self.lock();
        inner.commit_faults.extend(std::iter::repeat_with(|| None).take(passes));
        inner.commit_faults.push_back(Some(cause));
    }

    /// Everything that was committed, in order.
    #[must_use]
    pub fn commits(&self) -> Vec<Commit> {
        self.lock().commits.clone()
    }

    /// The events that were committed, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.commits().into_iter().flat_map(|commit| commit.events).collect()
    }

    /// The actions that were committed, in order.
    #[must_use]
    pub fn actions(&self) -> Vec<&'static str> {
        self.events().iter().map(|event| event.action).collect()
    }

    /// The mails that follow from what was committed, in order.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.events().into_iter().flat_map(|event| event.mails).collect()
    }

    /// How many units that may write are open now.
    #[must_use]
    pub fn open_units(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// What a tenant has.
    #[must_use]
    pub fn tenant_rows(&self, tenant: TenantId) -> TenantRows {
        self.lock().state.tenants.get(&tenant).cloned().unwrap_or_default()
    }

    /// What a tenant is billed.
    #[must_use]
    pub fn book(&self, tenant: TenantId) -> Book {
        self.billing.book(tenant)
    }

    /// What is known of a person.
    #[must_use]
    pub fn person_rows(&self, person: UserId) -> PersonRows {
        self.lock().state.people.get(&person).cloned().unwrap_or_default()
    }

    /// How many tenants there are.
    #[must_use]
    pub fn tenant_count(&self) -> usize {
        self.lock().state.founded().count()
    }

    /// The tenant uses some of a meter.
    pub fn use_meter(&self, tenant: TenantId, meter: &Code, at: OffsetDateTime, amount: i64) {
        let mut inner = self.lock();
        let rows = inner.state.tenants.entry(tenant).or_default();
        rows.usage.push((meter.clone(), at, amount));
    }

    async fn unit(
        &self,
        scope: &TenantScope,
        tenant: Option<TenantId>,
        person: Option<UserId>,
        read_only: bool,
    ) -> Result<Box<FakeUnit>, StoreError> {
        // Others may come in between, as they may with a database.
        give_way().await;
        let mut inner = self.lock();
        if let (false, Some(fault)) = (read_only, inner.begin_faults.pop_front()) {
            return Err(fault);
        }
        let billing = at_once(self.billing.begin(scope))?;
        Ok(Box::new(FakeUnit {
            store: self.clone(),
            tenant,
            person,
            principal: scope.principal().clone(),
            receipt: scope.receipt().cloned(),
            state: inner.state.clone(),
            billing,
            added: BTreeSet::new(),
            _open: (!read_only).then(|| Open::new(&self.open)),
            read_only,
        }))
    }

    async fn person_unit(&self, person: UserId, origin: &Origin, read_only: bool) -> Result<Box<FakeUnit>, StoreError> {
        let nobody = TenantId::from_uuid(Uuid::nil());
        let scope = test_authority().enter(nobody, Principal::Anonymous, PermissionSet::default(), origin.clone());
        self.unit(&scope, None, Some(person), read_only).await
    }
}

/// Lets other tasks run once.
pub(super) async fn give_way() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The answer of a double that never waits.
pub(super) fn at_once<T>(double: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match pin!(double).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Err(StoreError::Backend("a double waited".into())),
    }
}

#[async_trait]
impl LifecycleStore for FakeLifecycleStore {
    async fn begin_spanning(
        &self,
        scope: &TenantScope,
        person: Option<UserId>,
    ) -> Result<Box<dyn LifecycleUnit>, StoreError> {
        Ok(self.unit(scope, Some(scope.tenant_id()), person, false).await?)
    }

    async fn begin_adding(&self, scope: &TenantScope, people: &[UserId]) -> Result<Box<dyn LifecycleUnit>, StoreError> {
        let mut unit = self.unit(scope, Some(scope.tenant_id()), None, false).await?;
        unit.added = people.iter().copied().collect();
        Ok(unit)
    }

    async fn read_spanning(&self, scope: &TenantScope) -> Result<Box<dyn LifecycleUnit>, StoreError> {
        Ok(self.unit(scope, Some(scope.tenant_id()), None, true).await?)
    }
}

#[async_trait]
impl IdentityStore for FakeLifecycleStore {
    async fn user_by_email(&self, email: &EmailAddress) -> Result<Option<UserId>, StoreError> {
        give_way().await;
        Ok(self.lock().state.user_by_email(email))
    }

    async fn users_by_email(&self, emails: &[EmailAddress]) -> Result<BTreeMap<EmailAddress, UserId>, StoreError> {
        give_way().await;
        let state = &self.lock().state;
        let known = emails
            .iter()
            .filter_map(|email| Some((email.clone(), state.user_by_email(email)?)));
        Ok(known.collect())
    }

    async fn begin_person(&self, user: UserId, origin: &Origin) -> Result<Box<dyn PersonUnit>, StoreError> {
        Ok(self.person_unit(user, origin, false).await?)
    }

    async fn begin_person_for(&self, scope: &SystemScope, user: UserId) -> Result<Box<dyn PersonUnit>, StoreError> {
        Ok(self.person_unit(user, scope.origin(), false).await?)
    }

    async fn read_person(&self, user: UserId) -> Result<Box<dyn PersonUnit>, StoreError> {
        Ok(self.person_unit(user, &Origin::default(), true).await?)
    }

    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn IdentityUnit>, StoreError> {
        Ok(self.unit(scope, Some(scope.tenant_id()), None, false).await?)
    }

    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn IdentityUnit>, StoreError> {
        Ok(self.unit(scope, Some(scope.tenant_id()), None, true).await?)
    }
}

#[async_trait]
impl TenancyStore for FakeLifecycleStore {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn TenancyUnit>, StoreError> {
        Ok(self.unit(scope, Some(scope.tenant_id()), None, false).await?)
    }

    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn TenancyUnit>, StoreError> {
        Ok(self.unit(scope, Some(scope.tenant_id()), None, true).await?)
    }
}

#[async_trait]
impl BillingStore for FakeLifecycleStore {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn BillingUnit>, StoreError> {
        Ok(self.unit(scope, Some(scope.tenant_id()), None, false).await?)
    }

    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn BillingUnit>, StoreError> {
        Ok(self.unit(scope, Some(scope.tenant_id()), None, true).await?)
    }
}

#[async_trait]
impl QuotaStore for FakeLifecycleStore {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn QuotaUnit>, StoreError> {
        Ok(self.unit(scope, Some(scope.tenant_id()), None, false).await?)
    }

    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn QuotaUnit>, StoreError> {
        Ok(self.unit(scope, Some(scope.tenant_id()), None, true).await?)
    }
}
