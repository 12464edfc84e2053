//! One tenant with one hot meter, its limit far away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenantry_kernel::{Code, StoreError, TenantId, async_trait};
use tenantry_quotas::directory::EntitlementSource;
use tenantry_quotas::entitlement::{Allowance, Enforcement, Entitlements, Share};
use tenantry_quotas::limit::Reach;
use tenantry_quotas::meter::{Aggregation, Engine, EventRule, Meter, MeterKind, MeterSource};
use tenantry_quotas::period::Period;
use tenantry_quotas::zone::Zone;
use time::OffsetDateTime;

use crate::Outcome;

/// Never reached.
pub const LIMIT: i64 = 1_000_000_000_000;

pub fn meter() -> Outcome<Meter> {
    Ok(Meter {
        code: Code::try_from("events")?,
        name: "Events".to_owned(),
        unit: "event".to_owned(),
        kind: MeterKind::Counter,
        source: MeterSource::Reported,
        aggregation: Aggregation::Sum,
        engine: Engine::Strict,
        events: EventRule::default(),
    })
}

/// What the tenant may use: the meter up to the limit, and a feature.
pub fn entitlements() -> Outcome<Arc<Entitlements>> {
    let allowance = Allowance {
        meter: meter()?.code,
        limit: Some(LIMIT),
        enforcement: Enforcement::Hard,
        overage: false,
        period: Period::CalendarMonth,
        share: Share::Tenant,
        rollover: None,
        grace_percent: 0,
    };
    let features: Result<BTreeSet<Code>, _> = ["sso", "audit_log", "white_label", "priority_support"]
        .into_iter()
        .map(Code::try_from)
        .collect();
    Ok(Arc::new(Entitlements {
        plan: Code::try_from("vast")?,
        plan_version: "v1".to_owned(),
        revision: 1,
        allowances: vec![allowance],
        overrides: Vec::new(),
        features: features?,
        values: BTreeMap::new(),
        zone: Zone::Utc,
        anchor: OffsetDateTime::UNIX_EPOCH,
        pool: None,
    }))
}

pub fn reach(tenant: TenantId) -> Outcome<Reach> {
    Ok(Reach {
        tenant,
        entitlements: entitlements()?,
        pool: None,
    })
}

/// Every tenant may use the same.
pub struct Granted(pub Arc<Entitlements>);

#[async_trait]
impl EntitlementSource for Granted {
    async fn of(&self, _tenant: TenantId) -> Result<Option<Arc<Entitlements>>, StoreError> {
        Ok(Some(Arc::clone(&self.0)))
    }
}
