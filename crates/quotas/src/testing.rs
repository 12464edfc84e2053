//! Doubles for this domain's ports, and fixtures.

use std::sync::{Arc, Mutex};

use tenantry_kernel::{Code, Event, StoreError, TenantScope, Transaction, async_trait};
use time::OffsetDateTime;

use crate::alert::{AlertRepository, MockAlertRepository};
use crate::closing::{ClosingRepository, MockClosingRepository};
use crate::entitlement::repository::MockEntitlementRepository;
use crate::entitlement::{Allowance, Enforcement, EntitlementRepository, Entitlements, Share};
use crate::gauge::{GaugeRepository, MockGaugeRepository};
use crate::insight::{InsightRepository, MockInsightRepository};
use crate::ledger::{MockUsageRepository, UsageRepository};
use crate::meter::{Aggregation, Engine, EventRule, Meter, MeterKind, MeterSource};
use crate::reservation::{MockReservationRepository, ReservationRepository};
use crate::store::{QuotaStore, QuotaUnit};
use crate::zone::Zone;

/// A code, from text that is one.
#[must_use]
pub fn code(text: &str) -> Code {
    Code::try_from(text).unwrap_or_else(|cause| unreachable!("{text}: {cause}"))
}

/// A meter that the application reports.
#[must_use]
pub fn meter(name: &str, kind: MeterKind) -> Meter {
    Meter {
        code: code(name),
        name: name.to_owned(),
        unit: "one".to_owned(),
        kind,
        source: MeterSource::Reported,
        aggregation: Aggregation::default(),
        engine: Engine::default(),
        events: EventRule::default(),
    }
}

/// Entitlements of the plan `free` with hard limits on these meters, each over the meter's own period.
#[must_use]
pub fn entitlements(limits: &[(&Meter, Option<i64>)]) -> Entitlements {
    let allowances = limits.iter().map(|(meter, limit)| Allowance {
        meter: meter.code.clone(),
        limit: *limit,
        enforcement: Enforcement::Hard,
        overage: false,
        period: meter.default_period(),
        share: Share::Tenant,
        rollover: None,
        grace_percent: 0,
    });
    Entitlements {
        plan: code("free"),
        plan_version: "v1".to_owned(),
        revision: 1,
        allowances: allowances.collect(),
        overrides: Vec::new(),
        features: std::collections::BTreeSet::new(),
        values: std::collections::BTreeMap::new(),
        zone: Zone::Utc,
        anchor: OffsetDateTime::UNIX_EPOCH,
        pool: None,
    }
}

/// A store over mocks. It hands out one unit; what that unit commits is in [`FakeQuotaStore::events`].
#[derive(Default)]
pub struct FakeQuotaStore {
    unit: Mutex<Option<FakeQuotaUnit>>,
    events: Arc<Mutex<Option<Vec<Event>>>>,
}

/// The repositories of one unit.
#[derive(Default)]
pub struct FakeQuotaUnit {
    /// Entitlements.
    pub entitlements: MockEntitlementRepository,
    /// Gauges.
    pub gauges: MockGaugeRepository,
    /// Accounts and ledger.
    pub usage: MockUsageRepository,
    /// Reservations.
    pub reservations: MockReservationRepository,
    /// Rolled-up usage.
    pub insights: MockInsightRepository,
    /// Closed periods.
    pub closings: MockClosingRepository,
    /// Alerts.
    pub alerts: MockAlertRepository,
    events: Arc<Mutex<Option<Vec<Event>>>>,
}

impl FakeQuotaStore {
    /// A store whose one unit has these repositories.
    #[must_use]
    pub fn with(mut unit: FakeQuotaUnit) -> Self {
        let events = Arc::default();
        unit.events = Arc::clone(&events);
        Self {
            unit: Mutex::new(Some(unit)),
            events,
        }
    }

    /// What was committed; `None` when nothing was.
    #[must_use]
    pub fn events(&self) -> Option<Vec<Event>> {
        self.events
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    fn take(&self) -> Result<Box<dyn QuotaUnit>, StoreError> {
        let unit = self
            .unit
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        unit.map(|unit| Box::new(unit) as Box<dyn QuotaUnit>)
            .ok_or_else(|| StoreError::Backend("the fake store hands out one unit".into()))
    }
}

#[async_trait]
impl QuotaStore for FakeQuotaStore {
    async fn begin(&self, _scope: &TenantScope) -> Result<Box<dyn QuotaUnit>, StoreError> {
        self.take()
    }

    async fn read(&self, _scope: &TenantScope) -> Result<Box<dyn QuotaUnit>, StoreError> {
        self.take()
    }
}

#[async_trait]
impl Transaction for FakeQuotaUnit {
    async fn commit(self: Box<Self>, events: Vec<Event>) -> Result<(), StoreError> {
        *self.events.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(events);
        Ok(())
    }
}

impl QuotaUnit for FakeQuotaUnit {
    fn entitlements(&mut self) -> &mut dyn EntitlementRepository {
        &mut self.entitlements
    }

    fn gauges(&mut self) -> &mut dyn GaugeRepository {
        &mut self.gauges
    }

    fn usage(&mut self) -> &mut dyn UsageRepository {
        &mut self.usage
    }

    fn reservations(&mut self) -> &mut dyn ReservationRepository {
        &mut self.reservations
    }

    fn insights(&mut self) -> &mut dyn InsightRepository {
        &mut self.insights
    }

    fn closings(&mut self) -> &mut dyn ClosingRepository {
        &mut self.closings
    }

    fn quota_alerts(&mut self) -> &mut dyn AlertRepository {
        &mut self.alerts
    }
}
