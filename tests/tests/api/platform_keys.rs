//! The installation's hold on keys: the catalog's bounds, and platform keys, one credential with which a gateway verifies the keys of every tenant, and does nothing else.

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;

use crate::harness::{Caller, Engine, FreshDatabase, Node, Setup, Shell, on_each_database, text};

async fn verify(gateway: &Caller, body: Value) -> Value {
    gateway.post("/api-keys/verify", &body).await.expect(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_verifies_and_counts_the_keys_of_all_tenants() {
    on_each_database(&Setup::catalog("pytake"), async |node| {
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let (acme, globex) = (node.sign_up("acme", "free").await, node.sign_up("globex", "free").await);
        let (ours, theirs) = (acme.key(&["whatsapp.send"]).await, globex.key(&["*"]).await);
        let asked = json!({"name": "Edge", "expires_in_days": 30});
        let made = operator.once("edge").post("/admin/api-keys", &asked).await.expect(201);
        let again = operator.once("edge").post("/admin/api-keys", &asked).await.expect(201);
        let text = made["key"].as_str().unwrap();
        assert!(text.starts_with("pk_platform_"), "{text}");
        assert_eq!(again, made);
        let gateway = node.bearer(text);

        // Each key's use counts on its own tenant.
        let sends = |key: &str| json!({"key": key, "permission": "whatsapp.send", "meter": "messages", "amount": 3});
        for (key, owner) in [(&ours, &acme), (&theirs, &globex)] {
            let verdict = verify(&gateway, sends(key)).await;
            assert_eq!(
                (&verdict["valid"], &verdict["code"]),
                (&json!(true), &json!("valid")),
                "{verdict}"
            );
            assert_eq!(verdict["tenant_id"], owner.tenant);
            assert_eq!(verdict["quota"]["used"], 3);
            assert_eq!(owner.quota("messages").await["used"], 3);
        }
        // The same operation counts once.
        for _ in 0..2 {
            let verdict = gateway
                .once("one")
                .post("/api-keys/verify", &sends(&ours))
                .await
                .expect(200);
            assert_eq!(verdict["quota"]["used"], 6);
        }
        let greedy = json!({"key": ours, "permission": "manage_whatsapp", "meter": "messages"});
        assert_eq!(verify(&gateway, greedy).await["code"], "permission_denied");
        let beyond = json!({"key": ours, "meter": "messages", "amount": 10_000});
        assert_eq!(verify(&gateway, beyond).await["code"], "quota_exceeded");
        assert_eq!(acme.quota("messages").await["used"], 6);
        // Its own text is no tenant's key.
        assert_eq!(verify(&gateway, json!({"key": text})).await["code"], "api_key_invalid");

        // A suspended tenant is an answer, not an error.
        let path = format!("/admin/tenants/{}/suspend", globex.tenant);
        operator.post(&path, &json!({"reason": "unpaid"})).await.expect(200);
        let verdict = verify(&gateway, sends(&theirs)).await;
        assert_eq!(
            (&verdict["valid"], &verdict["code"]),
            (&json!(false), &json!("tenant_suspended"))
        );

        // It does nothing else.
        gateway.get("/tenants/current").await.refused(404, "not_found");
        gateway.get(&acme.path("")).await.refused(404, "not_found");
        gateway.get("/me").await.refused(403, "permission_denied");
        gateway.get("/admin/tenants").await.refused(403, "permission_denied");
        gateway
            .post("/admin/api-keys", &asked)
            .await
            .refused(403, "permission_denied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_make_show_and_end_platform_keys_and_support_looks() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let support = node
            .platform_person("help@platform.example", PlatformRole::Support)
            .await;
        let owner = node.sign_up("acme", "free").await;
        let key = owner.key(&["*"]).await;
        let asked = json!({"name": "Office", "allowed_ips": ["203.0.113.0/24"]});
        let made = operator.post("/admin/api-keys", &asked).await.expect(201);
        let path = format!("/admin/api-keys/{}", made["id"].as_str().unwrap());

        let wrong =
            json!({"name": "", "permissions": ["billing.manage"], "allowed_ips": ["here"], "expires_in_days": 0});
        let refused = operator
            .post("/admin/api-keys", &wrong)
            .await
            .refused(422, "validation_failed");
        assert_eq!(refused["errors"].as_array().unwrap().len(), 4, "{refused}");
        for caller in [&operator, &support] {
            let listed = caller.get("/admin/api-keys").await.expect(200);
            assert_eq!(listed["data"].as_array().unwrap().len(), 1);
            let shown = caller.get(&path).await.expect(200);
            assert_eq!(shown, listed["data"][0]);
            assert_eq!((&shown["name"], shown.get("key")), (&json!("Office"), None));
        }
        support
            .post("/admin/api-keys", &asked)
            .await
            .refused(403, "permission_denied");
        support.delete(&path).await.refused(403, "permission_denied");

        // Only from where it may be used.
        let gateway = node.bearer(made["key"].as_str().unwrap());
        let question = json!({"key": key});
        gateway
            .post("/api-keys/verify", &question)
            .await
            .refused(403, "address_not_allowed");
        let inside = gateway.with("x-forwarded-for", "203.0.113.9");
        assert_eq!(verify(&inside, question.clone()).await["valid"], true);
        let used = operator.get(&path).await.expect(200);
        assert!(used["last_used_at"].is_string(), "{used}");

        operator
            .with("if-match", "\"stale\"")
            .delete(&path)
            .await
            .refused(412, "precondition_failed");
        assert_eq!(operator.delete(&path).await.status, 204);
        inside
            .post("/api-keys/verify", &question)
            .await
            .refused(401, "not_authenticated");
        operator.get(&path).await.refused(404, "not_found");
        operator.delete(&path).await.refused(404, "not_found");
        let listed = operator.get("/admin/api-keys").await.expect(200);
        assert_eq!(listed["data"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_key_that_is_revoked_at_one_node_ends_at_every_node_within_a_second() {
    let setup = Setup::catalog("default").with("master_key", &"0a".repeat(32));
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(database) = FreshDatabase::on(engine).await else {
            continue;
        };
        let (one, two) = (
            Node::start(&setup, &database).await,
            Node::start(&setup, &database).await,
        );
        let operator = one
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let made = operator
            .post("/admin/api-keys", &json!({"name": "Edge"}))
            .await
            .expect(201);
        let gateway = two.bearer(made["key"].as_str().unwrap());
        let question = json!({"key": "junk"});
        for _ in 0..3 {
            assert_eq!(verify(&gateway, question.clone()).await["code"], "api_key_invalid");
        }

        let path = format!("/admin/api-keys/{}", made["id"].as_str().unwrap());
        assert_eq!(operator.delete(&path).await.status, 204);
        let revoked = std::time::Instant::now();
        while gateway.post("/api-keys/verify", &question).await.status != 401 {
            assert!(revoked.elapsed() < std::time::Duration::from_secs(1), "it lives on");
        }
        one.stop().await;
        two.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_catalogs_bounds_of_api_keys_hold() {
    let shell = Shell::new(&Setup::catalog("default"), None);
    let catalog = shell.run(&["catalog", "show", "pytake"]).out;
    let bounds = "prefix = \"pk\"\nmax_per_tenant = 3\nmax_expires_in_days = 90\nmax_rate_limit = 50\n";
    let file = shell.file("bounds.toml", &catalog.replace("prefix = \"pk\"\n", bounds));
    on_each_database(&Setup::catalog(text(&file)), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let path = "/tenants/current/api-keys";

        let wide = json!({"name": "wide", "permissions": [], "rate_limit": 51, "expires_in_days": 91});
        let refused = owner.caller.post(path, &wide).await.refused(422, "validation_failed");
        let told: Vec<_> = refused["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["code"].clone())
            .collect();
        assert_eq!(told, ["out_of_range", "out_of_range"], "{refused}");

        // Of many at once no more get in than there is room for.
        let plain = json!({"name": "plain", "permissions": []});
        let made = futures_util::future::join_all((0..8).map(|_| owner.caller.post(path, &plain))).await;
        let (good, full): (Vec<_>, Vec<_>) = made.into_iter().partition(|reply| reply.status == 201);
        assert_eq!((good.len(), full.len()), (3, 5));
        for reply in full {
            assert_eq!(reply.refused(409, "too_many_api_keys")["limit"], 3);
        }
        let key = good[0].json();
        assert_eq!(
            (&key["rate_limit"], &key["expires_at"]),
            (&json!(50), &json!("2026-05-30T12:00:00Z"))
        );

        // A key that goes makes room.
        let one = format!("{path}/{}", key["id"].as_str().unwrap());
        assert_eq!(owner.caller.delete(&one).await.status, 204);
        owner.caller.post(path, &plain).await.expect(201);
        owner.caller.post(path, &plain).await.refused(409, "too_many_api_keys");
    })
    .await;
}
