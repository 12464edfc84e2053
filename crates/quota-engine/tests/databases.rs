//! The engine over real databases, as two tenants, with one node and with two.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy excuses test functions, not their helpers"
)]

#[path = "databases/acts.rs"]
mod acts;

use std::sync::Arc;

use tenantry_kernel::testing::SequentialIds;
use tenantry_kernel::time::macros::datetime;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{IdSource, StoreError, TenantId, TenantScope, async_trait};
use tenantry_quota_engine::{EngineOptions, GroupCommitCounter, LeasedRequests};
use tenantry_quotas::account::{Held, Subject};
use tenantry_quotas::counter::{Act, ConsumeError, Item, Order, Outcome, UsageCounter};
use tenantry_quotas::directory::EntitlementSource;
use tenantry_quotas::engine::{AccountReader, LedgerStore};
use tenantry_quotas::entitlement::{Allowance, Entitlements, Share};
use tenantry_quotas::leased::{Leased, LeasedCounter};
use tenantry_quotas::ledger::{EntryFilter, LedgerEntry, OperationId};
use tenantry_quotas::limit::{Limit, Reach, User};
use tenantry_quotas::meter::{Aggregation, Meter, MeterBook, MeterKind};
use tenantry_quotas::reservation::ReservationId;
use tenantry_quotas::store::QuotaStore;
use tenantry_quotas::testing::{entitlements, meter};
use tenantry_store_seaorm::SeaOrmStore;
use tenantry_tenancy::store::TenancyStore;
use tenantry_test_support::{Engine, TestStore, on_each_database};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn messages() -> Meter {
    meter("messages", MeterKind::Counter)
}

fn people() -> Meter {
    Meter {
        aggregation: Aggregation::Unique,
        ..meter("people", MeterKind::Counter)
    }
}

fn limited(limit: i64) -> Arc<Entitlements> {
    Arc::new(entitlements(&[(&messages(), Some(limit))]))
}

fn scope(tenant: u128) -> TenantScope {
    TenantScope::for_test(tenant, &[])
}

fn reach(tenant: u128, granted: &Arc<Entitlements>) -> Reach {
    Reach {
        tenant: TenantId::from_uuid(Uuid::from_u128(tenant)),
        entitlements: Arc::clone(granted),
        pool: None,
    }
}

fn item(meter: Meter, value: i64) -> Item {
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

fn order(name: &str, act: Act, reach: Reach) -> Order {
    Order {
        operation: OperationId::try_from(name.to_owned()).unwrap(),
        digest: [1; 32],
        act,
        live: true,
        reach,
        now: NOW,
    }
}

fn request(tenant: u128, name: &str, granted: &Arc<Entitlements>) -> Order {
    order(name, Act::Consume(vec![item(messages(), 1)]), reach(tenant, granted))
}

fn node(store: &SeaOrmStore, ids: &Arc<SequentialIds>) -> Arc<GroupCommitCounter> {
    let ledger: Arc<dyn LedgerStore> = Arc::new(store.clone());
    let ids: Arc<dyn IdSource> = Arc::clone(ids) as _;
    let meters = Arc::new(MeterBook::new(vec![messages(), people()]).unwrap());
    Arc::new(GroupCommitCounter::start(ledger, ids, meters, EngineOptions::default()))
}

async fn found_two(store: &SeaOrmStore) {
    for (number, slug) in [(1, "acme"), (2, "globex")] {
        let tenant = tenantry_tenancy::testing::tenant(number, slug);
        let mut unit = TenancyStore::begin(store, &scope(number)).await.unwrap();
        unit.tenants().insert(&tenant).await.unwrap();
        unit.commit(vec![tenant.founded()]).await.unwrap();
    }
}

fn march(tenant: u128, granted: &Arc<Entitlements>) -> Limit {
    Limit::leading(&reach(tenant, granted), &messages(), true, NOW)
}

async fn held(store: &SeaOrmStore, limit: Limit) -> Held {
    store.standing(&[limit]).await.unwrap()[0]
}

/// What the tenant's account holds.
async fn posted(store: &SeaOrmStore, tenant: u128, granted: &Arc<Entitlements>) -> i64 {
    held(store, march(tenant, granted)).await.posted
}

/// The tenant's ledger.
async fn entries(store: &SeaOrmStore, tenant: u128) -> Vec<LedgerEntry> {
    let mut unit = QuotaStore::read(store, &scope(tenant)).await.unwrap();
    let mut page = tenantry_kernel::PageRequest::first();
    let mut entries = Vec::new();
    loop {
        let found = unit.usage().list_entries(&EntryFilter::default(), page).await.unwrap();
        entries.extend(found.items);
        let Some(next) = found.next else { return entries };
        page = tenantry_kernel::PageRequest::new(200, Some(next)).unwrap();
    }
}

type Answers = Vec<Result<Outcome, ConsumeError>>;

/// Somebody who asks for operations, one after the other.
struct Caller {
    engine: Arc<GroupCommitCounter>,
    tenant: u128,
    granted: Arc<Entitlements>,
    names: Vec<String>,
}

impl Caller {
    /// Asks for twenty operations of its own.
    fn of(engine: &Arc<GroupCommitCounter>, tenant: u128, granted: &Arc<Entitlements>, name: &str) -> Self {
        Self {
            engine: Arc::clone(engine),
            tenant,
            granted: Arc::clone(granted),
            names: (0..20).map(|call| format!("{name}-{call}")).collect(),
        }
    }

    async fn ask(self) -> Answers {
        let mut answers = Vec::new();
        for name in self.names {
            let request = request(self.tenant, &name, &self.granted);
            answers.push(self.engine.submit(&scope(self.tenant), request).await);
        }
        answers
    }
}

/// All callers at once.
async fn crowd(callers: impl Iterator<Item = Caller>) -> Vec<Answers> {
    let asking: Vec<_> = callers.map(|caller| tokio::spawn(caller.ask())).collect();
    let mut answers = Vec::new();
    for caller in asking {
        answers.push(caller.await.unwrap());
    }
    answers
}

fn fresh(answers: &[Answers]) -> usize {
    let counted = answers.iter().flatten().filter_map(|answer| answer.as_ref().ok());
    counted.filter(|outcome| !outcome.replayed).count()
}

/// Nothing but limits may have refused anything.
fn only_limits_refused(answers: &[Answers]) {
    for answer in answers.iter().flatten() {
        assert!(matches!(answer, Ok(_) | Err(ConsumeError::Exceeded(_))), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_on_a_limit_of_a_thousand_admit_exactly_a_thousand() {
    on_each_database(async |subject: &TestStore| {
        found_two(&subject.store).await;
        let engine = node(&subject.store, &subject.ids);
        let (ours, theirs) = (limited(1_000), limited(300));
        let callers = (0..64).map(|caller| Caller::of(&engine, 1, &ours, &format!("{caller}")));
        let others = (0..16).map(|caller| Caller::of(&engine, 2, &theirs, &format!("{caller}")));

        let answers = crowd(callers.chain(others)).await;

        only_limits_refused(&answers);
        let (mine, foreign) = answers.split_at(64);
        assert_eq!((fresh(mine), fresh(foreign)), (1_000, 300));
        assert_eq!(posted(&subject.store, 1, &ours).await, 1_000);
        assert_eq!(posted(&subject.store, 2, &theirs).await, 300);
        assert_eq!(
            (
                entries(&subject.store, 1).await.len(),
                entries(&subject.store, 2).await.len()
            ),
            (1_000, 300)
        );
        engine.shut_down().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_counts_once_however_often_and_wherever_it_is_asked_for() {
    on_each_database(async |subject: &TestStore| {
        found_two(&subject.store).await;
        let second = subject.another_node().await;
        let here = node(&subject.store, &subject.ids);
        let there = second.as_ref().map(|store| node(store, &subject.ids));
        let granted = limited(1_000);
        let names: Vec<String> = (0..25).map(|call| format!("order {call}")).collect();
        let callers = (0..16_usize).map(|caller| {
            let away = there.as_ref().filter(|_| caller % 2 == 1);
            let mut names = names.clone();
            names.rotate_left(caller / 2);
            Caller {
                names,
                ..Caller::of(away.unwrap_or(&here), 1, &granted, "")
            }
        });

        let answers = crowd(callers).await;

        only_limits_refused(&answers);
        assert_eq!(fresh(&answers), 25);
        assert_eq!(posted(&subject.store, 1, &granted).await, 25);
        assert_eq!(entries(&subject.store, 1).await.len(), 25);
        for (position, name) in names.iter().enumerate() {
            let mut told: Vec<i64> = answers
                .iter()
                .enumerate()
                .map(|(caller, given)| given[(position + 25 - caller / 2) % 25].as_ref().unwrap().lines[0].used)
                .collect();
            told.dedup();
            assert_eq!(told.len(), 1, "{name}: {told:?}");
        }
        here.shut_down().await;
        if let (Some(store), Some(engine)) = (second, there) {
            engine.shut_down().await;
            store.close().await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_on_one_database_admit_exactly_the_limit() {
    for kind in [Engine::SqliteFile, Engine::Postgres] {
        let Some(subject) = TestStore::on(kind).await else {
            continue;
        };
        found_two(&subject.store).await;
        let second = subject.another_node().await.unwrap();
        let nodes = [node(&subject.store, &subject.ids), node(&second, &subject.ids)];
        let granted = limited(400);
        let callers = |name: &'static str| {
            let (nodes, granted) = (&nodes, &granted);
            (0..32_usize).map(move |caller| {
                let tenant = 1 + u128::from(caller % 4 > 1);
                Caller::of(&nodes[caller % 2], tenant, granted, &format!("{name} {caller}"))
            })
        };

        let early = crowd(callers("early")).await;
        let late = crowd(callers("late")).await;

        only_limits_refused(&early);
        only_limits_refused(&late);
        assert_eq!((fresh(&early), fresh(&late)), (640, 160), "{kind}");
        for tenant in [1, 2] {
            assert_eq!(posted(&subject.store, tenant, &granted).await, 400, "{kind}");
            assert_eq!(entries(&subject.store, tenant).await.len(), 400, "{kind}");
        }
        for engine in nodes {
            engine.shut_down().await;
        }
        second.close().await.unwrap();
        subject.close().await;
    }
}

/// The same for every tenant.
struct Granting(Arc<Entitlements>);

#[async_trait]
impl EntitlementSource for Granting {
    async fn of(&self, _: TenantId) -> Result<Option<Arc<Entitlements>>, StoreError> {
        Ok(Some(Arc::clone(&self.0)))
    }
}

fn leased(
    counter: &Arc<GroupCommitCounter>,
    granted: &Arc<Entitlements>,
    ids: &Arc<SequentialIds>,
) -> Arc<LeasedRequests> {
    let counter: Arc<dyn UsageCounter> = Arc::clone(counter) as _;
    let source = Arc::new(Granting(Arc::clone(granted)));
    Arc::new(LeasedRequests::new(counter, source, Arc::clone(ids) as _))
}

async fn count_out_of_slices(node: Arc<LeasedRequests>, granted: Arc<Entitlements>, times: usize, amount: i64) -> i64 {
    let mut admitted = 0;
    for _ in 0..times {
        let leased = Leased {
            meter: messages(),
            amount,
            user: User::default(),
            live: true,
            reach: reach(1, &granted),
            at: NOW,
        };
        let answer = node.count(&scope(1), leased).await;
        assert!(matches!(answer, Ok(_) | Err(ConsumeError::Exceeded(_))), "{answer:?}");
        admitted += if answer.is_ok() { amount } else { 0 };
    }
    admitted
}

#[tokio::test(flavor = "multi_thread")]
async fn slices_on_two_nodes_use_the_limit_up_never_pass_it_and_are_given_back_once() {
    for kind in [Engine::SqliteFile, Engine::Postgres] {
        let Some(subject) = TestStore::on(kind).await else {
            continue;
        };
        found_two(&subject.store).await;
        let second = subject.another_node().await.unwrap();
        let engines = [node(&subject.store, &subject.ids), node(&second, &subject.ids)];
        let granted = limited(1_000);
        let nodes = engines.each_ref().map(|engine| leased(engine, &granted, &subject.ids));
        let callers: Vec<_> = (0..16_usize)
            .map(|caller| {
                let node = Arc::clone(&nodes[caller % 2]);
                tokio::spawn(count_out_of_slices(node, Arc::clone(&granted), 60, 1))
            })
            .collect();
        let mut admitted = 0;
        for caller in callers {
            admitted += caller.await.unwrap();
        }

        let account = march(1, &granted).account;
        let unused: i64 = nodes.iter().map(|node| node.unused(&account)).sum();
        assert_eq!(admitted, 960, "{kind}");
        assert_eq!(posted(&subject.store, 1, &granted).await - unused, admitted, "{kind}");
        for node in &nodes {
            node.give_back().await;
            node.give_back().await;
        }
        assert_eq!(posted(&subject.store, 1, &granted).await, admitted, "{kind}");
        let rest = leased(&engines[0], &granted, &subject.ids);
        let rest = count_out_of_slices(rest, Arc::clone(&granted), 60, 1).await;
        assert_eq!(rest, 40, "{kind}: to the last one");
        for engine in engines {
            engine.shut_down().await;
        }
        second.close().await.unwrap();
        subject.close().await;
    }
}
