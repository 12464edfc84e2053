//! Step-up: delicate changes want a proof that is ten minutes old at most.

use serde_json::json;
use time::Duration;

use crate::harness::{Caller, Node, PASSWORD, Setup, on_each_database};

/// The session goes on, eleven minutes later, without a new log-in.
async fn go_on(node: &Node, refresh_token: &str) -> Caller {
    node.clock.advance(Duration::minutes(11));
    let body = json!({"refresh_token": refresh_token});
    let renewed = node.anybody().post("/auth/refresh", &body).await.expect(200);
    node.bearer(renewed["access_token"].as_str().unwrap())
}

async fn make_key(caller: &Caller) -> crate::harness::Reply {
    caller
        .post("/tenants/current/api-keys", &json!({"name": "a key"}))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delicate_changes_want_a_fresh_proof_and_a_log_in_is_one() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let body = json!({"email": owner.email, "password": PASSWORD});
        let signed_in = node.anybody().post("/auth/login", &body).await.expect(200);
        let fresh = node.bearer(signed_in["access_token"].as_str().unwrap());
        make_key(&fresh).await.expect(201);

        let caller = go_on(node, signed_in["refresh_token"].as_str().unwrap()).await;
        make_key(&caller).await.refused(403, "step_up_required");
        let change = json!({"current_password": PASSWORD, "new_password": "another long passphrase"});
        caller
            .post("/me/password", &change)
            .await
            .refused(403, "step_up_required");
        // What is not delicate goes on.
        caller.get("/tenants/current/api-keys").await.expect(200);

        let wrong = caller
            .post("/me/step-up", &json!({"method": "password", "password": "a wrong one"}))
            .await;
        assert_eq!(wrong.fields(), ["password"]);
        make_key(&caller).await.refused(403, "step_up_required");
        let proof = json!({"method": "password", "password": PASSWORD});
        let proved = caller.post("/me/step-up", &proof).await.expect(200);
        assert_eq!(proved["stepped_up_until"], "2026-03-01T12:21:00Z");
        // The same token, at once.
        make_key(&caller).await.expect(201);

        let sessions = caller.get("/me/sessions").await.expect(200);
        let current = sessions["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["current"] == true);
        let current = current.unwrap();
        assert_eq!(current["methods"], json!(["pwd"]));
        assert_eq!(current["authenticated_at"], "2026-03-01T12:00:00Z");
        assert_eq!(current["stepped_up_at"], "2026-03-01T12:11:00Z");
        let log = owner_log(&caller).await;
        assert_eq!(log, ["api_key.created", "api_key.created"]);
    })
    .await;
}

async fn owner_log(caller: &Caller) -> Vec<String> {
    let rows = caller
        .get("/tenants/current/audit-logs?action=api_key.created")
        .await
        .expect(200);
    let rows = rows["data"].as_array().unwrap();
    rows.iter()
        .map(|row| row["action"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_at_a_step_up_are_counted_and_backed_off() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let prove = async |password: &str| {
            let body = json!({"method": "password", "password": password});
            owner.caller.post("/me/step-up", &body).await
        };

        for _ in 0..5 {
            assert_eq!(prove("a wrong one").await.fields(), ["password"]);
        }
        prove(PASSWORD).await.refused(429, "too_many_attempts");
        node.clock.advance(Duration::seconds(5));
        prove(PASSWORD).await.expect(200);

        let unknown = owner.caller.post("/me/step-up", &json!({"method": "telepathy"})).await;
        unknown.refused(422, "validation_failed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_with_a_key_are_not_asked_for_a_proof() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let key = node.bearer(&owner.key(&["*"]).await);
        node.clock.advance(Duration::hours(1));

        make_key(&key).await.expect(201);
    })
    .await;
}
