//! The engine over real databases, as two tenants, with one node and with two.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy excuses test functions, not their helpers"
)]

use std::sync::Arc;

use tenantry_kernel::testing::SequentialIds;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::time::macros::datetime;
use tenantry_kernel::{IdSource, TenantScope};
use tenantry_quota_engine::{EngineOptions, GroupCommitCounter, LeasedRequests};
use tenantry_quotas::account::AccountKey;
use tenantry_quotas::counter::{ConsumeError, ConsumeRequest, Consumed, Limit, UsageCounter};
use tenantry_quotas::engine::LedgerStore;
use tenantry_quotas::entitlement::Entitlements;
use tenantry_quotas::ledger::{Amount, EntryFilter, OperationId};
use tenantry_quotas::meter::{Meter, MeterKind};
use tenantry_quotas::requests::RequestCounter;
use tenantry_quotas::store::QuotaStore;
use tenantry_quotas::testing::{entitlements, meter};
use tenantry_store_seaorm::SeaOrmStore;
use tenantry_tenancy::store::TenancyStore;
use tenantry_test_support::{Engine, TestStore, on_each_database};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn messages() -> Meter {
    meter("messages", MeterKind::Counter)
}

fn limited(limit: i64) -> Arc<Entitlements> {
    Arc::new(entitlements(&[(&messages(), Some(limit))]))
}

fn scope(tenant: u128) -> TenantScope {
    TenantScope::for_test(tenant, &[])
}

fn request(name: &str, granted: &Arc<Entitlements>) -> ConsumeRequest {
    ConsumeRequest {
        operation: OperationId::try_from(name.to_owned()).unwrap(),
        digest: [1; 32],
        meter: messages(),
        amount: Amount::ONE,
        description: None,
        subject: None,
        live: true,
        at: NOW,
        entitlements: Arc::clone(granted),
    }
}

fn node(store: &SeaOrmStore, ids: &Arc<SequentialIds>) -> Arc<GroupCommitCounter> {
    let ledger: Arc<dyn LedgerStore> = Arc::new(store.clone());
    let ids: Arc<dyn IdSource> = Arc::clone(ids) as _;
    Arc::new(GroupCommitCounter::start(ledger, ids, EngineOptions::default()))
}

async fn found_two(store: &SeaOrmStore) {
    for (number, slug) in [(1, "acme"), (2, "globex")] {
        let tenant = tenantry_tenancy::testing::tenant(number, slug);
        let mut unit = TenancyStore::begin(store, &scope(number)).await.unwrap();
        unit.tenants().insert(&tenant).await.unwrap();
        unit.commit(vec![tenant.founded()]).await.unwrap();
    }
}

fn march(granted: &Entitlements) -> AccountKey {
    Limit::all_of(&messages(), granted, true, NOW).remove(0).account
}

/// What the tenant's account holds.
async fn posted(store: &SeaOrmStore, tenant: u128, account: AccountKey) -> i64 {
    let mut unit = QuotaStore::read(store, &scope(tenant)).await.unwrap();
    unit.usage().posted(&[account]).await.unwrap()[0]
}

/// How many entries the tenant's ledger has.
async fn entries(store: &SeaOrmStore, tenant: u128) -> usize {
    let mut unit = QuotaStore::read(store, &scope(tenant)).await.unwrap();
    let mut page = tenantry_kernel::PageRequest::first();
    let mut count = 0;
    loop {
        let found = unit.usage().list_entries(&EntryFilter::default(), page).await.unwrap();
        count += found.items.len();
        let Some(next) = found.next else { return count };
        page = tenantry_kernel::PageRequest::new(200, Some(next)).unwrap();
    }
}

type Answers = Vec<Result<Consumed, ConsumeError>>;

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
            let request = request(&name, &self.granted);
            answers.push(self.engine.consume(&scope(self.tenant), request).await);
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
    counted.filter(|consumed| !consumed.replayed).count()
}

/// Nothing but limits may have refused anything.
fn only_limits_refused(answers: &[Answers]) {
    for answer in answers.iter().flatten() {
        assert!(
            matches!(answer, Ok(_) | Err(ConsumeError::Exceeded { .. })),
            "{answer:?}"
        );
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
        assert_eq!(posted(&subject.store, 1, march(&ours)).await, 1_000);
        assert_eq!(posted(&subject.store, 2, march(&theirs)).await, 300);
        assert_eq!(
            (entries(&subject.store, 1).await, entries(&subject.store, 2).await),
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
        assert_eq!(posted(&subject.store, 1, march(&granted)).await, 25);
        assert_eq!(entries(&subject.store, 1).await, 25);
        for (position, name) in names.iter().enumerate() {
            let mut told: Vec<i64> = answers
                .iter()
                .enumerate()
                .map(|(caller, given)| given[(position + 25 - caller / 2) % 25].as_ref().unwrap().used)
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
            assert_eq!(posted(&subject.store, tenant, march(&granted)).await, 400, "{kind}");
            assert_eq!(entries(&subject.store, tenant).await, 400, "{kind}");
        }
        for engine in nodes {
            engine.shut_down().await;
        }
        second.close().await.unwrap();
        subject.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_on_two_nodes_use_the_limit_up_and_never_pass_it() {
    for kind in [Engine::SqliteFile, Engine::Postgres] {
        let Some(subject) = TestStore::on(kind).await else {
            continue;
        };
        found_two(&subject.store).await;
        let second = subject.another_node().await.unwrap();
        let engines = [node(&subject.store, &subject.ids), node(&second, &subject.ids)];
        let leased = engines.each_ref().map(|engine| {
            let counter: Arc<dyn UsageCounter> = Arc::clone(engine) as _;
            Arc::new(LeasedRequests::new(counter, Arc::clone(&subject.ids) as _))
        });
        let granted = limited(1_000);
        let callers: Vec<_> = (0..16_usize)
            .map(|caller| {
                let (leased, granted) = (Arc::clone(&leased[caller % 2]), Arc::clone(&granted));
                tokio::spawn(async move {
                    let mut admitted = 0;
                    for _ in 0..100 {
                        let answer = leased
                            .count(&scope(1), &messages(), true, NOW, Arc::clone(&granted))
                            .await;
                        assert!(
                            matches!(answer, Ok(_) | Err(ConsumeError::Exceeded { .. })),
                            "{answer:?}"
                        );
                        admitted += i64::from(answer.is_ok());
                    }
                    admitted
                })
            })
            .collect();
        let mut admitted = 0;
        for caller in callers {
            admitted += caller.await.unwrap();
        }

        // A node whose callers have gone home may hold a few calls that nobody used.
        let unused: i64 = leased
            .iter()
            .map(|node| node.unused(scope(1).tenant_id(), &march(&granted)))
            .sum();
        assert_eq!(admitted + unused, 1_000, "{kind}");
        assert_eq!(posted(&subject.store, 1, march(&granted)).await, 1_000, "{kind}");
        for engine in engines {
            engine.shut_down().await;
        }
        second.close().await.unwrap();
        subject.close().await;
    }
}
