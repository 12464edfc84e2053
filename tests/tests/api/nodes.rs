//! Several nodes of one installation: processes of their own on one PostgreSQL, one of which is killed.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};
use tenantry_app::wiring::Sources;

use crate::harness::{Caller, Engine, FreshDatabase, Node, PASSWORD, Process, Reply, Setup, eventually};

/// The bound of every cache.
const A_SECOND: Duration = Duration::from_secs(1);

/// What all nodes of an installation share: its address, which issues the tokens, and the key to its secrets.
fn setup() -> Setup {
    Setup::catalog("pytake")
        .with("workers", "2")
        .with("public_url", "http://localhost:8080")
        .with(
            "master_key",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        )
}

fn sign_up(slug: &str, plan: &str) -> Value {
    json!({
        "name": slug, "slug": slug, "plan": plan,
        "owner_email": format!("owner@{slug}.example"), "owner_name": "Olive", "owner_password": PASSWORD,
    })
}

/// The access token of a new owner.
async fn found(node: &Process, slug: &str, plan: &str) -> String {
    let made = node.anybody().post("/tenants", &sign_up(slug, plan)).await.expect(201);
    made["tokens"]["access_token"].as_str().unwrap().to_owned()
}

/// What one node changes, every other one knows within a second.
async fn within_a_second(what: &str, mut known: impl AsyncFnMut() -> bool) {
    let changed = Instant::now();
    eventually(what, async || known().await.then_some(())).await;
    assert!(changed.elapsed() < A_SECOND, "{what}: {:?}", changed.elapsed());
}

async fn used(caller: &Caller) -> u64 {
    let rows = caller.get("/tenants/current/quotas").await.expect(200);
    let rows = rows["data"].as_array().unwrap();
    let row = rows.iter().find(|row| row["meter"] == "messages").unwrap();
    row["used"].as_u64().unwrap()
}

/// One message, once whatever happens.
async fn send_message(caller: &Caller, key: &str) -> Result<Reply, reqwest::Error> {
    let body = json!({"meter": "messages"}).to_string().into_bytes();
    caller
        .once(key)
        .try_send(Method::POST, "/tenants/current/usage", Some(body))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_serve_the_same_tenants() {
    let Some(database) = FreshDatabase::on(Engine::Postgres).await else {
        return;
    };
    let (one, two) = join(
        Process::start(&setup(), database.url()),
        Process::start(&setup(), database.url()),
    )
    .await;

    // What one writes, the other knows; also what was asked for before it was there.
    let early = two.anybody().get("/tenants/by-domain/acme.localhost").await;
    early.refused(404, "not_found");
    let token = found(&one, "acme", "free").await;
    let (here, there) = (one.bearer(&token), two.bearer(&token));
    let tenant = there.get("/tenants/current").await.expect(200);
    assert_eq!(tenant, here.get("/tenants/acme").await.expect(200));
    let etag = there.get("/tenants/current").await.header("etag").to_owned();
    let renamed = json!({"name": "Acme Corp"});
    there
        .with("if-match", &etag)
        .patch("/tenants/current", &renamed)
        .await
        .expect(200);
    here.with("if-match", &etag)
        .patch("/tenants/current", &renamed)
        .await
        .refused(412, "precondition_failed");
    within_a_second("a new name", async || {
        here.get("/tenants/current").await.expect(200)["name"] == "Acme Corp"
    })
    .await;

    // A key made here works there, until it is revoked here.
    let made = json!({"name": "key", "permissions": ["*"], "rate_limit": 10_000});
    let made = here.post("/tenants/current/api-keys", &made).await.expect(201);
    let key = two.bearer(made["key"].as_str().unwrap());
    key.get("/tenants/current").await.expect(200);
    let path = format!("/tenants/current/api-keys/{}", made["id"].as_str().unwrap());
    assert_eq!(here.delete(&path).await.status, 204);
    within_a_second("the end of a key", async || {
        key.get("/tenants/current").await.status == 401
    })
    .await;
    key.get("/tenants/current").await.refused(401, "not_authenticated");

    // One limit, two nodes, 32 clients each.
    let clients = (0..64_u32).map(|client| {
        let caller = if client % 2 == 0 { here.clone() } else { there.clone() };
        async move {
            let mut sent = 0_u32;
            for call in 0..17 {
                let reply = send_message(&caller, &format!("{client}-{call}")).await.unwrap();
                match reply.status {
                    201 => sent += 1,
                    _ => assert_eq!(reply.refused(429, "quota_exceeded")["limit"], 1_000),
                }
            }
            sent
        }
    });
    let sent: u32 = join_all(clients).await.into_iter().sum();
    assert_eq!(sent, 1_000);
    assert_eq!((used(&here).await, used(&there).await), (1_000, 1_000));

    // Two requests with one key at two nodes have one effect.
    let twin = json!({"name": "twin", "permissions": []});
    let (at_one, at_two) = (here.once("twin"), there.once("twin"));
    let (first, second) = join(
        at_one.post("/tenants/current/api-keys", &twin),
        at_two.post("/tenants/current/api-keys", &twin),
    )
    .await;
    assert_eq!(first.expect(201)["id"], second.expect(201)["id"]);
}

/// What the clients of a doomed node know when it is dead.
#[derive(Default)]
struct Known {
    /// Operation ids of messages.
    sent: Mutex<Vec<String>>,
    unanswered: Mutex<Vec<String>>,
    /// Slugs of organizations.
    founded: Mutex<Vec<String>>,
    half_founded: Mutex<Vec<String>>,
    /// Slugs and access tokens of organizations, and what the upgrade answered.
    upgraded: Mutex<Vec<(String, String, Value)>>,
    half_upgraded: Mutex<Vec<(String, String)>>,
}

fn push<T>(list: &Mutex<Vec<T>>, item: T) {
    list.lock().unwrap().push(item);
}

fn taken<T>(list: &Mutex<Vec<T>>) -> Vec<T> {
    std::mem::take(&mut *list.lock().unwrap())
}

fn upgrade() -> Value {
    json!({"new_plan": "starter", "billing_cycle": "monthly", "payment_method": "card_ok"})
}

async fn try_upgrade(caller: &Caller) -> Result<Reply, reqwest::Error> {
    let body = upgrade().to_string().into_bytes();
    caller
        .once("upgrade")
        .try_send(Method::POST, "/tenants/current/upgrade", Some(body))
        .await
}

impl Known {
    async fn sends(&self, caller: Caller, client: u32) {
        for call in 0.. {
            let key = format!("sender-{client}-{call}");
            match send_message(&caller, &key).await {
                Ok(reply) if reply.status == 201 => push(&self.sent, key),
                Ok(reply) => panic!("{}: {}", reply.about, reply.text),
                Err(_) => return push(&self.unanswered, key),
            }
        }
    }

    async fn founds(&self, anybody: Caller, client: u32) {
        for call in 0.. {
            let slug = format!("org-{client}-{call}");
            let Some(token) = self.one_founding(&anybody, &slug).await else {
                return push(&self.half_founded, slug);
            };
            let owner = anybody.bearer(&token);
            match try_upgrade(&owner).await {
                Ok(reply) => push(&self.upgraded, (slug.clone(), token, reply.expect(200))),
                Err(_) => push(&self.half_upgraded, (slug.clone(), token)),
            }
            push(&self.founded, slug);
        }
    }

    /// The token of the owner; `None` when no answer came.
    async fn one_founding(&self, anybody: &Caller, slug: &str) -> Option<String> {
        let body = sign_up(slug, "free").to_string().into_bytes();
        let reply = anybody
            .once(slug)
            .try_send(Method::POST, "/tenants", Some(body))
            .await
            .ok()?;
        let made = reply.expect(201);
        Some(made["tokens"]["access_token"].as_str().unwrap().to_owned())
    }

    fn has_seen_enough(&self) -> bool {
        self.sent.lock().unwrap().len() >= 150 && self.upgraded.lock().unwrap().len() >= 15
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_loses_nothing_that_it_acknowledged() {
    let Some(database) = FreshDatabase::on(Engine::Postgres).await else {
        return;
    };
    let (doomed, other) = join(
        Process::start(&setup(), database.url()),
        Process::start(&setup(), database.url()),
    )
    .await;

    loses_nothing(doomed, Some(other), &database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_program_on_sqlite_loses_nothing_that_it_acknowledged() {
    let database = FreshDatabase::on(Engine::SqliteFile).await.unwrap();
    let doomed = Process::start(&setup(), database.url()).await;

    loses_nothing(doomed, None, &database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_told_to_stop_finishes_what_it_began() {
    let database = FreshDatabase::on(Engine::SqliteFile).await.unwrap();
    let mut node = Process::start(&setup(), database.url()).await;
    let token = found(&node, "acme", "free").await;
    let known = Known::default();

    let at_work = join_all((0..8).map(|client| known.sends(node.bearer(&token), client)));
    let stop = async {
        eventually("enough to happen", async || {
            (known.sent.lock().unwrap().len() >= 100).then_some(())
        })
        .await;
        node.ask_to_stop();
    };
    let (_, ()) = join(at_work, stop).await;

    assert!(node.ended_well().await, "{}", node.log());
    // Nobody was left without an answer to what took effect.
    let back = node.again().await;
    assert_eq!(used(&back.bearer(&token)).await, taken(&known.sent).len() as u64);
}

/// Kills a node in the middle of messages, sign-ups and upgrades; what it said is true at the other node at once,
/// and at itself when it is back.
async fn loses_nothing(mut doomed: Process, other: Option<Process>, database: &FreshDatabase) {
    let token = found(&doomed, "acme", "free").await;
    let known = Known::default();

    let at_work = join(
        join_all((0..8).map(|client| known.sends(doomed.bearer(&token), client))),
        join_all((0..4).map(|client| known.founds(doomed.anybody(), client))),
    );
    // Nobody's request waits for the end of another's: it dies in the middle of all of them.
    let death = async {
        eventually("enough to happen", async || known.has_seen_enough().then_some(())).await;
        doomed.kill();
    };
    let (_, ()) = join(at_work, death).await;

    if let Some(other) = &other {
        no_message_is_lost(&known, &other.bearer(&token)).await;
    }
    let back = doomed.again().await;
    let survivor = other.as_ref().unwrap_or(&back);
    if other.is_none() {
        no_message_is_lost(&known, &survivor.bearer(&token)).await;
    }
    no_organization_is_lost(&known, survivor).await;
    no_payment_is_lost(&known, &back, database).await;

    // The rest of the limit is there for both, and nothing beyond it.
    let rest = 1_000 - used(&back.bearer(&token)).await;
    let (here, there) = (survivor.bearer(&token), back.bearer(&token));
    let sent = join_all((0..rest + 64).map(|call| {
        let caller = if call % 2 == 0 { &here } else { &there };
        async move { send_message(caller, &format!("rest-{call}")).await.unwrap().status }
    }))
    .await;
    let granted = sent.iter().filter(|status| **status == 201).count();
    assert_eq!(u64::try_from(granted).unwrap(), rest);
    assert_eq!(used(&here).await, 1_000);
}

/// Acknowledged messages are counted; those without an answer are counted once at most, and once when sent again.
async fn no_message_is_lost(known: &Known, survivor: &Caller) {
    let (sent, unanswered) = (taken(&known.sent), taken(&known.unanswered));
    assert!(!unanswered.is_empty(), "it died when nobody was waiting");
    let (least, most) = (sent.len() as u64, (sent.len() + unanswered.len()) as u64);
    let counted = used(survivor).await;
    assert!((least..=most).contains(&counted), "{counted} of {least} to {most}");

    for key in sent.iter().take(20) {
        let again = send_message(survivor, key).await.unwrap();
        assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    }
    for key in &unanswered {
        assert_eq!(send_message(survivor, key).await.unwrap().status, 201);
    }
    assert_eq!(used(survivor).await, most);
}

/// Organizations exist whole or not at all.
async fn no_organization_is_lost(known: &Known, survivor: &Process) {
    let half_founded = taken(&known.half_founded);
    for slug in &half_founded {
        // Founded now, or told that it was: its answer died with the node.
        let again = survivor
            .anybody()
            .once(slug)
            .post("/tenants", &sign_up(slug, "free"))
            .await;
        if again.status != 201 {
            again.refused(409, "idempotent_request_done");
        }
    }
    for slug in taken(&known.founded).iter().chain(&half_founded) {
        let body = json!({"email": format!("owner@{slug}.example"), "password": PASSWORD});
        let signed_in = survivor.anybody().post("/auth/login", &body).await.expect(200);
        assert_eq!(signed_in["tenant"]["slug"], *slug);
    }
}

/// Plans are paid for once or not changed, and no invoice number is missing.
async fn no_payment_is_lost(known: &Known, back: &Process, database: &FreshDatabase) {
    let mut numbers = BTreeSet::new();
    for (slug, token, answer) in taken(&known.upgraded) {
        let owner = back.bearer(&token);
        assert_eq!(plan(&owner).await, "starter", "{slug}");
        let invoices = invoices(&owner).await;
        assert_eq!(invoices, [answer["invoice"].clone()], "{slug}");
        assert_eq!(invoices[0]["status"], "paid");
        numbers.insert(invoices[0]["number"].as_str().unwrap().to_owned());
    }

    let half = taken(&known.half_upgraded);
    for (slug, token) in &half {
        // What was not begun is done now; what was begun is for the background work, which leaves it alone for a
        // moment: the payment may still be under way elsewhere.
        let reply = try_upgrade(&back.bearer(token)).await.unwrap();
        assert!([200, 409].contains(&reply.status), "{slug}: {}", reply.text);
    }
    let later = Sources::default().clock.system_now() + time::Duration::minutes(5);
    let later = Node::start_at(&setup(), database, later).await;
    later.bill().await;
    later.stop().await;
    for (slug, token) in &half {
        let owner = back.bearer(token);
        assert_eq!(plan(&owner).await, "starter", "{slug}");
        let invoices = invoices(&owner).await;
        let paid = invoices.len() == 1 && invoices[0]["status"] == "paid";
        assert!(paid, "{slug}: {invoices:?}");
        numbers.insert(invoices[0]["number"].as_str().unwrap().to_owned());
    }
    let expected: BTreeSet<String> = (1..=numbers.len()).map(|number| format!("INV-{number:06}")).collect();
    assert_eq!(numbers, expected);
}

async fn plan(owner: &Caller) -> String {
    let subscription = owner.get("/tenants/current/subscription").await.expect(200);
    subscription["plan"].as_str().unwrap().to_owned()
}

async fn invoices(owner: &Caller) -> Vec<Value> {
    let listed = owner.get("/tenants/current/invoices").await.expect(200);
    listed["data"].as_array().unwrap().clone()
}
