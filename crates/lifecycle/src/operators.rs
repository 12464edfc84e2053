//! What operators do: look across tenants, suspend them, open them again.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenantry_billing::mrr;
use tenantry_billing::plan::{Cycle, PlanRef, PlanSource};
use tenantry_billing::subscription::Quantity;
use tenantry_kernel::money::MoneyError;
use tenantry_kernel::retry;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{
    Clock, Code, Currency, Denied, DisplayName, DomainError, EmailAddress, ErrorKind, Money, Note, Page, PageRequest,
    Principal, Ratio, StoreError, SystemScope, TenantId, TenantScope, Value, async_trait,
};
use tenantry_tenancy::directory::TenantFilter;
use tenantry_tenancy::gate::{EnterError, Gate};
use tenantry_tenancy::store::TenancyStore;
use tenantry_tenancy::tenant::{Slug, SuspensionCause, Tenant, TenantState, WrongTenantState};

use crate::catalog::Catalog;
use crate::roles::{PLATFORM_MANAGE, PLATFORM_READ};

/// One tenant, as a list of tenants shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantCard {
    /// The tenant.
    pub id: TenantId,
    /// Its slug.
    pub slug: Slug,
    /// Its name.
    pub name: DisplayName,
    /// Whether it may be used.
    pub state: TenantState,
    /// Where invoices go.
    pub billing_email: EmailAddress,
    /// The plan of its latest subscription.
    pub plan: Option<Code>,
    /// Where that subscription stands.
    pub subscription_status: Option<String>,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// Live subscriptions on the same terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionGroup {
    /// The edition.
    pub plan: PlanRef,
    /// How often they are billed.
    pub cycle: Cycle,
    /// In which currency.
    pub currency: Currency,
    /// For how many seats each.
    pub quantity: Quantity,
    /// Where they stand: `trialing`, `active`, `past_due`.
    pub status: String,
    /// How many.
    pub count: u64,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Headcount {
    /// Tenants that may be used.
    pub active_tenants: u64,
    /// Tenants that are suspended.
    pub suspended_tenants: u64,
    /// Memberships that take a seat.
    pub members: u64,
    /// Humans.
    pub users: u64,
}

/// Looks across tenants in one statement each, for operators only. Answers what a list shows, never what is in a
/// tenant.
#[async_trait]
pub trait OperatorDirectory: Send + Sync {
    /// Tenants that match, oldest first.
    async fn tenants(
        &self,
        scope: &SystemScope,
        filter: &TenantFilter,
        page: PageRequest,
    ) -> Result<Page<TenantCard>, StoreError>;

    /// Live subscriptions, grouped by their terms.
    async fn subscription_groups(&self, scope: &SystemScope) -> Result<Vec<SubscriptionGroup>, StoreError>;

    /// How many tenants and people there are.
    async fn headcount(&self, scope: &SystemScope) -> Result<Headcount, StoreError>;
}

/// Recurring revenue in one currency. Currencies are never added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revenue {
    /// The currency.
    pub currency: Currency,
    /// Per month, rounded once.
    pub mrr: Money,
    /// Per year: twelve exact months, rounded once.
    pub arr: Money,
    /// Per month and plan.
    pub by_plan: Vec<(Code, Money, u64)>,
}

/// How the installation's subscriptions stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionStats {
    /// Live subscriptions by status.
    pub by_status: BTreeMap<String, u64>,
    /// Live subscriptions by plan.
    pub by_plan: BTreeMap<Code, u64>,
    /// Revenue per currency.
    pub revenue: Vec<Revenue>,
}

/// Why an operator was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorError {
    /// The platform role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such tenant.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// It is in that state already.
    #[error(transparent)]
    State(#[from] WrongTenantState),
    /// The tenant changed since the operator looked.
    #[error("the tenant changed since it was read")]
    Stale,
    /// The sum does not fit.
    #[error("the revenue is out of range")]
    Amount(#[from] MoneyError),
    /// The store failed.
    #[error("the tenants could not be read or stored")]
    Store(#[source] StoreError),
}

impl From<StoreError> for OperatorError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

impl DomainError for OperatorError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(cause) => cause.kind(),
            Self::Enter(cause) => cause.kind(),
            Self::State(_) => ErrorKind::Conflict,
            Self::Stale => ErrorKind::Stale,
            Self::Amount(_) => ErrorKind::Internal,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(cause) => cause.code(),
            Self::Enter(cause) => cause.code(),
            Self::State(WrongTenantState(TenantState::Suspended)) => "tenant_already_suspended",
            Self::State(WrongTenantState(TenantState::Active)) => "tenant_already_active",
            Self::Stale => "precondition_failed",
            Self::Amount(_) => "internal_error",
            Self::Store(cause) => cause.code(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Enter(cause) => cause.details(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Enter(cause) => cause.retry_after_s(),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl retry::MaybeContended for OperatorError {
    fn is_contended(&self) -> bool {
        // Nobody tells which version they saw: a tenant that changed meanwhile is read again.
        matches!(self, Self::Stale) || matches!(self, Self::Store(cause) if cause.is_contended())
    }
}

/// Serves operators.
pub struct OperatorService {
    catalog: Arc<Catalog>,
    directory: Arc<dyn OperatorDirectory>,
    store: Arc<dyn TenancyStore>,
    clock: Arc<dyn Clock>,
    gate: Gate,
}

impl OperatorService {
    /// Works on these stores.
    #[must_use]
    pub fn new(
        catalog: Arc<Catalog>,
        directory: Arc<dyn OperatorDirectory>,
        store: Arc<dyn TenancyStore>,
        clock: Arc<dyn Clock>,
        gate: Gate,
    ) -> Self {
        Self {
            catalog,
            directory,
            store,
            clock,
            gate,
        }
    }

    /// A page of tenants, oldest first.
    ///
    /// # Errors
    /// [`OperatorError`].
    pub async fn tenants(
        &self,
        scope: &SystemScope,
        filter: &TenantFilter,
        page: PageRequest,
    ) -> Result<Page<TenantCard>, OperatorError> {
        scope.require(&PLATFORM_READ)?;
        Ok(self.directory.tenants(scope, filter, page).await?)
    }

    /// How many tenants and people there are.
    ///
    /// # Errors
    /// [`OperatorError`].
    pub async fn headcount(&self, scope: &SystemScope) -> Result<Headcount, OperatorError> {
        scope.require(&PLATFORM_READ)?;
        Ok(self.directory.headcount(scope).await?)
    }

    /// How subscriptions and revenue stand.
    ///
    /// # Errors
    /// [`OperatorError`].
    pub async fn subscription_stats(&self, scope: &SystemScope) -> Result<SubscriptionStats, OperatorError> {
        scope.require(&PLATFORM_READ)?;
        let groups = self.directory.subscription_groups(scope).await?;
        Ok(stats(&groups, &self.catalog)?)
    }

    /// Closes a tenant to its members and keys, within a second on every node.
    ///
    /// # Errors
    /// [`OperatorError`].
    pub async fn suspend(&self, scope: &SystemScope, tenant: TenantId, reason: &Note) -> Result<Tenant, OperatorError> {
        scope.require(&PLATFORM_MANAGE)?;
        let scope = self.enter(scope, tenant).await?;
        retry::contended(3, || async {
            let now = self.clock.now(&scope);
            let mut unit = self.store.begin(&scope).await?;
            let mut tenant = unit.tenants().find().await?.ok_or(EnterError::NotFound)?;
            let event = tenant.suspend(reason, SuspensionCause::Operator, now)?;
            unit.tenants().update(&tenant).await?;
            unit.commit(vec![event]).await?;
            Ok(tenant.saved())
        })
        .await
    }

    /// Opens a suspended tenant again.
    ///
    /// # Errors
    /// [`OperatorError`].
    pub async fn reactivate(&self, scope: &SystemScope, tenant: TenantId) -> Result<Tenant, OperatorError> {
        scope.require(&PLATFORM_MANAGE)?;
        let scope = self.enter(scope, tenant).await?;
        retry::contended(3, || async {
            let now = self.clock.now(&scope);
            let mut unit = self.store.begin(&scope).await?;
            let mut tenant = unit.tenants().find().await?.ok_or(EnterError::NotFound)?;
            let event = tenant.reactivate(now)?;
            unit.tenants().update(&tenant).await?;
            unit.commit(vec![event]).await?;
            Ok(tenant.saved())
        })
        .await
    }

    /// The operator enters the tenant as themself: the tenant's own log names them.
    async fn enter(&self, scope: &SystemScope, tenant: TenantId) -> Result<TenantScope, OperatorError> {
        let entered = match scope.principal() {
            Principal::Operator { user, session } => {
                self.gate
                    .enter_operator(tenant, *user, *session, false, scope.origin().clone())
                    .await?
            }
            _ => self.gate.enter_as_system(tenant, "operator").await?,
        };
        Ok(match scope.receipt() {
            Some(receipt) => entered.with_receipt(receipt.clone()),
            None => entered,
        })
    }
}

/// Adds up groups; fractions of a minor unit are kept until the end.
fn stats(groups: &[SubscriptionGroup], catalog: &Catalog) -> Result<SubscriptionStats, MoneyError> {
    let mut by_status = BTreeMap::new();
    let mut by_plan = BTreeMap::new();
    let mut exact: BTreeMap<Currency, BTreeMap<Code, (Ratio, u64)>> = BTreeMap::new();
    for group in groups {
        *by_status.entry(group.status.clone()).or_insert(0) += group.count;
        *by_plan.entry(group.plan.code.clone()).or_insert(0) += group.count;
        let plan = PlanSource::find(catalog, &group.plan);
        let counts_for_revenue = matches!(group.status.as_str(), "active" | "past_due");
        let (Some(plan), true) = (plan, counts_for_revenue) else {
            continue;
        };
        let one = mrr::of_terms(&plan, group.cycle, group.quantity, group.currency)?;
        let all = one.times(Ratio::whole(i128::from(group.count)))?;
        let plans = exact.entry(group.currency).or_default();
        let (sum, count) = plans.entry(group.plan.code.clone()).or_insert((Ratio::ZERO, 0));
        *sum = sum.plus(all)?;
        *count += group.count;
    }
    let revenue = exact
        .into_iter()
        .map(|(currency, plans)| revenue(currency, plans))
        .collect::<Result<_, _>>()?;
    Ok(SubscriptionStats {
        by_status,
        by_plan,
        revenue,
    })
}

fn revenue(currency: Currency, plans: BTreeMap<Code, (Ratio, u64)>) -> Result<Revenue, MoneyError> {
    let mut total = Ratio::ZERO;
    let mut by_plan = Vec::with_capacity(plans.len());
    for (code, (exact, count)) in plans {
        total = total.plus(exact)?;
        by_plan.push((code, Money::rounded(exact, currency)?, count));
    }
    Ok(Revenue {
        currency,
        mrr: Money::rounded(total, currency)?,
        arr: Money::rounded(total.times(Ratio::whole(12))?, currency)?,
        by_plan,
    })
}

#[cfg(test)]
mod tests;
