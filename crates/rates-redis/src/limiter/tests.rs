//! Shared rates on a real Redis, also one that goes and comes back.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use tenantry_quota_engine::PaceKeeper;
use tenantry_quotas::rate::{PerMinute, RateSubject};
use tenantry_test_support::{TestCipher, TestRedis};

use super::*;

/// Longer than a busy machine takes.
const LONG: Duration = Duration::from_secs(5);

async fn node(url: &str, when_gone: WhenGone) -> RedisRates {
    patient_node(url, when_gone, LONG).await
}

async fn patient_node(url: &str, when_gone: WhenGone, patience: Duration) -> RedisRates {
    let settings = RedisSettings {
        url: Secret::new(url.to_owned()),
        when_gone,
        patience,
        cipher: Arc::new(TestCipher),
        local: Arc::new(PaceKeeper::new()),
    };
    RedisRates::open(settings).await.unwrap()
}

/// An address that no other test, and no earlier run on the same server, has used.
fn stranger() -> u32 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    u32::try_from(since % u128::from(u32::MAX)).unwrap()
}

fn limit(number: u32, calls: u32) -> RateLimit {
    RateLimit {
        policy: "test",
        subject: RateSubject::Address(IpAddr::V4(Ipv4Addr::from_bits(number))),
        pace: PerMinute::new(calls).unwrap(),
    }
}

async fn passes(rates: &RedisRates, limits: &[RateLimit]) -> bool {
    let paces = rates.call(limits).get().await.unwrap();
    paces.iter().all(|pace| pace.allowed)
}

async fn until(what: &str, mut known: impl FnMut() -> bool) {
    for _ in 0..600 {
        if known() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_share_one_rate_exactly() {
    let Some(redis) = TestRedis::start() else { return };
    let limits = [limit(stranger(), 30), limit(stranger().wrapping_add(1), 1_000)];
    let began = Instant::now();

    let mut callers = Vec::new();
    for _ in 0..2 {
        let rates = Arc::new(node(redis.url(), WhenGone::Refuse).await);
        for _ in 0..8 {
            let (rates, limits) = (Arc::clone(&rates), limits.clone());
            callers.push(tokio::spawn(async move {
                let mut granted = 0_u64;
                for _ in 0..20 {
                    granted += u64::from(passes(&rates, &limits).await);
                }
                granted
            }));
        }
    }
    let mut granted = 0;
    for caller in callers {
        granted += caller.await.unwrap();
    }

    let refilled = began.elapsed().as_secs() / 2;
    assert!(
        (30..=30 + refilled).contains(&granted),
        "{granted}, {refilled} refilled"
    );
}

#[tokio::test]
async fn a_call_refused_by_one_rate_counts_on_none_and_says_how_long_to_wait() {
    let Some(redis) = TestRedis::start() else { return };
    let rates = node(redis.url(), WhenGone::Refuse).await;
    let both = [limit(stranger(), 100), limit(stranger().wrapping_add(1), 1)];

    assert!(passes(&rates, &both).await);
    let refused = rates.call(&both).get().await.unwrap();
    let seen = rates.peek(&both).get().await.unwrap();

    assert_eq!(
        refused.iter().map(|pace| pace.allowed).collect::<Vec<_>>(),
        [true, false]
    );
    assert!(seen[0].remaining >= 99, "{seen:?}");
    let wait = refused[1].retry_after;
    assert!((50..=60).contains(&wait.as_secs()), "{wait:?}");
}

#[tokio::test]
async fn what_is_whole_again_is_forgotten_by_redis_itself() {
    let Some(redis) = TestRedis::private() else { return };
    let rates = node(redis.url(), WhenGone::Refuse).await;
    let mut connection = connection(redis.url()).await;

    assert!(passes(&rates, &[limit(1, 600)]).await);
    let after: u64 = redis::cmd("DBSIZE").query_async(&mut connection).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let later: u64 = redis::cmd("DBSIZE").query_async(&mut connection).await.unwrap();

    // The probe of the connection may still be there at first.
    assert!(after >= 1, "{after}");
    assert_eq!(later, 0);
}

#[tokio::test]
async fn a_server_that_forgot_the_script_is_told_it_again() {
    let Some(redis) = TestRedis::private() else { return };
    let rates = node(redis.url(), WhenGone::Refuse).await;
    let mut connection = connection(redis.url()).await;

    let _: () = redis::cmd("SCRIPT")
        .arg("FLUSH")
        .query_async(&mut connection)
        .await
        .unwrap();

    assert!(passes(&rates, &[limit(1, 10)]).await);
    assert!(rates.is_shared());
}

#[tokio::test]
async fn while_redis_is_gone_the_nodes_own_rates_hold_and_then_it_is_found_again() {
    let Some(mut redis) = TestRedis::private() else { return };
    let rates = node(redis.url(), WhenGone::Local).await;
    let ten = [limit(1, 10)];
    assert!(rates.is_shared() && passes(&rates, &ten).await);

    redis.stop();
    let mut granted = 0;
    for _ in 0..30 {
        granted += u32::from(passes(&rates, &ten).await);
    }
    assert_eq!(granted, 10, "the keeper of this node holds the same rate");
    assert!(!rates.is_shared());

    redis.start_again();
    until("Redis is found again", || rates.is_shared()).await;
    assert!(passes(&rates, &ten).await, "a new server knows of no call");
}

#[tokio::test]
async fn while_redis_is_gone_nothing_passes_where_the_operator_wants_that() {
    let Some(mut redis) = TestRedis::private() else { return };
    let rates = node(redis.url(), WhenGone::Refuse).await;

    redis.stop();

    assert_eq!(rates.call(&[limit(1, 10)]).get().await, Err(RatesUnavailable));
    assert!(rates.peek(&[limit(1, 10)]).get().await.is_ok(), "looking is no call");
}

#[tokio::test]
async fn a_redis_that_hangs_costs_one_call_its_patience() {
    let Some(redis) = TestRedis::private() else { return };
    let patience = Duration::from_millis(50);
    let rates = patient_node(redis.url(), WhenGone::Local, patience).await;
    until("Redis is found", || rates.is_shared()).await;
    let mut connection = connection(redis.url()).await;
    let _: () = redis::cmd("CLIENT")
        .arg(&["PAUSE", "1500", "ALL"])
        .query_async(&mut connection)
        .await
        .unwrap();

    let began = Instant::now();
    for _ in 0..100 {
        passes(&rates, &[limit(1, 1_000)]).await;
    }

    let took = began.elapsed();
    assert!(took >= patience && took < Duration::from_millis(600), "{took:?}");
    until("Redis is found again", || rates.is_shared()).await;
}

#[tokio::test]
async fn a_node_starts_without_redis_and_finds_it_later() {
    let Some(mut redis) = TestRedis::private() else { return };
    redis.stop();

    let rates = node(redis.url(), WhenGone::Local).await;
    assert!(!rates.is_shared() && passes(&rates, &[limit(1, 10)]).await);

    redis.start_again();
    until("Redis is found", || rates.is_shared()).await;
}

#[tokio::test]
async fn a_url_of_something_else_is_refused() {
    let settings = RedisSettings {
        url: Secret::new("postgres://me:hunter2@db/app".to_owned()),
        when_gone: WhenGone::Local,
        patience: LONG,
        cipher: Arc::new(TestCipher),
        local: Arc::new(PaceKeeper::new()),
    };

    let refused = RedisRates::open(settings).await.err().unwrap();

    assert!(!format!("{refused:?} {refused}").contains("hunter2"));
}

async fn connection(url: &str) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}
