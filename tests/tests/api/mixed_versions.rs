//! A rolling deploy: nodes of two versions, or with two catalogs, on one database.
//!
//! The newer version is played by what it leaves in the database: a migration of the kind that the upgrade page allows,
//! jobs and notices of kinds that nobody here knows, words that this version has no name for.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Caller, Engine, FreshDatabase, PASSWORD, Process, Setup, Shell, eventually, text, token_sent_to};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn setup() -> Setup {
    Setup::catalog("pytake")
        .with("public_url", "http://localhost:8080")
        .with("workers", "2")
        .with("master_key", KEY)
}

/// On every kind of database that several processes can share.
async fn on_shared_databases(story: impl AsyncFn(&FreshDatabase)) {
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(database) = FreshDatabase::on(engine).await else {
            continue;
        };
        eprintln!("on {engine}");
        story(&database).await;
    }
}

async fn sign_up(node: &Process, slug: &str, plan: &str) -> Caller {
    let body = json!({
        "name": slug, "slug": slug, "plan": plan,
        "owner_email": format!("owner@{slug}.example"), "owner_name": "Olive", "owner_password": PASSWORD,
    });
    let made = node.anybody().post("/tenants", &body).await.expect(201);
    node.bearer(made["tokens"]["access_token"].as_str().unwrap())
}

async fn log_in(node: &Process, slug: &str) -> Caller {
    let body = json!({"email": format!("owner@{slug}.example"), "password": PASSWORD});
    let signed_in = node.anybody().post("/auth/login", &body).await.expect(200);
    node.bearer(signed_in["access_token"].as_str().unwrap())
}

/// Reads and writes of every area.
async fn works(node: &Process, slug: &str, newcomer: &str) {
    let owner = log_in(node, slug).await;
    owner.get("/tenants/current").await.expect(200);
    let renamed = json!({"name": format!("{slug} of {newcomer}")});
    owner.patch("/tenants/current", &renamed).await.expect(200);
    let before = used(&owner).await;
    owner
        .post("/tenants/current/usage", &json!({"meter": "messages", "amount": 2}))
        .await
        .expect(201);
    assert_eq!(used(&owner).await, before + 2);
    let made = json!({"name": newcomer, "permissions": ["*"]});
    let made = owner.post("/tenants/current/api-keys", &made).await.expect(201);
    let key = node.bearer(made["key"].as_str().unwrap());
    key.get("/tenants/current/quotas").await.expect(200);
    let invited = json!({"email": format!("{newcomer}@{slug}.example"), "role": "viewer"});
    owner.post("/tenants/current/invitations", &invited).await.expect(201);
    let upgrade = json!({"new_plan": "starter", "billing_cycle": "monthly", "payment_method": "card_ok"});
    let new = sign_up(node, newcomer, "free").await;
    new.post("/tenants/current/upgrade", &upgrade).await.expect(200);
    assert_eq!(
        new.get("/tenants/current/subscription").await.expect(200)["plan"],
        "starter"
    );
    owner.get("/tenants/current/audit-logs").await.expect(200);
}

async fn used(owner: &Caller) -> i64 {
    let rows = owner.get("/tenants/current/quotas").await.expect(200);
    let rows = rows["data"].as_array().unwrap();
    let row = rows.iter().find(|row| row["meter"] == "messages").unwrap();
    row["used"].as_i64().unwrap()
}

/// What the next version's migration does: it adds, and takes nothing away.
async fn migrate_ahead(database: &FreshDatabase) {
    for table in [
        "tenant",
        "membership",
        "app_user",
        "api_key",
        "subscription",
        "usage_ledger",
        "job",
        "invoice",
    ] {
        database
            .tell(&format!("alter table {table} add column newer_note text null"))
            .await;
    }
    database
        .tell("create table newer_thing (tenant_id text not null, id text not null, primary key (tenant_id, id))")
        .await;
    database.tell("create index newer_idx on membership (newer_note)").await;
    database
        .tell("insert into seaql_migrations (version, applied_at) values ('m2099_01_01_000001_newer', 0)")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_node_serves_on_while_a_newer_version_migrates() {
    on_shared_databases(async |database| {
        let mut old = Process::start(&setup(), database.url()).await;
        sign_up(&old, "acme", "pro").await;
        works(&old, "acme", "before").await;

        migrate_ahead(database).await;

        works(&old, "acme", "after").await;
        // A node of the old version that starts now is refused, in words; the running one does not mind.
        let shell = Shell::new(&setup().with("listen", "127.0.0.1:0"), Some(database));
        for command in [&["serve"][..], &["work"], &["migrate"], &["catalog", "apply"]] {
            let refused = shell.run(command);
            assert!(!refused.well, "{command:?}: {}", refused.out);
            assert!(
                refused.complaint.contains("migrated by a newer version of tenantry")
                    && refused.complaint.contains("m2099_01_01_000001_newer"),
                "{command:?}: {}",
                refused.complaint
            );
        }
        let doctor = shell.run(&["doctor"]);
        assert!(
            !doctor.well && doctor.out.contains("newer version"),
            "{}{}",
            doctor.out,
            doctor.complaint
        );
        works(&old, "acme", "later").await;
        old.ask_to_stop();
        assert!(old.ended_well().await, "{}", old.log());
        assert!(!old.log().contains("panicked"), "{}", old.log());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_newer_node_wrote_is_left_alone_or_refused_cleanly() {
    on_shared_databases(async |database| {
        let node = Process::start(&setup(), database.url()).await;
        let owner = sign_up(&node, "acme", "free").await;
        sign_up(&node, "globex", "free").await;

        // A job of a kind that only the newer node works off, and a notice of something that only it does.
        let bytes = if database.engine() == Engine::Postgres {
            "'\\x00'"
        } else {
            "x'00'"
        };
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let uuid = if database.engine() == Engine::Postgres {
            format!("'{id}'")
        } else {
            format!("x'{}'", id.replace('-', ""))
        };
        database
            .tell(&format!(
                "insert into job (id, kind, payload, attempts, run_at, lease_token, created_at) \
                 values ({uuid}, 'newer_kind', {bytes}, 0, 0, 0, 0)"
            ))
            .await;
        database
            .tell(&format!(
                "insert into outbox_event (tenant_id, action, resource_type, resource_id, created_at) \
                 values ({uuid}, 'newer.happened', 'newer', 'x', 0)"
            ))
            .await;
        // The queue goes round twice a second, and other work is done meanwhile.
        let invited = json!({"email": "mia@acme.example", "role": "viewer"});
        owner.post("/tenants/current/invitations", &invited).await.expect(201);
        token_sent_to(node.data_dir(), "mia@acme.example", &[]).await;
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let waiting = "select count(*) from job where kind = 'newer_kind' and attempts = 0 and lease_token = 0 \
                       and leased_until is null and buried_at is null";
        assert_eq!(database.number(waiting).await, 1);

        // Words that this version does not know are a fault of its own, told as one: no panic, and nobody else's.
        for (change, path) in [
            (
                "update subscription set status = 'hibernating'",
                "/tenants/current/subscription",
            ),
            ("update membership set status = 'hovering'", "/tenants/current/users"),
            ("update tenant set status = 'frozen'", "/tenants/current"),
        ] {
            database.tell(change).await;
            let reply = node.anybody().get("/plans").await;
            assert_eq!(reply.status, 200);
            let reply = log_in_or_refusal(&node, "acme", path).await;
            assert_eq!((reply.0, reply.1.as_str()), (500, "internal_error"), "{change}");
        }
        let alive = node.anybody().get("//readyz").await;
        assert_eq!(alive.status, 200, "{}", alive.text);
        assert!(!node.log().contains("panicked"), "{}", node.log());
        assert!(
            node.log().contains("unknown status"),
            "the log does not say why: {}",
            node.log()
        );
    })
    .await;
}

/// How a request of the owner's is answered, or their log-in where that is refused already.
async fn log_in_or_refusal(node: &Process, slug: &str, path: &str) -> (u16, String) {
    let body = json!({"email": format!("owner@{slug}.example"), "password": PASSWORD});
    let signed_in = node.anybody().post("/auth/login", &body).await;
    let reply = if signed_in.status == 200 {
        let token = signed_in.json()["access_token"].as_str().unwrap().to_owned();
        node.bearer(&token).get(path).await
    } else {
        signed_in
    };
    (
        reply.status,
        reply.json()["code"].as_str().unwrap_or_default().to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_catalog_is_refused_until_it_is_applied_and_nodes_with_both_agree() {
    on_shared_databases(async |database| {
        let shell = Shell::new(&setup(), Some(database));
        let shown = shell.run(&["catalog", "show", "pytake"]).out;
        let next = shown.replace("messages = 1_000\n", "messages = 5\n");
        assert_ne!(shown, next);
        let file = shell.file("next.toml", &next);
        let newer = Setup::catalog(text(&file))
            .with("public_url", "http://localhost:8080")
            .with("workers", "2")
            .with("master_key", KEY);
        let old = Process::start(&setup().with("log", "info"), database.url()).await;
        let acme = sign_up(&old, "acme", "free").await;

        // Refused, and the doctor says how to mend it.
        let with_newer = Shell::new(&newer.clone().with("listen", "127.0.0.1:0"), Some(database));
        let refused = with_newer.run(&["serve"]);
        assert!(
            !refused.well && refused.complaint.contains("tenantry catalog apply"),
            "{}",
            refused.complaint
        );
        let doctor = with_newer.run(&["doctor"]);
        assert!(
            !doctor.well && doctor.out.contains("WRONG    catalog in use") && doctor.out.contains("catalog apply"),
            "{}",
            doctor.out
        );
        assert!(shell.run(&["doctor"]).out.contains("ok       catalog in use"));

        let applied = with_newer.run(&["catalog", "apply"]);
        assert!(applied.well, "{}", applied.complaint);
        assert!(
            applied.out.contains("published  free") && applied.out.contains("restart the nodes"),
            "{}",
            applied.out
        );
        let again = with_newer.run(&["catalog", "apply"]);
        assert!(again.well && !again.out.contains("published"), "{}", again.out);
        assert!(with_newer.run(&["doctor"]).well);

        // The old node goes on with its catalog; a new one sells by the new one; each serves the other's tenants.
        let new = Process::start(&newer, database.url()).await;
        eventually("the old node to notice", async || {
            old.log().contains("another catalog was applied").then_some(())
        })
        .await;
        let globex = sign_up(&new, "globex", "free").await;
        let initech = sign_up(&old, "initech", "free").await;
        for (owner, limit) in [(&acme, 1_000), (&globex, 5), (&initech, 1_000)] {
            for node in [&old, &new] {
                let here = as_seen_by(owner, node);
                assert_eq!(limit_of(&here).await, limit);
                here.get("/tenants/current/subscription").await.expect(200);
                here.get("/tenants/current/billing").await.expect(200);
                here.get("/tenants/current").await.expect(200);
            }
        }
        for node in [&old, &new, &old, &new, &new] {
            let body = json!({"meter": "messages"});
            as_seen_by(&globex, node)
                .post("/tenants/current/usage", &body)
                .await
                .expect(201);
        }
        for node in [&old, &new] {
            let body = json!({"meter": "messages"});
            as_seen_by(&globex, node)
                .post("/tenants/current/usage", &body)
                .await
                .refused(429, "quota_exceeded");
        }
        // An upgrade of the other's tenant, from an edition that this node has never read.
        let upgrade = json!({"new_plan": "starter", "billing_cycle": "monthly", "payment_method": "card_ok"});
        as_seen_by(&globex, &old)
            .post("/tenants/current/upgrade", &upgrade)
            .await
            .expect(200);
        as_seen_by(&acme, &new)
            .post("/tenants/current/upgrade", &upgrade)
            .await
            .expect(200);
        assert!(!old.log().contains("panicked") && !new.log().contains("panicked"));
        // What was refused before is refused the other way round now.
        let refused = Shell::new(&setup().with("listen", "127.0.0.1:0"), Some(database)).run(&["serve"]);
        assert!(!refused.well && refused.complaint.contains("tenantry catalog apply"));
    })
    .await;
}

fn as_seen_by(caller: &Caller, node: &Process) -> Caller {
    caller.at(&node.anybody())
}

async fn limit_of(owner: &Caller) -> i64 {
    let rows = owner.get("/tenants/current/quotas").await.expect(200);
    let rows: &Vec<Value> = rows["data"].as_array().unwrap();
    let row = rows.iter().find(|row| row["meter"] == "messages").unwrap();
    row["limit"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_serves_and_another_works() {
    on_shared_databases(async |database| {
        let setup = setup().with("log", "info");
        let serving = Process::start_as(&["serve", "--no-workers"], &setup, database.url()).await;
        let owner = sign_up(&serving, "acme", "free").await;
        let invited = json!({"email": "mia@acme.example", "role": "viewer"});
        owner.post("/tenants/current/invitations", &invited).await.expect(201);
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let waiting = database.number("select count(*) from job where kind = 'mail'").await;
        assert!(waiting > 0, "who sent the letters?");

        let mut working = Process::start_as(&["work"], &setup, database.url()).await;

        token_sent_to(working.data_dir(), "mia@acme.example", &[]).await;
        eventually("an empty queue", async || {
            (database.number("select count(*) from job").await == 0).then_some(())
        })
        .await;
        // It answers no requests, and ends in order.
        assert!(
            working
                .anybody()
                .try_send(reqwest::Method::GET, "//readyz", None)
                .await
                .is_err()
        );
        working.ask_to_stop();
        assert!(working.ended_well().await, "{}", working.log());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_notices_another_master_key() {
    on_shared_databases(async |database| {
        let right = Shell::new(&setup(), Some(database));
        let early = right.run(&["doctor"]);
        assert!(
            early.well && early.out.contains("note     signing keys"),
            "{}",
            early.out
        );
        let made = right.run(&[
            "admin",
            "create-key",
            "--name",
            "edge",
            "--allowed-ip",
            "203.0.113.0/24",
        ]);
        assert!(made.well, "{}", made.complaint);
        assert!(
            made.out.trim().starts_with("pk_platform_") && made.out.trim().lines().count() == 1,
            "{}",
            made.out
        );
        let wrong = right.run(&["admin", "create-key", "--name", "", "--allowed-ip", "here"]);
        assert!(
            !wrong.well && wrong.complaint.contains("name") && wrong.complaint.contains("allowed_ips[0]"),
            "{}",
            wrong.complaint
        );
        let fine = right.run(&["doctor"]);
        assert!(fine.well && fine.out.contains("ok       signing keys"), "{}", fine.out);

        let other = Shell::new(&setup().with("master_key", &"0f".repeat(32)), Some(database));
        let found = other.run(&["doctor"]);

        assert!(!found.well, "{}", found.out);
        let complaint = found
            .out
            .lines()
            .skip_while(|line| !line.contains("WRONG    signing keys"));
        let complaint: String = complaint.take(2).collect();
        assert!(
            complaint.contains("cannot be opened") && complaint.contains("TENANTRY_MASTER_KEY"),
            "{}",
            found.out
        );
        let refused = other.run(&["serve"]);
        assert!(
            !refused.well && refused.complaint.contains("master key"),
            "{}",
            refused.complaint
        );
    })
    .await;
}
