//! What operators see of people and do to them.

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;
use tenantry_test_support::schema;

use super::{add_address, founder, sign_in};
use crate::harness::{Caller, NOWHERE, Setup, on_each_database};

async fn found(root: &Caller, query: &str) -> Vec<String> {
    let page = root.get(&format!("/admin/users?{query}")).await.expect(200);
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["email"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_found_by_name_and_by_every_address_they_have() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let acme = founder(node, "acme").await;
        let (_, mia) = node.member(&acme, "mia@acme.example", "viewer").await;
        add_address(node, &mia, "elsewhere@home.example").await;
        let root = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let support = node
            .platform_person("help@platform.example", PlatformRole::Support)
            .await;

        assert_eq!(found(&root, "q=MIA").await, ["mia@acme.example"]);
        assert_eq!(found(&root, "q=elsewhere@home.example").await, ["mia@acme.example"]);
        assert_eq!(found(&root, "q=elsewhere").await, Vec::<String>::new());
        assert_eq!(found(&root, "q=olive").await, ["owner@acme.example"]);
        assert_eq!(found(&root, "q=%25").await, Vec::<String>::new());
        assert_eq!(found(&support, "status=disabled").await, Vec::<String>::new());
        assert_eq!(found(&support, "").await.len(), 4);
        let page = root.get("/admin/users?limit=3").await.expect(200);
        let next = page["next_cursor"].as_str().unwrap();
        assert_eq!(found(&root, &format!("cursor={next}")).await, ["help@platform.example"]);
        let refused = root.get("/admin/users?status=gone").await;
        assert_eq!(refused.fields(), ["status"]);

        let row = root.get("/admin/users?q=mia").await.expect(200)["data"][0].clone();
        assert_eq!((&row["tenants"], &row["status"]), (&json!(1), &json!("active")));
        assert_eq!(row["last_login_at"], "2026-03-01T12:00:00Z");
        let id = row["id"].as_str().unwrap();
        let details = support.get(&format!("/admin/users/{id}")).await.expect(200);
        assert_eq!(details["emails"].as_array().unwrap().len(), 2);
        assert_eq!(details["memberships"][0]["slug"], "acme");
        assert!(!details.to_string().contains("password"));
        root.get(&format!("/admin/users/{NOWHERE}"))
            .await
            .refused(404, "not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_disabled_is_out_at_once_and_comes_back_when_let() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let acme = founder(node, "acme").await;
        let root = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let row = root.get("/admin/users?q=owner@acme.example").await.expect(200)["data"][0].clone();
        let path = |verb: &str| format!("/admin/users/{}/{verb}", row["id"].as_str().unwrap());
        let key = async |kind: &str| {
            let body = json!({"name": kind, "permissions": ["tenant.read", "api_keys.verify"], "kind": kind});
            let made = acme.caller.post("/tenants/current/api-keys", &body).await.expect(201);
            made["key"].as_str().unwrap().to_owned()
        };
        let (own, tenants) = (key("personal").await, key("tenant").await);
        let status = async |key: &str| node.bearer(key).get("/tenants/current").await.status;
        assert_eq!((status(&own).await, status(&tenants).await), (200, 200));

        assert_eq!(root.post(&path("disable"), &json!({})).await.fields(), ["reason"]);
        let disabled = root
            .post(&path("disable"), &json!({"reason": "stolen"}))
            .await
            .expect(200);

        assert_eq!(disabled["status"], "disabled");
        assert_eq!(disabled["closed_at"], "2026-03-01T12:00:00Z");
        acme.caller.get("/me").await.refused(401, "not_authenticated");
        sign_in(node, &acme.email).await.refused(401, "invalid_credentials");
        assert_eq!((status(&own).await, status(&tenants).await), (401, 200));
        let verdict = node
            .bearer(&tenants)
            .post("/api-keys/verify", &json!({"key": own}))
            .await;
        assert_eq!(verdict.expect(200)["valid"], false);
        root.post(&path("enable"), &json!({})).await.expect(200);
        node.log_in(&acme.email).await;
        assert_eq!(status(&own).await, 200);
        let own = root.get("/admin/users?q=root@platform.example").await.expect(200)["data"][0].clone();
        let own = format!("/admin/users/{}/disable", own["id"].as_str().unwrap());
        root.post(&own, &json!({"reason": "tired"}))
            .await
            .refused(409, "own_account");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_erases_whoever_is_no_last_owner() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let acme = founder(node, "acme").await;
        node.member(&acme, "mia@acme.example", "viewer").await;
        let root = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let erase = async |email: &str| {
            let found = root.get(&format!("/admin/users?q={email}")).await.expect(200);
            let id = found["data"][0]["id"].as_str().unwrap().to_owned();
            let reason = json!({"reason": "request 2026-117"});
            (
                id.clone(),
                root.post(&format!("/admin/users/{id}/erase"), &reason).await,
            )
        };

        let (_, refused) = erase(&acme.email).await;
        assert_eq!(refused.refused(409, "last_owner")["tenants"], json!(["acme"]));
        let (id, erased) = erase("mia@acme.example").await;
        erased.expect(204);

        let left = root.get(&format!("/admin/users/{id}")).await.expect(200);
        let (status, email): (&Value, &Value) = (&left["status"], &left["email"]);
        assert_eq!(
            (status, email),
            (&json!("erased"), &json!(format!("{id}@erased.invalid")))
        );
        assert_eq!(found(&root, "q=mia").await, Vec::<String>::new());
        assert_eq!(found(&root, "status=erased").await.len(), 1);
        let again = root
            .post(&format!("/admin/users/{id}/erase"), &json!({"reason": "again"}))
            .await;
        again.refused(409, "user_erased");
        let places = schema::holding(node.installation().store.schema_connection(), "request 2026-117").await;
        assert_eq!(places, ["audit_log.changes"]);
    })
    .await;
}
