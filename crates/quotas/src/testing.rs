//! Doubles for this domain's ports, and fixtures.

use std::sync::{Arc, Mutex};

use tenantry_kernel::testing::{FixedClock, SequentialIds};
use tenantry_kernel::{Code, Event, StoreError, TenantId, TenantScope, Transaction, async_trait};
use time::OffsetDateTime;

use crate::account::Held;
use crate::alert::{AlertRepository, MockAlertRepository};
use crate::closing::{ClosingRepository, MockClosingRepository};
use crate::counter::{ConsumeError, Line, MockUsageCounter, Outcome, Refused, Standing};
use crate::directory::{MockEntitlementSource, MockPlanLadder, MockUsageRetention};
use crate::engine::MockAccountReader;
use crate::entitlement::repository::MockEntitlementRepository;
use crate::entitlement::{Allowance, Enforcement, EntitlementRepository, Entitlements, Share};
use crate::gauge::{GaugeRepository, MockGaugeRepository};
use crate::insight::{InsightRepository, MockInsightRepository, MockUsageDirectory};
use crate::leased::MockLeasedCounter;
use crate::ledger::{MockUsageRepository, UsageRepository};
use crate::limit::{Limit, Reach};
use crate::meter::{Aggregation, Engine, EventRule, Meter, MeterBook, MeterKind, MeterSource};
use crate::rate::MockRateLimiter;
use crate::reservation::{MockReservationRepository, ReservationRepository};
use crate::store::{QuotaStore, QuotaUnit};
use crate::usage::UsagePorts;
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

/// Ports of a tenant with these entitlements and of a catalog with these meters: nothing is counted, nothing is used,
/// and no plan lifts a limit. Put a double in the place of the port that a test is about.
#[must_use]
pub fn ports(granted: Entitlements, meters: Vec<Meter>) -> UsagePorts {
    let mut source = MockEntitlementSource::new();
    let granted = Arc::new(granted);
    source.expect_of().returning(move |_| Ok(Some(Arc::clone(&granted))));
    let mut accounts = MockAccountReader::new();
    accounts
        .expect_standing()
        .returning(|limits| Ok(vec![Held::default(); limits.len()]));
    let mut leased = MockLeasedCounter::new();
    leased.expect_unused().return_const(0);
    let mut ladder = MockPlanLadder::new();
    ladder.expect_lifting().return_const(None);
    let mut retention = MockUsageRetention::new();
    retention.expect_shown_from().returning(|_| Ok(None));
    UsagePorts {
        store: Arc::new(FakeQuotaStore::with(FakeQuotaUnit::default())),
        tenants: Arc::new(MockUsageDirectory::new()),
        accounts: Arc::new(accounts),
        entitlements: Arc::new(source),
        counter: Arc::new(MockUsageCounter::new()),
        leased: Arc::new(leased),
        rates: Arc::new(MockRateLimiter::new()),
        meters: Arc::new(MeterBook::new(meters).unwrap_or_default()),
        ladder: Arc::new(ladder),
        retention: Arc::new(retention),
        clock: Arc::new(FixedClock::at(OffsetDateTime::UNIX_EPOCH)),
        ids: Arc::new(SequentialIds::default()),
    }
}

/// What the counter answers when one amount was counted.
#[must_use]
pub fn counted(meter: &str, used: i64, limit: Option<i64>, resets_at: Option<OffsetDateTime>) -> Outcome {
    Outcome {
        lines: vec![Line {
            meter: code(meter),
            amount: 1,
            used,
            limit,
            resets_at,
            standings: Vec::new(),
        }],
        reservation: None,
        replayed: false,
    }
}

/// What the counter answers when the limit of a meter of these entitlements is reached at `at`.
#[must_use]
pub fn used_up(granted: Entitlements, meter: &Meter, used: i64, at: OffsetDateTime) -> ConsumeError {
    let reach = Reach {
        tenant: TenantId::from_uuid(tenantry_kernel::uuid::Uuid::from_u128(1)),
        entitlements: Arc::new(granted),
        pool: None,
    };
    let binding = Standing {
        limit: Limit::leading(&reach, meter, true, at),
        held: Held::posted(used),
    };
    ConsumeError::Exceeded(Box::new(Refused {
        item: 0,
        amount: 1,
        standings: vec![binding.clone()],
        binding,
    }))
}
