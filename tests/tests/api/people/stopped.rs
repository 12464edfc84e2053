//! Erasures and merges that are stopped half-way, as by a crash, and begun again by the worker.

use std::pin::Pin;
use std::task::{Context, Poll};

use serde_json::json;
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::UserId;
use tenantry_lifecycle::people::PeopleService;
use tenantry_test_support::schema;
use time::Duration;

use super::{founder, tenants_of};
use crate::harness::{Node, PASSWORD, Setup, on_each_database};

/// Work that is dropped where it stands when it has waited so many times.
struct Impatient<F> {
    work: Pin<Box<F>>,
    patience: usize,
}

impl<F: Future> Future for Impatient<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        match self.work.as_mut().poll(task) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.patience == 0 => Poll::Ready(None),
            Poll::Pending => {
                self.patience -= 1;
                Poll::Pending
            }
        }
    }
}

/// Begins the work again and again, each time stopped one step later, until it is done. How often it was stopped.
async fn stopped_at_every_step(work: impl AsyncFn()) -> usize {
    for patience in 0.. {
        let impatient = Impatient {
            work: Box::pin(work()),
            patience,
        };
        if impatient.await.is_some() {
            return patience;
        }
    }
    unreachable!("work that never ends")
}

/// A round of the worker that leaves nothing undone.
async fn departures(people: &PeopleService) {
    let report = people.look_after_departures().await.unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
}

async fn holding(node: &Node, text: &str) -> Vec<String> {
    let places = schema::holding(node.installation().store.schema_connection(), text).await;
    // Letters on their way are sealed, and go.
    places.into_iter().filter(|place| !place.starts_with("job.")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_is_stopped_at_every_step_leaves_nothing_in_the_end() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (founder(node, "acme").await, founder(node, "globex").await);
        // Three accounts, one merged into the next.
        let (_, _first) = node.member(&globex, "mia@first.example", "viewer").await;
        let (_, second) = node.member(&acme, "mia@second.example", "viewer").await;
        let (_, mia) = node.member(&acme, "mia@acme.example", "admin").await;
        for (into, email) in [(&second, "mia@first.example"), (&mia, "mia@second.example")] {
            let proof = json!({"email": email, "password": PASSWORD});
            into.post("/me/merge", &proof).await.expect(204);
        }
        let everywhere = ["mia@first.example", "mia@second.example", "mia@acme.example"];
        for email in everywhere {
            assert!(!holding(node, email).await.is_empty(), "{email} should be somewhere");
        }
        mia.delete("/me").await.expect(202);
        node.clock.advance(Duration::days(14));

        let people = &node.installation().services.people;
        let stopped = stopped_at_every_step(async || departures(people).await).await;

        assert!(stopped > 5, "stopped {stopped} times: that is no erasure");
        for email in everywhere {
            assert_eq!(holding(node, email).await, Vec::<String>::new(), "{email}");
        }
        for owner in [&acme, &globex] {
            let owner = node.log_in(&owner.email).await;
            let members = owner.get("/tenants/current/users").await.expect(200);
            assert_eq!(members["data"].as_array().unwrap().len(), 1, "{members}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_that_is_stopped_at_every_step_loses_and_doubles_nothing() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (founder(node, "acme").await, founder(node, "globex").await);
        let (_, mia) = node.member(&acme, "mia@acme.example", "viewer").await;
        let me = mia.get("/me").await.expect(200);
        // Added by others to both tenants, and never seen.
        for (owner, role) in [(&acme, "admin"), (&globex, "manager")] {
            let body = json!({"email": "mia@work.example", "role": role, "send_invite": false});
            owner.caller.post(&owner.path("/users"), &body).await.expect(201);
        }
        let root = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let found = root.get("/admin/users?q=mia@work.example").await.expect(200);
        let [placeholder, into] = [&found["data"][0]["id"], &me["id"]].map(|id| {
            let id: Result<UserId, _> = id.as_str().unwrap().parse();
            id.unwrap()
        });
        let seats = acme.quota("users").await["used"].as_i64().unwrap();

        let people = &node.installation().services.people;
        let stopped = stopped_at_every_step(async || {
            people.absorb(placeholder, into).await.unwrap();
            departures(people).await;
        })
        .await;

        assert!(stopped > 5, "stopped {stopped} times: that is no merge");
        let mut mine = tenants_of(&mia).await;
        mine.sort();
        let role = |slug: &str, role: &str| (slug.to_owned(), role.to_owned());
        assert_eq!(mine, [role("acme", "admin"), role("globex", "manager")]);
        assert_eq!(acme.quota("users").await["used"], json!(seats - 1));
        let log = acme.caller.get(&acme.path("/audit-logs?limit=200")).await.expect(200);
        let rows = log["data"].as_array().unwrap().iter();
        let absorbed = rows.filter(|row| row["action"] == "membership.absorbed").count();
        assert_eq!(absorbed, 1);
    })
    .await;
}
