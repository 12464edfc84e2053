//! Tokens and keys that are expired, forged, tampered with, revoked, or whose bearer is somewhere else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;
use time::Duration;

use crate::harness::{Caller, Engine, FreshDatabase, Node, PASSWORD, Setup, eventually, everything, on_each_database};

/// The access token of somebody who signs in.
async fn token(node: &Node, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD});
    let signed_in = node.anybody().post("/auth/login", &body).await.expect(200);
    signed_in["access_token"].as_str().unwrap().to_owned()
}

fn part(token: &str, position: usize) -> Value {
    let part = token.split('.').nth(position).unwrap();
    serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
}

fn encoded(part: &Value) -> String {
    BASE64.encode(part.to_string())
}

/// Tokens that look like this one, and must not be believed.
fn forgeries(token: &str, other_installations: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims) = (part(token, 0), part(token, 1));
    let with = |base: &Value, field: &str, value: Value| {
        let mut changed = base.clone();
        changed[field] = value;
        encoded(&changed)
    };
    let other: Vec<&str> = other_installations.split('.').collect();
    let later = claims["exp"].as_i64().unwrap() + 1_000_000;
    let mut turned = parts[2].to_owned().into_bytes();
    turned[5] = if turned[5] == b'A' { b'B' } else { b'A' };
    let turned = String::from_utf8(turned).unwrap();
    let join = |one: &str, two: &str, three: &str| format!("{one}.{two}.{three}");
    vec![
        ("no algorithm", join(&with(&header, "alg", json!("none")), parts[1], "")),
        (
            "no algorithm, signed",
            join(&with(&header, "alg", json!("none")), parts[1], parts[2]),
        ),
        (
            "a symmetric algorithm",
            join(&with(&header, "alg", json!("HS256")), parts[1], parts[2]),
        ),
        (
            "an unknown key",
            join(&with(&header, "kid", json!("nobody")), parts[1], parts[2]),
        ),
        (
            "no key",
            join(
                &encoded(&json!({"alg": header["alg"], "typ": header["typ"]})),
                parts[1],
                parts[2],
            ),
        ),
        (
            "a later end",
            join(parts[0], &with(&claims, "exp", json!(later)), parts[2]),
        ),
        (
            "another subject",
            join(parts[0], &with(&claims, "sub", json!("someone")), parts[2]),
        ),
        (
            "another claim",
            join(parts[0], &with(&claims, "platform_role", json!("operator")), parts[2]),
        ),
        ("another signature", join(parts[0], parts[1], &turned)),
        ("half a signature", join(parts[0], parts[1], &parts[2][..20])),
        ("no signature", join(parts[0], parts[1], "")),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{token}.{}", parts[2])),
        ("another installation", other_installations.to_owned()),
        (
            "our header on another installation's token",
            join(parts[0], other[1], other[2]),
        ),
        ("nonsense", "x.y.z".to_owned()),
        ("a very long one", "x".repeat(7_000)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_tokens_are_nobodys() {
    let elsewhere = FreshDatabase::on(Engine::SqliteFile).await.unwrap();
    let elsewhere_node = Node::start(&Setup::catalog("default"), &elsewhere).await;
    let theirs = elsewhere_node.sign_up("acme", "free").await;
    let other_installations = token(&elsewhere_node, &theirs.email).await;
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let good = token(node, &owner.email).await;
        node.bearer(&good).get("/tenants/current").await.expect(200);
        let before = everything(&operator, &[&owner.tenant]).await;

        for (name, forged) in forgeries(&good, &other_installations) {
            for path in ["/me", "/tenants/current", "/admin/tenants"] {
                let reply = node.bearer(&forged).get(path).await;
                assert_eq!(reply.status, 401, "{name} at {path}: {}", reply.text);
                reply.refused(401, "not_authenticated");
            }
            let body = json!({"name": "Mallory's"});
            node.bearer(&forged)
                .patch("/tenants/current", &body)
                .await
                .refused(401, "not_authenticated");
        }

        assert_eq!(everything(&operator, &[&owner.tenant]).await, before);
        node.bearer(&good).get("/tenants/current").await.expect(200);
    })
    .await;
    elsewhere_node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_end() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let body = json!({"email": owner.email, "password": PASSWORD});
        let signed_in = node.anybody().post("/auth/login", &body).await.expect(200);
        let access = node.bearer(signed_in["access_token"].as_str().unwrap());
        let refresh = json!({"refresh_token": signed_in["refresh_token"]});
        let lasts = signed_in["expires_in"].as_i64().unwrap();

        // A refresh token opens nothing by itself.
        let misused = node.bearer(signed_in["refresh_token"].as_str().unwrap());
        misused.get("/me").await.refused(401, "not_authenticated");

        // The access token ends by the clock.
        access.get("/me").await.expect(200);
        node.clock.advance(Duration::seconds(lasts + 10));
        access.get("/me").await.refused(401, "not_authenticated");

        // The refresh token is good once; whoever shows it again later ends the session for everybody.
        let renewed = node.anybody().post("/auth/refresh", &refresh).await.expect(200);
        let access = node.bearer(renewed["access_token"].as_str().unwrap());
        access.get("/me").await.expect(200);
        node.clock.advance(Duration::seconds(60));
        node.anybody()
            .post("/auth/refresh", &refresh)
            .await
            .refused(401, "invalid_refresh_token");
        ends(&access, "/me").await;
        let newer = json!({"refresh_token": renewed["refresh_token"]});
        node.anybody()
            .post("/auth/refresh", &newer)
            .await
            .refused(401, "invalid_refresh_token");

        // Leaving ends the session too.
        let access = node.log_in(&owner.email).await;
        access.get("/me").await.expect(200);
        assert_eq!(access.post("/auth/logout", &json!({})).await.status, 204);
        ends(&access, "/me").await;
        node.anybody()
            .post("/auth/refresh", &json!({"refresh_token": "nonsense"}))
            .await
            .refused(401, "invalid_refresh_token");
    })
    .await;
}

/// Within a second the credential is nobody's.
async fn ends(caller: &Caller, path: &str) {
    let began = std::time::Instant::now();
    eventually("the end of a credential", async || {
        let reply = caller.get(path).await;
        (reply.status != 200).then(|| reply.refused(401, "not_authenticated"))
    })
    .await;
    assert!(began.elapsed() < std::time::Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_keys_are_nobodys() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let good = owner.key(&["*"]).await;
        let second = owner.key(&["*"]).await;
        node.bearer(&good).get("/tenants/current").await.expect(200);
        node.anybody()
            .with("x-api-key", &good)
            .get("/tenants/current")
            .await
            .expect(200);

        let flip = |position: usize| {
            let mut bytes = good.clone().into_bytes();
            bytes[position] = if bytes[position] == b'x' { b'y' } else { b'x' };
            String::from_utf8(bytes).unwrap()
        };
        let halves = |key: &str| {
            key.rsplit_once('_')
                .map(|(one, two)| (one.to_owned(), two.to_owned()))
                .unwrap()
        };
        let spliced = format!("{}_{}", halves(&good).0, halves(&second).1);
        let broken = [
            flip(good.len() - 1),
            flip(good.len() - 20),
            flip(12),
            good[..good.len() - 1].to_owned(),
            format!("{good}a"),
            good.to_uppercase(),
            good.replace("_live_", "_test_"),
            good.replace("tk_", "sk_"),
            spliced,
            "tk_live_".to_owned(),
            "tk_live_nonsense".to_owned(),
            good.replace("tk_live_", ""),
            format!("tk_live_{}", "a".repeat(7_000)),
        ];
        for key in &broken {
            for caller in [node.bearer(key), node.anybody().with("x-api-key", key)] {
                caller.get("/tenants/current").await.refused(401, "not_authenticated");
            }
            let verified = json!({"key": key});
            let verdict = node.bearer(&good).post("/api-keys/verify", &verified).await.expect(200);
            assert_eq!(
                (&verdict["valid"], &verdict["code"]),
                (&json!(false), &json!("api_key_invalid")),
                "{key}"
            );
            assert_eq!(verdict["tenant_id"], Value::Null);
        }
        // Two credentials may be two callers: none is believed.
        let both = node.bearer(&good).with("x-api-key", &second);
        both.get("/tenants/current").await.refused(401, "not_authenticated");
        node.anybody()
            .with("authorization", &format!("Basic {good}"))
            .get("/me")
            .await
            .refused(401, "not_authenticated");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_end_and_stay_where_they_belong() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let make = async |body: Value| {
            let made = owner.caller.post("/tenants/current/api-keys", &body).await.expect(201);
            (
                made["id"].as_str().unwrap().to_owned(),
                node.bearer(made["key"].as_str().unwrap()),
            )
        };
        let (_, expiring) = make(json!({"name": "a", "permissions": ["*"], "expires_in_days": 1})).await;
        let (_, bound) = make(json!({"name": "b", "permissions": ["*"], "allowed_ips": ["203.0.113.0/24"]})).await;
        let (revoked_id, revoked) = make(json!({"name": "c", "permissions": ["*"]})).await;
        let (rotated_id, rotated) = make(json!({"name": "d", "permissions": ["*"]})).await;

        expiring.get("/tenants/current").await.expect(200);
        bound
            .calling_from("203.0.113.9")
            .get("/tenants/current")
            .await
            .expect(200);
        bound
            .calling_from("198.51.100.9")
            .get("/tenants/current")
            .await
            .refused(403, "address_not_allowed");
        let path = format!("/tenants/current/api-keys/{revoked_id}");
        revoked.get("/tenants/current").await.expect(200);
        assert_eq!(owner.caller.delete(&path).await.status, 204);
        ends(&revoked, "/tenants/current").await;
        owner.caller.get(&path).await.refused(404, "not_found");
        let path = format!("/tenants/current/api-keys/{rotated_id}/rotate");
        rotated.get("/tenants/current").await.expect(200);
        let again = owner.caller.post(&path, &json!({})).await.expect(200);
        ends(&rotated, "/tenants/current").await;
        node.bearer(again["key"].as_str().unwrap())
            .get("/tenants/current")
            .await
            .expect(200);
        node.clock.advance(Duration::days(1) + Duration::seconds(1));
        expiring.get("/tenants/current").await.refused(401, "not_authenticated");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_never_tell_whether_an_address_exists() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let ask = async |path: &str, body: Value| crate::harness::told(&node.anybody().post(path, &body).await);

        for path in ["/auth/password/forgot"] {
            let known = ask(path, json!({"email": owner.email})).await;
            let unknown = ask(path, json!({"email": "nobody@acme.example"})).await;
            assert_eq!(known, unknown);
        }
        let wrong = ask("/auth/login", json!({"email": owner.email, "password": "not this one"})).await;
        let nobody = ask(
            "/auth/login",
            json!({"email": "nobody@acme.example", "password": "not this one"}),
        )
        .await;
        assert_eq!(wrong, nobody);
        assert_eq!(wrong.0, 401);

        // Signing up with an address that exists founds a tenant, and lets nobody into it.
        let body = json!({"name": "Mallory", "owner_email": owner.email, "owner_password": PASSWORD});
        let made = node.anybody().post("/tenants", &body).await.expect(201);
        assert!(made.get("tokens").is_none(), "{made}");
    })
    .await;
}
