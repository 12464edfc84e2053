//! The same request twice, two requests for one thing, and changes to what has changed meanwhile.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Owner, PASSWORD, Setup, on_each_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_slug_twins_one_is_born() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let sign_up = async |twin: u32, slug: &str| {
            let body = json!({
                "name": "Twin", "slug": slug, "owner_email": format!("twin{twin}@acme.example"),
                "owner_name": "T", "owner_password": PASSWORD,
            });
            node.anybody().post("/tenants", &body).await
        };

        let replies = join_all((0..8).map(|twin| sign_up(twin, "Acme"))).await;

        let born: Vec<usize> = (0..8).filter(|twin| replies[*twin].status == 201).collect();
        assert_eq!(born.len(), 1, "{replies:#?}");
        for (twin, reply) in (0_u32..).zip(replies) {
            if reply.status == 201 {
                continue;
            }
            let refused = reply.refused(409, "slug_taken");
            let suggested = refused["suggestions"].as_array().expect("suggestions").clone();
            assert!(!suggested.is_empty(), "{refused}");
            // Nothing of the refused one is left: its address is new.
            let body = json!({"email": format!("twin{twin}@acme.example"), "password": PASSWORD});
            node.anybody()
                .post("/auth/login", &body)
                .await
                .refused(401, "invalid_credentials");
            let made = sign_up(twin, &format!("acme-{twin}")).await.expect(201);
            assert!(made["tokens"].is_object(), "{made}");
        }
        let availability = node.anybody().get("/slugs/ACME/availability").await.expect(200);
        assert_eq!(availability["available"], false);
    })
    .await;
}

async fn keys(owner: &Owner) -> Vec<Value> {
    let listed = owner.caller.get("/tenants/current/api-keys").await.expect(200);
    listed["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_has_one_effect_and_one_answer() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let path = "/tenants/current/api-keys";
        let once = owner.caller.once("make-a-key");
        let body = json!({"name": "worker", "permissions": ["usage.consume"]});

        let first = once.post(path, &body).await;
        let again = once.post(path, &body).await;

        assert_eq!(first.header("idempotency-replayed"), "");
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!((again.status, &again.text), (201, &first.text));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(keys(&owner).await.len(), 1);

        // Another body under the same key is a mistake; another caller's key is another key.
        let other = json!({"name": "other", "permissions": ["usage.consume"]});
        once.post(path, &other).await.refused(422, "idempotency_key_reused");
        assert_eq!(keys(&owner).await.len(), 1);
        let globex = node.sign_up("globex", "free").await;
        let theirs = globex.caller.once("make-a-key").post(path, &body).await;
        assert_eq!(theirs.header("idempotency-replayed"), "");
        assert_ne!(theirs.expect(201)["key"], first.json()["key"]);

        // A refusal is not kept: the next attempt decides anew.
        let retried = owner.caller.once("invite");
        let wrong = json!({"email": "bob@acme.example", "role": "emperor"});
        retried
            .post("/tenants/current/users", &wrong)
            .await
            .refused(422, "validation_failed");
        let right = json!({"email": "bob@acme.example", "role": "member"});
        retried.post("/tenants/current/users", &right).await.expect(201);

        for bad in ["", " ", &"x".repeat(256), "two words"] {
            let reply = owner.caller.with("idempotency-key", bad).post(path, &body).await;
            assert_eq!(reply.status, 400, "{bad:?}: {}", reply.text);
        }
        assert_eq!(keys(&owner).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_once_under_one_key_have_one_effect() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;

        let body = json!({"name": "worker"});
        let caller = owner.caller.once("make-a-key");
        let made = join_all((0..12).map(|_| caller.post("/tenants/current/api-keys", &body))).await;
        let secrets: Vec<Value> = made.into_iter().map(|reply| reply.expect(201)["key"].clone()).collect();
        assert!(secrets.iter().all(|secret| *secret == secrets[0]), "{secrets:?}");
        assert_eq!(keys(&owner).await.len(), 1);

        let body = json!({"meter": "events", "amount": 10});
        let caller = owner.caller.once("ten-events");
        let counted = join_all((0..12).map(|_| caller.post("/tenants/current/usage", &body))).await;
        for reply in counted {
            assert_eq!(reply.expect(201)["used"], 10);
        }
        assert_eq!(owner.quota("events").await["used"], 10);
        let other = json!({"meter": "events", "amount": 11});
        caller
            .post("/tenants/current/usage", &other)
            .await
            .refused(422, "idempotency_key_reused");

        let body = json!({"new_plan": "pro", "billing_cycle": "monthly", "payment_method": "card_ok"});
        let caller = owner.caller.once("upgrade");
        let upgraded = join_all((0..6).map(|_| caller.post("/tenants/current/upgrade", &body))).await;
        for reply in upgraded {
            assert_eq!(reply.expect(200)["invoice"]["number"], "INV-000001");
        }
        let invoices = owner.caller.get("/tenants/current/invoices").await.expect(200);
        assert_eq!(invoices["data"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_card_changes_nothing() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let before = owner.caller.get("/tenants/current/subscription").await.text;

        for card in ["card_declined", "card_insufficient_funds", "card_expired", "card_3ds"] {
            let body = json!({"new_plan": "pro", "billing_cycle": "monthly", "payment_method": card});
            let once = owner.caller.once(card);
            once.post("/tenants/current/upgrade", &body)
                .await
                .refused(402, "payment_required");
            // Trying again under the same key is told the same, not charged again.
            once.post("/tenants/current/upgrade", &body)
                .await
                .refused(402, "payment_required");
        }
        let without = json!({"new_plan": "pro", "billing_cycle": "monthly"});
        owner
            .caller
            .post("/tenants/current/upgrade", &without)
            .await
            .refused(402, "payment_required");

        assert_eq!(owner.caller.get("/tenants/current/subscription").await.text, before);
        let invoices = owner.caller.get("/tenants/current/invoices").await.expect(200);
        assert!(
            invoices["data"]
                .as_array()
                .unwrap()
                .iter()
                .all(|invoice| invoice["number"].is_null()),
            "{invoices}"
        );

        // The first paid invoice takes the first number.
        let body = json!({"new_plan": "pro", "billing_cycle": "monthly", "payment_method": "card_ok"});
        let done = owner.caller.post("/tenants/current/upgrade", &body).await.expect(200);
        assert_eq!(done["invoice"]["number"], "INV-000001");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_version_changes_nothing() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let path = "/tenants/current";
        let tag = owner.caller.get(path).await.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{tag}");
        let unchanged = owner.caller.with("if-none-match", &tag).get(path).await;
        assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));

        let renamed = owner
            .caller
            .with("if-match", &tag)
            .patch(path, &json!({"name": "Acme Corp"}))
            .await;
        let newer = renamed.header("etag").to_owned();
        assert_ne!(newer, tag);
        renamed.expect(200);
        for stale in [tag.as_str(), "\"nonsense\"", "W/\"1\"", ""] {
            let caller = owner.caller.with("if-match", stale);
            caller
                .patch(path, &json!({"name": "Mallory's"}))
                .await
                .refused(412, "precondition_failed");
        }
        assert_eq!(owner.caller.get(path).await.expect(200)["name"], "Acme Corp");
        owner
            .caller
            .with("if-match", &newer)
            .patch(path, &json!({"name": "Acme"}))
            .await
            .expect(200);
        owner
            .caller
            .with("if-match", "*")
            .patch(path, &json!({"name": "Acme Inc"}))
            .await
            .expect(200);

        // Members and keys alike.
        let (member, _) = node.member(&owner, "bob@acme.example", "member").await;
        let path = format!("/tenants/current/users/{member}");
        let tag = owner.caller.get(&path).await.header("etag").to_owned();
        owner
            .caller
            .with("if-match", &tag)
            .put(&format!("{path}/role"), &json!({"role": "viewer"}))
            .await
            .expect(200);
        let stale = owner.caller.with("if-match", &tag);
        stale
            .put(&format!("{path}/role"), &json!({"role": "admin"}))
            .await
            .refused(412, "precondition_failed");
        stale.delete(&path).await.refused(412, "precondition_failed");
        assert_eq!(owner.caller.get(&path).await.expect(200)["role"], "viewer");

        // The last owner stays.
        let path = format!("/tenants/current/users/{}", owner.membership);
        owner.caller.delete(&path).await.refused(409, "last_owner");
        owner
            .caller
            .put(&format!("{path}/role"), &json!({"role": "admin"}))
            .await
            .refused(409, "last_owner");
        owner
            .caller
            .post(&format!("{path}/deactivate"), &json!({}))
            .await
            .refused(409, "last_owner");
    })
    .await;
}
