//! Look-ups across tenants, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenantry_billing::directory::{DueSubscriptions, OverdueInvoices, PendingPayments};
use tenantry_billing::invoice::InvoiceStatus;
use tenantry_billing::payment::AttemptStatus;
use tenantry_billing::subscription::Subscription;
use tenantry_identity::api_key::{ApiKey, ApiKeyRecord};
use tenantry_identity::directory::{ApiKeyDirectory, LiveSession, SessionDirectory};
use tenantry_identity::service_account::{ServiceAccount, ServiceAccountDirectory};
use tenantry_identity::session::Session;
use tenantry_identity::support::{Impersonation, SupportDirectory};
use tenantry_identity::user::{PlatformRole, User};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{
    ApiKeyId, ImpersonationId, MembershipId, Page, PageRequest, ServiceAccountId, SessionId, StoreError, SystemScope,
    TenantId, UserId, async_trait,
};
use tenantry_quotas::closing::{LedgerMarks, Mark};
use tenantry_tenancy::directory::{AccessDirectory, MemberAccess, TenantAccess, TenantDirectory, TenantFilter};
use tenantry_tenancy::membership::Membership;
use tenantry_tenancy::role::OwnRoles;
use tenantry_tenancy::role::own::Remembered;
use tenantry_tenancy::tenant::{Tenant, TenantState};

use super::store::FakeLifecycleStore;
use super::tenancy::page_of;
use crate::operators::{Headcount, OperatorDirectory, SubscriptionGroup, TenantCard};

#[async_trait]
impl AccessDirectory for FakeLifecycleStore {
    async fn tenant(&self, tenant: TenantId) -> Result<Option<Arc<TenantAccess>>, StoreError> {
        let rows = self.tenant_rows(tenant);
        let roles = OwnRoles::new(rows.roles);
        Ok(rows.tenant.map(|tenant| {
            Arc::new(TenantAccess {
                id: tenant.id(),
                slug: tenant.slug().clone(),
                name: tenant.name().clone(),
                status: tenant.status().clone(),
                timezone: tenant.profile().timezone.clone(),
                roles,
                security: Arc::new(rows.security.policy),
            })
        }))
    }

    async fn member(
        &self,
        tenant: TenantId,
        membership: MembershipId,
    ) -> Result<Option<Arc<MemberAccess>>, StoreError> {
        let rows = self.tenant_rows(tenant);
        let found = rows.memberships.into_iter().find(|row| row.id() == membership);
        let assigned = rows
            .assignments
            .into_iter()
            .filter(|one| one.membership == membership)
            .collect();
        Ok(found.map(|row| {
            Arc::new(MemberAccess {
                membership,
                user: row.user(),
                role: row.role().clone(),
                extra: row.extra().clone(),
                status: row.state(),
                assigned,
                remembered: Remembered::default(),
            })
        }))
    }

    async fn membership_of(&self, tenant: TenantId, user: UserId) -> Result<Option<MembershipId>, StoreError> {
        let rows = self.tenant_rows(tenant).memberships;
        Ok(rows.iter().find(|row| row.user() == user).map(Membership::id))
    }

    async fn memberships_of_user(&self, user: UserId) -> Result<Vec<(TenantId, MembershipId)>, StoreError> {
        let inner = self.lock();
        let all = inner
            .state
            .founded()
            .flat_map(|(tenant, rows)| rows.memberships.iter().map(move |row| (tenant.id(), row)));
        let mut own: Vec<_> = all.filter(|(_, row)| row.user() == user).collect();
        own.sort_by_key(|(_, row)| (row.created_at(), row.id()));
        Ok(own.into_iter().map(|(tenant, row)| (tenant, row.id())).collect())
    }

    async fn tenant_by_slug(&self, slug: &str) -> Result<Option<TenantId>, StoreError> {
        let inner = self.lock();
        let mut all = inner.state.founded().map(|(tenant, _)| tenant);
        Ok(all.find(|tenant| tenant.slug().as_str() == slug).map(Tenant::id))
    }

    async fn tenant_by_host(&self, host: &str) -> Result<Option<TenantId>, StoreError> {
        let inner = self.lock();
        let mut all = inner.state.founded();
        let found = all.find(|(_, rows)| {
            let mut verified = rows.domains.iter().filter(|domain| domain.verified_at().is_some());
            verified.any(|domain| domain.host().as_str() == host)
        });
        Ok(found.map(|(tenant, _)| tenant.id()))
    }
}

#[async_trait]
impl SessionDirectory for FakeLifecycleStore {
    async fn live(
        &self,
        user: UserId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<LiveSession>, StoreError> {
        let rows = self.person_rows(user).sessions;
        let live =
            |row: &&Session| row.id() == session && row.record().ended_at.is_none() && now < row.record().expires_at;
        let stepped_up_at = |row: &Session| row.record().stepped_up_at;
        Ok(rows.iter().find(live).map(|row| LiveSession {
            stepped_up_at: stepped_up_at(row),
        }))
    }

    async fn platform_role(&self, user: UserId) -> Result<Option<PlatformRole>, StoreError> {
        let user = self.person_rows(user).user.filter(User::is_active);
        Ok(user.and_then(|user| user.platform_role()))
    }

    async fn may_sign_in(&self, user: UserId) -> Result<bool, StoreError> {
        Ok(self.person_rows(user).user.is_some_and(|user| user.is_active()))
    }
}

#[async_trait]
impl ApiKeyDirectory for FakeLifecycleStore {
    async fn find(&self, tenant: TenantId, key: ApiKeyId) -> Result<Option<Arc<ApiKey>>, StoreError> {
        let rows = self.tenant_rows(tenant).api_keys;
        Ok(rows.into_iter().find(|row| row.id() == key).map(Arc::new))
    }

    async fn touch(&self, tenant: TenantId, key: ApiKeyId, at: OffsetDateTime) -> Result<(), StoreError> {
        let mut inner = self.lock();
        let rows = inner.state.tenants.get_mut(&tenant);
        let keys = rows.map(|rows| rows.api_keys.as_mut_slice()).unwrap_or_default();
        if let Some(row) = keys.iter_mut().find(|row| row.id() == key) {
            *row = ApiKey::restore(ApiKeyRecord {
                last_used_at: row.record().last_used_at.max(Some(at)),
                ..row.record().clone()
            });
        }
        Ok(())
    }
}

#[async_trait]
impl ServiceAccountDirectory for FakeLifecycleStore {
    async fn service_account(
        &self,
        tenant: TenantId,
        account: ServiceAccountId,
    ) -> Result<Option<Arc<ServiceAccount>>, StoreError> {
        let rows = self.tenant_rows(tenant).service_accounts;
        Ok(rows.into_iter().find(|row| row.id() == account).map(Arc::new))
    }
}

#[async_trait]
impl SupportDirectory for FakeLifecycleStore {
    async fn visit(&self, tenant: TenantId, id: ImpersonationId) -> Result<Option<Arc<Impersonation>>, StoreError> {
        let rows = self.tenant_rows(tenant).visits;
        Ok(rows.into_iter().find(|row| row.id == id).map(Arc::new))
    }

    async fn agreed_until(&self, tenant: TenantId) -> Result<Option<OffsetDateTime>, StoreError> {
        let rows = self.tenant_rows(tenant).consents;
        let there = rows.iter().filter(|row| row.ended_at.is_none());
        Ok(there.map(|row| row.expires_at).max())
    }

    async fn running_visit(
        &self,
        scope: &SystemScope,
        now: OffsetDateTime,
        id: ImpersonationId,
    ) -> Result<Option<Impersonation>, StoreError> {
        let running = self.running(scope, now, u32::MAX).await?;
        Ok(running.into_iter().find(|row| row.id == id))
    }

    async fn running(
        &self,
        _: &SystemScope,
        now: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<Impersonation>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut live: Vec<Impersonation> = Vec::new();
        for rows in self.lock().state.tenants.values() {
            live.extend(rows.visits.iter().filter(|row| row.is_live(now)).cloned());
        }
        live.sort_by_key(|row| std::cmp::Reverse(row.id));
        live.truncate(limit);
        Ok(live)
    }
}

impl FakeLifecycleStore {
    fn founded_ids(&self) -> Vec<TenantId> {
        self.lock().state.founded().map(|(tenant, _)| tenant.id()).collect()
    }

    fn live_subscription(&self, tenant: TenantId) -> Option<Subscription> {
        self.book(tenant).subscriptions.into_iter().find(Subscription::is_live)
    }
}

fn first(mut found: Vec<(OffsetDateTime, TenantId)>, limit: u32) -> Vec<TenantId> {
    found.sort_unstable();
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    found.into_iter().map(|(_, tenant)| tenant).collect()
}

#[async_trait]
impl DueSubscriptions for FakeLifecycleStore {
    async fn due(&self, _: &SystemScope, now: OffsetDateTime, limit: u32) -> Result<Vec<TenantId>, StoreError> {
        let ends = |tenant: TenantId| Some((self.live_subscription(tenant)?.period().end(), tenant));
        let all = self.founded_ids().into_iter().filter_map(ends);
        Ok(first(all.filter(|(end, _)| *end <= now).collect(), limit))
    }
}

#[async_trait]
impl PendingPayments for FakeLifecycleStore {
    async fn pending(
        &self,
        _: &SystemScope,
        begun_before: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<TenantId>, StoreError> {
        let begun = |tenant: TenantId| {
            let attempts = self.book(tenant).attempts;
            let mut pending = attempts
                .iter()
                .filter(|attempt| attempt.status == AttemptStatus::Pending);
            Some((pending.next()?.created_at, tenant))
        };
        let all = self.founded_ids().into_iter().filter_map(begun);
        Ok(first(all.filter(|(at, _)| *at <= begun_before).collect(), limit))
    }
}

#[async_trait]
impl OverdueInvoices for FakeLifecycleStore {
    async fn overdue(&self, _: &SystemScope, now: OffsetDateTime, limit: u32) -> Result<Vec<TenantId>, StoreError> {
        let is_due = |tenant: &TenantId| {
            let book = self.book(*tenant);
            let mut open = book
                .invoices
                .iter()
                .filter(|invoice| invoice.status() == InvoiceStatus::Open);
            open.any(|invoice| {
                let mut cases = book.cases.iter();
                let known = cases.find(|(case, _)| case.invoice == invoice.id());
                known.is_none_or(|(_, next_at)| next_at.is_some_and(|at| at <= now))
            })
        };
        let mut found: Vec<TenantId> = self.founded_ids().into_iter().filter(is_due).collect();
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }
}

#[async_trait]
impl TenantDirectory for FakeLifecycleStore {
    async fn list(&self, _: &SystemScope, _: &TenantFilter, page: PageRequest) -> Result<Page<TenantId>, StoreError> {
        Ok(page_of(self.founded_ids().into_iter(), page, |tenant| tenant.as_uuid()))
    }
}

#[async_trait]
impl OperatorDirectory for FakeLifecycleStore {
    async fn tenants(
        &self,
        _: &SystemScope,
        filter: &TenantFilter,
        page: PageRequest,
    ) -> Result<Page<TenantCard>, StoreError> {
        let all: Vec<Tenant> = self.lock().state.founded().map(|(tenant, _)| tenant.clone()).collect();
        let cards = all.iter().map(|tenant| self.card(tenant));
        let text = filter.text.as_deref().map(str::to_lowercase);
        let matches = |card: &TenantCard| {
            let named = format!("{} {} {}", card.name, card.slug, card.billing_email).to_lowercase();
            filter.status.is_none_or(|state| card.state == state)
                && filter.plan.as_ref().is_none_or(|plan| card.plan.as_ref() == Some(plan))
                && text.as_deref().is_none_or(|text| named.contains(text))
        };
        Ok(page_of(cards.filter(matches), page, |card| card.id.as_uuid()))
    }

    async fn subscription_groups(&self, _: &SystemScope) -> Result<Vec<SubscriptionGroup>, StoreError> {
        let mut groups: BTreeMap<String, SubscriptionGroup> = BTreeMap::new();
        for live in self
            .founded_ids()
            .into_iter()
            .filter_map(|tenant| self.live_subscription(tenant))
        {
            let group = SubscriptionGroup {
                plan: live.plan().clone(),
                cycle: live.cycle(),
                currency: live.currency(),
                quantity: live.quantity(),
                status: live.status().as_str().to_owned(),
                count: 0,
            };
            groups.entry(format!("{group:?}")).or_insert(group).count += 1;
        }
        Ok(groups.into_values().collect())
    }

    async fn headcount(&self, _: &SystemScope) -> Result<Headcount, StoreError> {
        let inner = self.lock();
        let mut count = Headcount::default();
        for (tenant, rows) in inner.state.founded() {
            match tenant.status().state() {
                TenantState::Active => count.active_tenants += 1,
                TenantState::Suspended => count.suspended_tenants += 1,
            }
            let seated = rows.memberships.iter().filter(|row| row.state().takes_a_seat());
            count.members += u64::try_from(seated.count()).unwrap_or(u64::MAX);
        }
        let people = inner.state.people.values().filter(|rows| rows.user.is_some());
        count.users = u64::try_from(people.count()).unwrap_or(u64::MAX);
        Ok(count)
    }
}

impl FakeLifecycleStore {
    fn card(&self, tenant: &Tenant) -> TenantCard {
        let latest = self.book(tenant.id()).subscriptions.pop();
        TenantCard {
            id: tenant.id(),
            slug: tenant.slug().clone(),
            name: tenant.name().clone(),
            state: tenant.status().state(),
            billing_email: tenant.profile().billing_email.clone(),
            plan: latest.as_ref().map(|latest| latest.plan().code.clone()),
            subscription_status: latest.map(|latest| latest.status().as_str().to_owned()),
            created_at: tenant.created_at(),
        }
    }
}

#[async_trait]
impl LedgerMarks for FakeLifecycleStore {
    async fn take(&self) -> Result<Mark, StoreError> {
        Ok(Mark(1))
    }
}
