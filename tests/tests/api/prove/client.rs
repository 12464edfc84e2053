//! Clients that do not give up: they ask with the same key until they are answered, and remember every answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::{Caller, PASSWORD, Process, Reply};

/// How long an operation may go without an answer, kills and recoveries included.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long a client waits before it asks again.
const PAUSE: Duration = Duration::from_millis(25);

/// What the clients of all tenants share.
#[derive(Default)]
pub struct Course {
    /// How many answers came.
    answers: AtomicU64,
    /// Told with each of them.
    answered: Notify,
    /// True when they should come to an end.
    pub over: AtomicBool,
}

impl Course {
    /// One more answer.
    fn goes_on(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.answered.notify_one();
    }

    /// Returns at the very moment when so many more answers have come: others are on their way then.
    pub async fn answers(&self, more: u64) {
        let enough = self.answers.load(Ordering::Relaxed) + more;
        while self.answers.load(Ordering::Relaxed) < enough {
            self.answered.notified().await;
        }
    }
}

/// An operation that was acknowledged.
#[derive(Clone, Debug)]
pub struct Counted {
    /// By which its entries in the ledger are known.
    pub name: String,
    /// Meters and amounts, one for each entry.
    pub lines: Vec<(&'static str, i64)>,
    /// What the answer said was used then; of plain usage on one meter.
    pub used: Option<i64>,
}

/// Everything that one tenant's clients were told.
#[derive(Default)]
pub struct Said {
    pub counted: Vec<Counted>,
    /// Names of operations that were refused at a limit.
    pub refused: Vec<String>,
    /// Ids of reservations that were made, and whether somebody will settle them.
    pub held: Vec<String>,
    /// How often an answer was lost although the operation had landed.
    pub landed: u64,
    /// What came instead of an answer, and how often.
    pub struggles: BTreeMap<String, u64>,
}

/// One tenant, and what its clients were told.
pub struct Tenant {
    pub slug: String,
    /// Its id, without dashes, as the database shows it.
    pub id: String,
    caller: Caller,
    said: Mutex<Said>,
}

/// A definite answer.
pub struct Told {
    pub reply: Reply,
    /// How often was asked for it.
    pub tries: u32,
}

impl Tenant {
    /// Signs up, and makes a key that does not expire while is proved.
    pub async fn found(node: &Process, slug: &str, plan: &str) -> Self {
        let body = json!({
            "name": slug, "slug": slug, "plan": plan,
            "owner_email": format!("owner@{slug}.example"), "owner_name": "Olive", "owner_password": PASSWORD,
        });
        let made = node.anybody().post("/tenants", &body).await.expect(201);
        let owner = node.bearer(made["tokens"]["access_token"].as_str().unwrap());
        let key = json!({"name": "prover", "permissions": ["*"]});
        let key = owner.post("/tenants/current/api-keys", &key).await.expect(201);
        Self {
            slug: slug.to_owned(),
            id: made["tenant"]["id"].as_str().unwrap().replace('-', ""),
            caller: node.bearer(key["key"].as_str().unwrap()),
            said: Mutex::default(),
        }
    }

    pub fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap()
    }

    /// The same tenant as it is reached at another node.
    pub fn at(&self, node: &Process) -> Caller {
        self.caller.at(&node.anybody())
    }

    /// Asks below the tenant until there is a definite answer: no connection that broke, nothing from 500 on, no
    /// event whose verdict is to send it again.
    pub async fn ask(&self, path: &str, body: &Value, key: &str) -> Told {
        self.ask_impatiently(path, body, key, None).await
    }

    /// The same, hanging up on the first try when its answer does not come soon enough. What became of it is unknown
    /// then, and may be under way still when the next try comes.
    pub async fn ask_impatiently(&self, path: &str, body: &Value, key: &str, hang_up: Option<Duration>) -> Told {
        let began = Instant::now();
        let path = format!("/tenants/current{path}");
        let caller = if key.is_empty() {
            self.caller.clone()
        } else {
            self.caller.once(key)
        };
        for tries in 1.. {
            let sent = caller.try_send(Method::POST, &path, Some(body.to_string().into_bytes()));
            let sent = match hang_up.filter(|_| tries == 1) {
                None => Some(sent.await),
                Some(after) => tokio::time::timeout(after, sent).await.ok(),
            };
            let struggle = match sent {
                None => "hung up".to_owned(),
                Some(Ok(reply)) if has_failures(&reply) => "200 with failures".to_owned(),
                Some(Ok(reply)) if reply.status < 500 => return Told { reply, tries },
                Some(Ok(reply)) => {
                    let code = reply.json()["code"].as_str().unwrap_or_default().to_owned();
                    format!("{} {code}", reply.status)
                }
                Some(Err(cause)) if cause.is_connect() => "no connection".to_owned(),
                Some(Err(_)) => "no answer".to_owned(),
            };
            *self.said().struggles.entry(struggle).or_default() += 1;
            assert!(began.elapsed() < PATIENCE, "no answer to {path} {key} in {PATIENCE:?}");
            tokio::time::sleep(PAUSE).await;
        }
        unreachable!("it counts further than anybody waits")
    }

    /// A page of something.
    pub async fn page(&self, path: &str) -> Value {
        self.caller.get(&format!("/tenants/current{path}")).await.expect(200)
    }

    /// What was acknowledged.
    pub fn counts(&self, course: &Course, counted: Counted, had_landed: bool) {
        let mut said = self.said();
        said.counted.push(counted);
        said.landed += u64::from(had_landed);
        course.goes_on();
    }

    /// What was refused at a limit.
    pub fn refuses(&self, course: &Course, name: String) {
        self.said().refused.push(name);
        course.goes_on();
    }
}

/// True for a batch of events that could not all be looked at.
fn has_failures(reply: &Reply) -> bool {
    reply.status == 200 && reply.json()["failed"].as_u64().is_some_and(|failed| failed > 0)
}

impl Told {
    /// True when it counted; false when a limit refused it. Anything else is a fault.
    #[track_caller]
    pub fn counted(&self, status: u16) -> bool {
        if self.reply.status == status {
            return true;
        }
        self.reply.clone().refused(429, "quota_exceeded");
        false
    }

    /// True when it had landed before, and only the answer was lost.
    #[track_caller]
    pub fn had_landed(&self, key: &str) -> bool {
        let replayed = self.reply.header("idempotency-replayed") == "true";
        assert!(
            !replayed || self.tries > 1,
            "{key} was new and is told again: {}",
            self.reply.text
        );
        replayed
    }
}
