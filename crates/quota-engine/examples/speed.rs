//! How fast one hot counter counts, durably, next to one transaction for each call on the same database:
//! `cargo run --release -p tenantry-quota-engine --example speed`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement for people, beside the product"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tenantry_kernel::testing::SequentialIds;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::time::macros::datetime;
use tenantry_kernel::{TenantScope, uuid::Uuid};
use tenantry_quota_engine::{EngineOptions, GroupCommitCounter};
use tenantry_quotas::counter::{Act, Item, Order, UsageCounter};
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::limit::{Reach, User};
use tenantry_quotas::meter::{Meter, MeterBook, MeterKind};
use tenantry_quotas::testing::{entitlements, meter};
use tenantry_tenancy::store::TenancyStore;
use tenantry_test_support::{Engine, TestStore};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const CALLERS: usize = 256;

fn messages() -> Meter {
    meter("messages", MeterKind::Counter)
}

fn order(reach: &Reach) -> Order {
    let item = Item {
        meter: messages(),
        value: 1,
        member: None,
        user: User::default(),
        subject: None,
        description: None,
        at: NOW,
    };
    Order {
        operation: OperationId::from(Uuid::from_u128(NEXT.fetch_add(1, Ordering::Relaxed).into())),
        digest: [1; 32],
        act: Act::Consume(vec![item]),
        live: true,
        reach: reach.clone(),
        now: NOW,
    }
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Operations a second, with so many callers and operations of one transaction.
async fn measure(
    subject: &TestStore,
    ids: &Arc<SequentialIds>,
    callers: usize,
    batch_len: usize,
    span: Duration,
) -> f64 {
    let options = EngineOptions {
        batch_len,
        ..EngineOptions::default()
    };
    let meters = Arc::new(MeterBook::new(vec![messages()]).unwrap());
    let store = Arc::new(subject.store.clone());
    let engine = Arc::new(GroupCommitCounter::start(store, Arc::clone(ids) as _, meters, options));
    let granted = Arc::new(entitlements(&[(&messages(), Some(i64::MAX / 2))]));
    let scope = TenantScope::for_test(1, &[]);
    let reach = Reach {
        tenant: scope.tenant_id(),
        entitlements: granted,
        pool: None,
    };
    let start = Instant::now();
    let asking = (0..callers).map(|_| {
        let (engine, scope, reach) = (Arc::clone(&engine), scope.clone(), reach.clone());
        tokio::spawn(async move {
            let mut counted = 0_u32;
            while start.elapsed() < span {
                engine.submit(&scope, order(&reach)).await.unwrap();
                counted += 1;
            }
            counted
        })
    });
    let asking: Vec<_> = asking.collect();
    let mut counted = 0;
    for caller in asking {
        counted += caller.await.unwrap();
    }
    let rate = f64::from(counted) / start.elapsed().as_secs_f64();
    engine.shut_down().await;
    rate
}

#[tokio::main]
async fn main() {
    let span = Duration::from_secs(std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(4));
    for kind in [Engine::SqliteFile, Engine::Postgres] {
        let Some(subject) = TestStore::on(kind).await else {
            continue;
        };
        let tenant = tenantry_tenancy::testing::tenant(1, "acme");
        let mut unit = TenancyStore::begin(&subject.store, &TenantScope::for_test(1, &[]))
            .await
            .unwrap();
        unit.tenants().insert(&tenant).await.unwrap();
        unit.commit(vec![tenant.founded()]).await.unwrap();
        let ids = Arc::clone(&subject.ids);

        let single = measure(&subject, &ids, CALLERS, 1, span).await;
        let grouped = measure(&subject, &ids, CALLERS, 512, span).await;

        let times = grouped / single;
        println!(
            "{kind}: one transaction for each call {single:.0}/s; group commit, {CALLERS} callers {grouped:.0}/s: {times:.0} times"
        );
        subject.close().await;
    }
}
