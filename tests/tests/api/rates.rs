//! Rates from the catalog, calls at once, and rates that two nodes share through Redis.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures_util::future::join;
use serde_json::{Value, json};
use tenantry_test_support::TestRedis;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::{Caller, Engine, FreshDatabase, Node, Owner, Setup, eventually, folder, on_each_database};

const CATALOG: &str = r#"
name = "rates"
currencies = ["EUR"]
default_plan = "paced"

[meters.api_calls]
kind = "rate"
source = "requests"

[meters.messages]
kind = "counter"

[plans.paced]
limits = { api_calls = 1_000, messages = 1_000 }
prices.monthly = { EUR = "0" }

[plans.paced.rates]
per_user = 40
per_key = 8
read = 2_000
write = 6
usage = 3

[plans.narrow]
prices.monthly = { EUR = "1" }
rates = { concurrent = 3, concurrent_per_key = 2 }

[plans.shared]
limits = { api_calls = 10 }
prices.monthly = { EUR = "2" }
"#;

fn catalog() -> PathBuf {
    let file = folder("rates").join("rates.toml");
    std::fs::write(&file, CATALOG).unwrap();
    file
}

fn setup() -> Setup {
    Setup::catalog(catalog().to_str().unwrap())
}

/// Calls until it is refused, for `most` times at most; how often it was not, and the refusal.
async fn until_refused(most: usize, mut call: impl AsyncFnMut() -> crate::harness::Reply) -> (usize, Value) {
    for passed in 0..most {
        let reply = call().await;
        if reply.status == 429 {
            let wait: u64 = reply.header("retry-after").parse().unwrap();
            let problem = reply.refused(429, "rate_limited");
            assert_eq!(problem["retry_after_s"], wait);
            return (passed, problem);
        }
    }
    panic!("was never refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_holds_keys_members_and_classes_of_routes_to_rates_and_names_the_one_that_binds() {
    on_each_database(&setup(), async |node| {
        let owner = node.sign_up("acme", "paced").await;
        let key = node.bearer(&owner.key(&["*"]).await);
        let counting = node.bearer(&owner.key(&["*"]).await);

        let first = key.get("/tenants/current").await;
        assert_eq!(
            first.header("ratelimit-policy"),
            "\"api_key\";q=8;w=60, \"plan\";q=1000;w=60, \"read\";q=2000;w=60"
        );
        let (_, problem) = until_refused(12, async || key.get("/tenants/current").await).await;
        assert_eq!((&problem["policy"], &problem["limit"]), (&json!("api_key"), &json!(8)));

        // Another key goes on, until it has counted as much as the tenant may per minute.
        let message = json!({"meter": "messages"});
        let count = async || counting.post("/tenants/current/usage", &message).await;
        let (passed, problem) = until_refused(6, count).await;
        assert_eq!(
            (passed, &problem["policy"], &problem["limit"]),
            (3, &json!("usage"), &json!(3))
        );
        assert_eq!(
            owner.quota("messages").await["used"],
            3,
            "a refused call burns no quota"
        );
        counting.get("/tenants/current").await.expect(200);

        // People write until their tenant has written enough, and read on.
        let rename = async || owner.caller.patch("/tenants/current", &json!({"name": "Acme"})).await;
        let (_, problem) = until_refused(9, rename).await;
        assert_eq!((&problem["policy"], &problem["limit"]), (&json!("write"), &json!(6)));
        let read = async || owner.caller.get("/tenants/current").await;
        let (passed, problem) = until_refused(60, read).await;
        assert!(passed > 15, "{passed}");
        assert_eq!((&problem["policy"], &problem["limit"]), (&json!("member"), &json!(40)));
    })
    .await;
}

/// A call that is let in and then waits for the rest of its body.
async fn slow_call(node: &Node, key: &str) -> TcpStream {
    let url = node.url();
    let address = url.strip_prefix("http://").unwrap();
    let request = format!(
        "POST /api/v1/tenants/current/usage HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    // Another call may not have ended yet; then this one is answered at once, and tries again.
    eventually("the slow call is let in", async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let answered = tokio::time::timeout(Duration::from_millis(500), stream.readable()).await;
        answered.is_err().then_some(stream)
    })
    .await
}

async fn refusal(caller: &Caller) -> Option<(Value, Value)> {
    let reply = caller.get("/tenants/current").await;
    (reply.status == 429).then(|| {
        assert_eq!(reply.header("retry-after"), "1");
        let problem = reply.refused(429, "too_many_concurrent");
        (problem["policy"].clone(), problem["limit"].clone())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_at_once_are_as_many_as_the_plan_says_and_a_client_that_goes_away_makes_room() {
    on_each_database(&setup(), async |node| {
        let owner = node.sign_up("acme", "narrow").await;
        let (one, two) = (owner.key(&["*"]).await, owner.key(&["*"]).await);

        let alone = node.bearer(&one).get("/tenants/current").await;
        let told = alone.header("ratelimit-policy");
        assert_eq!(
            told,
            "\"concurrent_per_key\";q=2;qu=\"concurrent-requests\", \
             \"concurrent\";q=3;qu=\"concurrent-requests\""
        );
        assert_eq!(
            alone.header("ratelimit"),
            "\"concurrent_per_key\";r=1, \"concurrent\";r=2"
        );

        let of_one = [slow_call(node, &one).await, slow_call(node, &one).await];
        let full = async || refusal(&node.bearer(&one)).await;
        assert_eq!(
            eventually("the key's places are taken", full).await,
            (json!("concurrent_per_key"), json!(2))
        );
        let of_two = slow_call(node, &two).await;
        let full = async || refusal(&node.bearer(&two)).await;
        assert_eq!(
            eventually("the tenant's places are taken", full).await,
            (json!("concurrent"), json!(3))
        );
        let also_for_people = refusal(&owner.caller).await;
        assert_eq!(also_for_people, Some((json!("concurrent"), json!(3))));

        drop((of_one, of_two));
        let free = async || (node.bearer(&one).get("/tenants/current").await.status == 200).then_some(());
        eventually("the places are free again", free).await;
        for _ in 0..20 {
            node.bearer(&one).get("/tenants/current").await.expect(200);
        }
    })
    .await;
}

/// Both nodes are called in turn; how many calls passed, and how many more the rate has refilled meanwhile.
async fn passed(one: &Caller, two: &Caller, calls: usize) -> (u64, u64) {
    let began = Instant::now();
    let mut passed = 0;
    for _ in 0..calls / 2 {
        let (here, there) = join(one.get("/tenants/current"), two.get("/tenants/current")).await;
        for reply in [here, there] {
            assert!(matches!(reply.status, 200 | 429), "{}", reply.status);
            passed += u64::from(reply.status == 200);
        }
    }
    (passed, began.elapsed().as_secs() / 6)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_share_a_rate_through_redis_and_go_on_without_it() {
    let (Some(mut redis), Some(database)) = (TestRedis::private(), FreshDatabase::on(Engine::Postgres).await) else {
        return;
    };
    let setup = setup()
        .with("redis_url", redis.url())
        // This machine may be busy with other tests.
        .with("redis_timeout_ms", "5000")
        .with("public_url", "http://localhost:8080")
        .with(
            "master_key",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        );
    let one = Node::start(&setup, &database).await;
    let two = Node::start(&setup, &database).await;
    let owner: Owner = one.sign_up("acme", "shared").await;
    let (first, second, third) = (
        owner.key(&["*"]).await,
        owner.key(&["*"]).await,
        owner.key(&["*"]).await,
    );

    let (together, refilled) = passed(&one.bearer(&first), &two.bearer(&second), 30).await;
    assert!(
        (10..=10 + refilled).contains(&together),
        "{together}, {refilled} refilled"
    );

    redis.stop();
    let (apart, refilled) = passed(&one.bearer(&first), &two.bearer(&second), 60).await;
    assert!(
        (20..=20 + 2 * refilled).contains(&apart),
        "{apart}, {refilled} refilled"
    );

    redis.start_again();
    let shared = async || {
        // Each node is back when it counts on the new server, which knows of no call: a call through it passes.
        let (here, there) = join(
            one.bearer(&third).get("/tenants/current"),
            two.bearer(&third).get("/tenants/current"),
        )
        .await;
        (here.status == 200 && there.status == 200).then_some(())
    };
    eventually("Redis is found again", shared).await;
    let (together, refilled) = passed(&one.bearer(&first), &two.bearer(&second), 30).await;
    assert!(together <= 8 + refilled, "{together}, {refilled} refilled");

    two.stop().await;
    one.stop().await;
}
