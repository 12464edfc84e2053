//! What usage needs behind the scenes: thresholds are told, forgotten reservations are given back, and the books are
//! checked. All of it is safe on any number of nodes at once.

use std::sync::Arc;

use tenantry_kernel::{Clock, DomainError, ErrorKind, Event, Mail, StoreError, TenantId};
use tenantry_quotas::alert::{Alert, AlertDirectory};
use tenantry_quotas::audit::{AuditPage, Bookkeeper};
use tenantry_quotas::counter::{Act, ConsumeError, Order, UsageCounter};
use tenantry_quotas::directory::{EntitlementSource, reach_of};
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::reservation::{ExpiredReservations, ReservationRef};
use tenantry_tenancy::gate::{EnterError, Gate};
use tenantry_tenancy::tenant::Tenant;

use crate::catalog::Catalog;
use crate::store::LifecycleStore;

/// Tenants, alerts or reservations of one round.
const BATCH: u32 = 200;
/// Tenants whose books are checked at once.
const BOOKS: u32 = 50;

/// What the upkeep needs.
pub struct UpkeepParts {
    /// Meters, and the product's name.
    pub catalog: Arc<Catalog>,
    /// Units of work.
    pub store: Arc<dyn LifecycleStore>,
    /// Which tenants have something to be told.
    pub alerts: Arc<dyn AlertDirectory>,
    /// Which reservations should have been given back.
    pub expired: Arc<dyn ExpiredReservations>,
    /// Checks accounts against the ledger.
    pub books: Arc<dyn Bookkeeper>,
    /// Gives reservations back.
    pub counter: Arc<dyn UsageCounter>,
    /// Under whose limits.
    pub entitlements: Arc<dyn EntitlementSource>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where scopes are minted.
    pub gate: Gate,
}

/// Why one tenant could not be served. The next round tries again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpkeepError {
    /// The tenant cannot be entered.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// A reservation could not be given back.
    #[error("a reservation could not be given back")]
    Counter(#[source] ConsumeError),
    /// The store failed.
    #[error("usage could not be kept up")]
    Store(#[from] StoreError),
}

impl DomainError for UpkeepError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Enter(cause) => cause.kind(),
            Self::Counter(cause) => cause.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Enter(cause) => cause.code(),
            Self::Counter(cause) => cause.code(),
            Self::Store(cause) => cause.code(),
        }
    }
}

/// What a round did.
#[derive(Debug, Default)]
pub struct UpkeepReport {
    /// Thresholds that were told.
    pub told: u64,
    /// Reservations that were given back.
    pub given_back: u64,
    /// Tenants that could not be served.
    pub failed: Vec<(TenantId, UpkeepError)>,
}

/// Keeps usage up.
pub struct UsageUpkeep(UpkeepParts);

impl UsageUpkeep {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: UpkeepParts) -> Self {
        Self(parts)
    }

    /// Tells thresholds that were reached, and gives back reservations whose time was up. One tenant's trouble is not
    /// another's.
    ///
    /// # Errors
    /// [`StoreError`] when what there is to do cannot be listed.
    pub async fn round(&self) -> Result<UpkeepReport, StoreError> {
        let mut report = UpkeepReport::default();
        for tenant in self.0.alerts.with_untold(BATCH).await? {
            match self.tell(tenant).await {
                Ok(told) => report.told += told,
                Err(cause) => report.failed.push((tenant, cause)),
            }
        }
        let now = self.0.clock.system_now();
        for reservation in self.0.expired.expired(now, BATCH).await? {
            match self.give_back(reservation).await {
                Ok(()) => report.given_back += 1,
                Err(cause) => report.failed.push((reservation.tenant, cause)),
            }
        }
        Ok(report)
    }

    /// Checks the books of some tenants, those after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check_books(&self, after: Option<TenantId>) -> Result<AuditPage, StoreError> {
        self.0.books.check(after, BOOKS).await
    }

    /// Each threshold becomes an event of the tenant's log and a letter, in one commit with the note that it was told.
    async fn tell(&self, tenant: TenantId) -> Result<u64, UpkeepError> {
        let scope = self.0.gate.enter_as_system(tenant, "usage_alerts").await?;
        let mut unit = self.0.store.begin_spanning(&scope, None).await?;
        let alerts = unit.quota_alerts().untold(BATCH).await?;
        if alerts.is_empty() {
            return Ok(0);
        }
        let profile = unit.tenants().find().await?;
        let events = alerts.iter().map(|alert| self.event(alert, profile.as_ref())).collect();
        let now = self.0.clock.now(&scope);
        unit.quota_alerts().told(&alerts, now).await?;
        unit.commit(events).await?;
        Ok(u64::try_from(alerts.len()).unwrap_or(u64::MAX))
    }

    fn event(&self, alert: &Alert, tenant: Option<&Tenant>) -> Event {
        let key = &alert.account.key;
        let event = Event::new("quota.threshold_reached", &key.meter)
            .set("threshold_percent", i64::from(alert.threshold_percent))
            .set("limit", alert.limit)
            .set("used", alert.used)
            .set("period", key.period.as_str())
            .set("reached_at", alert.at);
        match tenant {
            Some(tenant) => event.mail(self.letter(alert, tenant)),
            None => event,
        }
    }

    fn letter(&self, alert: &Alert, tenant: &Tenant) -> Mail {
        let meter = &alert.account.key.meter;
        let name = self
            .0
            .catalog
            .meters()
            .get(meter)
            .map_or(meter.as_str(), |known| &known.name);
        let profile = tenant.profile();
        Mail {
            template: "usage_threshold",
            to: profile.billing_email.clone(),
            locale: profile.locale.as_str().to_owned(),
            fields: vec![
                ("tenant", tenant.name().to_string()),
                ("product", self.0.catalog.display().to_owned()),
                ("meter", name.to_owned()),
                ("percent", alert.threshold_percent.to_string()),
                ("used", alert.used.to_string()),
                ("limit", alert.limit.to_string()),
            ],
            token: None,
        }
    }

    async fn give_back(&self, reservation: ReservationRef) -> Result<(), UpkeepError> {
        let scope = self
            .0
            .gate
            .enter_as_system(reservation.tenant, "usage_reservations")
            .await?;
        let Some(reach) = reach_of(self.0.entitlements.as_ref(), reservation.tenant).await? else {
            return Ok(());
        };
        // A list of what has expired does not say whose it was, and a test key's counts apart.
        for live in [true, false] {
            let order = Order {
                operation: OperationId::internal("reservation", &reservation.id.to_string()),
                digest: [0; 32],
                act: Act::Release {
                    id: reservation.id,
                    expired: true,
                },
                live,
                reach: reach.clone(),
                now: self.0.clock.now(&scope),
            };
            match self.0.counter.submit(&scope, order).await {
                Ok(_) => return Ok(()),
                Err(ConsumeError::Unknown) => {}
                Err(cause) => return Err(UpkeepError::Counter(cause)),
            }
        }
        Ok(())
    }
}
