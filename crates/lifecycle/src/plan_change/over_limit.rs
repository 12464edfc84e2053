//! What stands above the limits of another plan. Nothing of it is taken away; more of it is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenantry_billing::subscription::Subscription;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, StoreError, TenantId};
use tenantry_quotas::account::Held;
use tenantry_quotas::engine::AccountReader;
use tenantry_quotas::entitlement::Entitlements;
use tenantry_quotas::limit::{Limit, Reach, User};
use tenantry_quotas::meter::{Meter, MeterKind, MeterSource};
use tenantry_quotas::store::QuotaUnit;

use crate::catalog::{Catalog, Offer};

/// A meter that stands above a hard limit of another plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverLimit {
    /// The meter.
    pub meter: Code,
    /// How much is used now.
    pub used: i64,
    /// How much the plan allows.
    pub limit: i64,
}

/// What a unit tells about the tenant's usage. Accounts are read after it is over: reading them takes a connection of
/// its own, and whoever holds one must not wait for another.
pub(super) struct Usage {
    granted: Entitlements,
    members: BTreeMap<Code, i64>,
}

impl Usage {
    /// Reads it; `None` before a plan took effect.
    pub async fn read<U: QuotaUnit + ?Sized>(unit: &mut U, catalog: &Catalog) -> Result<Option<Self>, StoreError> {
        let Some(granted) = unit.entitlements().find().await? else {
            return Ok(None);
        };
        let mut members = BTreeMap::new();
        for meter in catalog.meters().counted_by(MeterSource::Members) {
            members.insert(meter.code.clone(), unit.gauges().used(&meter.code).await?);
        }
        Ok(Some(Self { granted, members }))
    }

    /// What stands above the limits that `offer` would set now, one line a meter. Overrides of limits hold under any
    /// plan; limits of single users and keys are not looked at, nor is what may be passed.
    pub async fn above(
        self,
        (tenant, offer, after): (TenantId, &Offer, &Subscription),
        catalog: &Catalog,
        accounts: &dyn AccountReader,
        now: OffsetDateTime,
    ) -> Result<Vec<OverLimit>, StoreError> {
        let reach = Reach {
            tenant,
            entitlements: Arc::new(Entitlements {
                overrides: self.granted.overrides,
                zone: self.granted.zone,
                // The change counts it up: what accounts hold is reckoned as it will be then.
                revision: self.granted.revision + 1,
                ..offer.entitlements("UTC", after)
            }),
            pool: None,
        };
        let limits_of = |meter: &Meter| Limit::all_of(&reach, meter, &User::default(), true, now);
        let kept = catalog.meters().iter().filter(|meter| meter.kind != MeterKind::Rate);
        let limits: Vec<Limit> = kept
            .flat_map(limits_of)
            .filter(|limit| limit.hard().is_some())
            .collect();
        let (of_members, counted): (Vec<Limit>, Vec<Limit>) = limits
            .into_iter()
            .partition(|limit| self.members.contains_key(&limit.account.key.meter));

        let held = accounts.standing(&counted).await?;
        let members = of_members.into_iter().map(|limit| {
            let used = self.members.get(&limit.account.key.meter).copied();
            (limit, Held::posted(used.unwrap_or(0)))
        });
        let mut above: Vec<OverLimit> = Vec::new();
        for (limit, held) in members.chain(counted.into_iter().zip(held)) {
            let Some(allowed) = limit.allowance.limit.map(|most| most.saturating_add(held.granted)) else {
                continue;
            };
            let meter = limit.account.key.meter;
            if held.posted > allowed && above.iter().all(|line| line.meter != meter) {
                above.push(OverLimit {
                    meter,
                    used: held.posted,
                    limit: allowed,
                });
            }
        }
        let place = |line: &OverLimit| catalog.meters().iter().position(|meter| meter.code == line.meter);
        above.sort_by_key(place);
        Ok(above)
    }
}
