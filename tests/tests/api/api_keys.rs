//! API keys: whose they are, how they are replaced, what they may use, and what they used.

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;

use crate::harness::{Caller, Node, Owner, Setup, on_each_database};

const PATH: &str = "/tenants/current/api-keys";

async fn make(caller: &Caller, body: Value) -> Value {
    caller.post(PATH, &body).await.expect(201)
}

fn one(key: &Value) -> String {
    format!("{PATH}/{}", key["id"].as_str().unwrap())
}

fn bearer(node: &Node, key: &Value) -> Caller {
    node.bearer(key["key"].as_str().unwrap())
}

async fn names(owner: &Owner, query: &str) -> Vec<String> {
    let listed = owner.caller.get(&format!("{PATH}{query}")).await.expect(200);
    let rows = listed["data"].as_array().unwrap().iter();
    rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_ends_with_whom_it_belongs_to() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (id, admin) = node.member(&owner, "admin@acme.example", "admin").await;
        let personal = make(&admin, json!({"name": "mine", "permissions": ["usage.read"]})).await;
        let tenants = make(
            &admin,
            json!({"name": "ours", "permissions": ["usage.read"], "kind": "tenant"}),
        )
        .await;
        let body = json!({"name": "import", "permissions": ["usage.read"]});
        let account = owner
            .caller
            .post("/tenants/current/service-accounts", &body)
            .await
            .expect(201);
        let body = json!({"name": "its", "permissions": ["usage.read"], "service_account": account["id"]});
        let services = make(&admin, body).await;
        let kinds: Vec<&Value> = [&personal, &tenants, &services].map(|key| &key["kind"]).to_vec();
        assert_eq!(kinds, ["personal", "tenant", "service_account"]);
        assert_eq!(
            (&personal["service_account"], &services["service_account"]),
            (&Value::Null, &account["id"])
        );

        // Found by kind, owner and state.
        assert_eq!(names(&owner, "?kind=tenant").await, ["ours"]);
        assert_eq!(names(&owner, &format!("?owner={id}")).await, ["mine"]);
        assert_eq!(
            names(&owner, &format!("?owner={}", account["id"].as_str().unwrap())).await,
            ["its"]
        );
        let wrong = owner.caller.get(&format!("{PATH}?kind=x&owner=y&status=z")).await;
        assert_eq!(wrong.fields(), ["kind", "owner", "status"]);

        // The member goes: only what was theirs goes with them.
        owner.caller.delete(&owner.path(&format!("/users/{id}"))).await;
        bearer(node, &personal)
            .get("/tenants/current/quotas")
            .await
            .refused(401, "not_authenticated");
        for key in [&tenants, &services] {
            bearer(node, key).get("/tenants/current/quotas").await.expect(200);
        }
        // The account loses a power, then is stopped: its key with it.
        let path = format!("/tenants/current/service-accounts/{}", account["id"].as_str().unwrap());
        owner.caller.patch(&path, &json!({"permissions": []})).await.expect(200);
        bearer(node, &services)
            .get("/tenants/current/quotas")
            .await
            .refused(403, "permission_denied");
        owner
            .caller
            .post(&format!("{path}/deactivate"), &json!({}))
            .await
            .expect(200);
        bearer(node, &services)
            .get("/tenants/current/quotas")
            .await
            .refused(401, "not_authenticated");
        let verdict = owner
            .caller
            .post("/api-keys/verify", &json!({"key": services["key"]}))
            .await
            .expect(200);
        assert_eq!(verdict["valid"], false);

        assert_eq!(owner.caller.delete(&one(&tenants)).await.status, 204);
        assert_eq!(names(&owner, "?status=revoked").await, ["ours"]);
        // Another tenant's account owns none of ours.
        let other = node.sign_up("globex", "free").await;
        let theirs = json!({"name": "x", "service_account": account["id"]});
        assert_eq!(other.caller.post(PATH, &theirs).await.fields(), ["service_account"]);
        let nobodys = json!({"name": "x", "service_account": crate::harness::NOWHERE});
        assert_eq!(other.caller.post(PATH, &nobodys).await.fields(), ["service_account"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_replaced_with_overlap() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let first = make(
            &owner.caller,
            json!({"name": "k", "permissions": ["usage.read"], "kind": "tenant"}),
        )
        .await;
        let rotate = format!("{}/rotate", one(&first));
        let works = async |key: &Value| bearer(node, key).get("/tenants/current/quotas").await.status == 200;

        let second = owner
            .caller
            .post(&rotate, &json!({"overlap_seconds": 60}))
            .await
            .expect(200);
        assert_eq!(second["previous_secret"]["hint"], first["hint"]);
        assert!(works(&first).await && works(&second).await);
        for key in [&first, &second] {
            let verdict = owner
                .caller
                .post("/api-keys/verify", &json!({"key": key["key"]}))
                .await
                .expect(200);
            assert_eq!(verdict["valid"], true);
        }
        node.clock.advance(time::Duration::seconds(60));
        assert!(!works(&first).await && works(&second).await);
        assert_eq!(
            owner.caller.get(&one(&first)).await.expect(200)["previous_secret"],
            Value::Null
        );

        // Early, by hand; and never for longer than a week.
        let third = owner
            .caller
            .post(&rotate, &json!({"overlap_seconds": 604_800}))
            .await
            .expect(200);
        assert!(works(&second).await && works(&third).await);
        let end = format!("{}/previous-secret", one(&first));
        assert_eq!(
            owner.caller.delete(&end).await.expect(200)["previous_secret"],
            Value::Null
        );
        owner.caller.delete(&end).await.refused(404, "not_found");
        assert!(!works(&second).await && works(&third).await);
        let too_long = owner.caller.post(&rotate, &json!({"overlap_seconds": 604_801})).await;
        assert_eq!(too_long.fields(), ["overlap_seconds"]);
        // Without a word the old one dies at once.
        let fourth = owner
            .caller
            .send(reqwest::Method::POST, &rotate, None)
            .await
            .expect(200);
        assert!(!works(&third).await && works(&fourth).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_changed_and_held_to_what_changed() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let key = make(
            &owner.caller,
            json!({"name": "k", "permissions": ["usage.read"], "rate_limit": 5}),
        )
        .await;
        let path = one(&key);

        let changed = json!({"name": "K", "allowed_ips": ["203.0.113.0/24"], "rate_limit": null});
        let changed = owner.caller.patch(&path, &changed).await.expect(200);
        assert_eq!((&changed["name"], &changed["rate_limit"]), (&json!("K"), &Value::Null));
        let quotas = "/tenants/current/quotas";
        bearer(node, &key).get(quotas).await.refused(403, "address_not_allowed");
        bearer(node, &key)
            .calling_from("203.0.113.7")
            .get(quotas)
            .await
            .expect(200);
        let same = owner.caller.patch(&path, &json!({"name": "K2"})).await.expect(200);
        assert_eq!(same["allowed_ips"], json!(["203.0.113.0/24"]));
        let wrong = json!({"name": "", "allowed_ips": ["x"], "rate_limit": 0});
        let wrong = owner.caller.patch(&path, &wrong).await;
        assert_eq!(wrong.fields(), ["name", "allowed_ips[0]", "rate_limit"]);
        let stale = owner
            .caller
            .with("if-match", "\"0\"")
            .patch(&path, &json!({"name": "K3"}))
            .await;
        stale.refused(412, "precondition_failed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_has_a_quota_of_its_own_and_its_usage_is_told() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let body = json!({"name": "a", "permissions": ["usage.consume"], "kind": "tenant"});
        let (one_key, other) = (make(&owner.caller, body.clone()).await, make(&owner.caller, body).await);
        let quota = format!("{}/quotas/events", one(&one_key));

        let limits = owner.caller.put(&quota, &json!({"limit": 3})).await.expect(200);
        assert_eq!(
            limits["data"],
            json!([{"meter": "events", "limit": 3, "source": "tenant"}])
        );
        let consume = async |key: &Value| {
            let reply = bearer(node, key)
                .post("/tenants/current/usage", &json!({"meter": "events"}))
                .await;
            reply.status
        };
        for expected in [201, 201, 201, 429] {
            assert_eq!(consume(&one_key).await, expected);
        }
        assert_eq!(consume(&other).await, 201);
        assert_eq!(owner.quota("events").await["used"], 4);

        // Each key's usage by itself.
        node.clock.advance(time::Duration::minutes(1));
        for (key, total) in [(&one_key, 3), (&other, 1)] {
            let usage = owner
                .caller
                .get(&format!("{}/usage?meter=events&step=hour", one(key)))
                .await
                .expect(200);
            assert_eq!((&usage["meter"], &usage["total"]), (&json!("events"), &json!(total)));
            assert_eq!(
                usage["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|point| point["operations"] == total)
                    .count(),
                1
            );
        }
        let unknown = owner.caller.get(&format!("{}/usage?meter=nothing", one(&other))).await;
        unknown.refused(422, "unknown_meter");

        // An operator's limit is not the tenant's to change; the tenant's own is.
        let theirs =
            json!({"limit": 1, "reason": "abuse", "subject": format!("key:{}", other["id"].as_str().unwrap())});
        operator.put(&owner.path("/quotas/events"), &theirs).await.expect(200);
        let blocked = format!("{}/quotas/events", one(&other));
        owner
            .caller
            .put(&blocked, &json!({"limit": 100}))
            .await
            .refused(409, "limit_set_by_operator");
        owner
            .caller
            .delete(&blocked)
            .await
            .refused(409, "limit_set_by_operator");
        assert_eq!(owner.caller.delete(&quota).await.status, 204);
        assert_eq!(consume(&one_key).await, 201);
        assert_eq!(
            owner.caller.put(&quota, &json!({"limit": -1})).await.fields(),
            ["limit"]
        );
        let nobody = format!("{PATH}/{}/quotas/events", crate::harness::NOWHERE);
        owner
            .caller
            .put(&nobody, &json!({"limit": 1}))
            .await
            .refused(404, "not_found");
    })
    .await;
}
