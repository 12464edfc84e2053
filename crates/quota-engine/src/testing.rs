//! A ledger in memory, one batch at a time, for tests of the engine.

mod ledger;

use std::sync::Arc;

use tenantry_kernel::testing::SequentialIds;
use tenantry_kernel::time::{OffsetDateTime, macros::datetime};
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{StoreError, TenantId, TenantScope, async_trait};
use tenantry_quotas::counter::{Act, Item, Order};
use tenantry_quotas::directory::EntitlementSource;
use tenantry_quotas::engine::LedgerStore;
use tenantry_quotas::entitlement::Entitlements;
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::limit::{Reach, User};
use tenantry_quotas::meter::{Aggregation, Meter, MeterBook, MeterKind, MeterSource};
use tenantry_quotas::testing::{entitlements, meter};

use crate::group_commit::{EngineOptions, GroupCommitCounter};

pub(crate) use ledger::MemoryLedger;

pub(crate) const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);

/// An operation that no ledger can store.
pub(crate) const POISON: &str = "poison";

pub(crate) fn messages() -> Meter {
    meter("messages", MeterKind::Counter)
}

pub(crate) fn calls() -> Meter {
    Meter {
        source: MeterSource::Requests,
        ..meter("api_calls", MeterKind::Counter)
    }
}

pub(crate) fn aggregating(name: &str, aggregation: Aggregation) -> Meter {
    Meter {
        aggregation,
        ..meter(name, MeterKind::Counter)
    }
}

pub(crate) fn meters() -> Arc<MeterBook> {
    let meters = vec![
        messages(),
        calls(),
        aggregating("peak", Aggregation::Max),
        aggregating("level", Aggregation::Last),
        aggregating("people", Aggregation::Unique),
    ];
    Arc::new(MeterBook::new(meters).unwrap())
}

pub(crate) fn ids() -> Arc<SequentialIds> {
    Arc::default()
}

pub(crate) fn engine(ledger: &Arc<MemoryLedger>, options: EngineOptions) -> Arc<GroupCommitCounter> {
    let store = Arc::clone(ledger) as Arc<dyn LedgerStore>;
    Arc::new(GroupCommitCounter::start(store, ids(), meters(), options))
}

pub(crate) fn limited(limit: i64) -> Arc<Entitlements> {
    Arc::new(entitlements(&[(&messages(), Some(limit))]))
}

pub(crate) fn tenant_id(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn tenant(number: u128) -> TenantScope {
    TenantScope::for_test(number, &[])
}

pub(crate) fn reach(tenant: u128, entitlements: &Arc<Entitlements>) -> Reach {
    Reach {
        tenant: tenant_id(tenant),
        entitlements: Arc::clone(entitlements),
        pool: None,
    }
}

pub(crate) fn name(text: &str) -> OperationId {
    OperationId::try_from(text.to_owned()).unwrap()
}

pub(crate) fn item(meter: Meter, value: i64) -> Item {
    Item {
        meter,
        value,
        member: None,
        user: User::default(),
        subject: None,
        description: None,
        at: NOW,
    }
}

pub(crate) fn order(operation: &str, act: Act, reach: Reach) -> Order {
    Order {
        operation: name(operation),
        digest: [1; 32],
        act,
        live: true,
        reach,
        now: NOW,
    }
}

/// Counts messages of tenant 1.
pub(crate) fn request(operation: &str, amount: i64, entitlements: &Arc<Entitlements>) -> Order {
    request_of(1, operation, amount, entitlements)
}

pub(crate) fn request_of(tenant: u128, operation: &str, amount: i64, entitlements: &Arc<Entitlements>) -> Order {
    let act = Act::Consume(vec![item(messages(), amount)]);
    order(operation, act, reach(tenant, entitlements))
}

/// The same for every tenant.
pub(crate) struct Granting(pub(crate) Arc<Entitlements>);

#[async_trait]
impl EntitlementSource for Granting {
    async fn of(&self, _: TenantId) -> Result<Option<Arc<Entitlements>>, StoreError> {
        Ok(Some(Arc::clone(&self.0)))
    }
}
