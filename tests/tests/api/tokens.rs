//! Access tokens as others see them: verified by another language from the published keys, and through every rotation.

#[path = "tokens/verifier.rs"]
mod verifier;

use std::time::{Duration, Instant};

use futures_util::future::join;
use serde_json::{Value, json};
use tenantry_identity::signing_key::{KEPT_AFTER, PUBLISHED_AHEAD};
use tenantry_identity::user::PlatformRole;
use tenantry_test_support::{Engine, FreshDatabase};

use crate::harness::{Caller, Node, PASSWORD, Setup, Shell, eventually, on_each_database};

const OPERATOR: &str = "root@platform.example";

/// The key set, as anybody gets it.
async fn key_set(node: &Node) -> Value {
    let reply = node.anybody().get("//.well-known/jwks.json").await;
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    reply.expect(200)
}

/// The names of the published keys.
async fn published(node: &Node) -> Vec<String> {
    let keys = key_set(node).await["keys"].as_array().unwrap().clone();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn signed_in(node: &Node, email: &str) -> Value {
    let body = json!({"email": email, "password": PASSWORD});
    node.anybody().post("/auth/login", &body).await.expect(200)
}

fn token(signed_in: &Value) -> &str {
    signed_in["access_token"].as_str().unwrap()
}

async fn statuses(operator: &Caller) -> Vec<Value> {
    let listed = operator.get("/admin/signing-keys").await.expect(200);
    listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["status"].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_language_verifies_tokens_of_each_algorithm_from_the_published_keys() {
    for algorithm in ["EdDSA", "RS256"] {
        let setup = Setup::catalog("default").with("token_algorithm", algorithm);
        on_each_database(&setup, async |node| {
            let owner = node.sign_up("acme", "free").await;
            let tokens = signed_in(node, &owner.email).await;
            let me = node.bearer(token(&tokens)).get("/me").await.expect(200);

            let Some(verdict) = verifier::verify(&key_set(node).await, token(&tokens)) else {
                return;
            };

            assert_eq!(verdict["verified"], true, "{verdict}");
            assert_eq!(
                (&verdict["header"]["alg"], &verdict["header"]["typ"]),
                (&json!(algorithm), &json!("at+jwt"))
            );
            // RFC 9068, section 2.2, and what is ours.
            let claims = &verdict["claims"];
            assert_eq!(claims["sub"], me["id"]);
            assert_eq!(
                (&claims["tid"], &claims["mid"]),
                (&json!(owner.tenant), &json!(owner.membership))
            );
            assert_eq!(
                (&claims["aud"], &claims["client_id"]),
                (&json!("tenantry"), &json!("tenantry"))
            );
            assert!(
                claims["iss"].as_str().unwrap().starts_with("http://localhost"),
                "{claims}"
            );
            assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
            assert!(claims["jti"].is_string() && claims["sid"].is_string());
            // One character of the claims changed, and nobody believes it: neither they nor we.
            let forged = verifier::with_one_change(token(&tokens));
            assert_eq!(
                verifier::verify(&key_set(node).await, &forged).unwrap()["verified"],
                false
            );
            node.bearer(&forged).get("/me").await.refused(401, "not_authenticated");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_replaced_with_overlap() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let operator = node.platform_person(OPERATOR, PlatformRole::Operator).await;
        let first = published(node).await;
        assert_eq!(first.len(), 1);

        let next = operator
            .post("/admin/signing-keys/rotate", &json!({}))
            .await
            .expect(201);
        let again = operator.post("/admin/signing-keys/rotate", &json!({})).await;
        assert_eq!(
            again.refused(409, "signing_key_pending")["signs_from"],
            next["signs_from"]
        );
        assert_eq!(next["status"], "next");
        assert_eq!(statuses(&operator).await, ["next", "current"]);
        let both = eventually("the next key to be published", async || {
            Some(published(node).await).filter(|keys| keys.len() == 2)
        })
        .await;
        assert_eq!(both, [first[0].clone(), next["kid"].as_str().unwrap().to_owned()]);

        // Tokens of before the turn are good after it.
        node.clock.advance(PUBLISHED_AHEAD - time::Duration::minutes(1));
        let before = signed_in(node, &owner.email).await;
        node.clock.advance(time::Duration::minutes(2));
        let after = signed_in(node, &owner.email).await;
        for (tokens, kid) in [(&before, &both[0]), (&after, &both[1])] {
            node.bearer(token(tokens)).get("/me").await.expect(200);
            if let Some(verdict) = verifier::verify(&key_set(node).await, token(tokens)) {
                assert_eq!(
                    (&verdict["verified"], &verdict["header"]["kid"]),
                    (&json!(true), &json!(kid))
                );
            }
        }

        // The former key goes once the last of its tokens is over.
        node.clock.advance(KEPT_AFTER);
        assert_eq!(published(node).await, both[1..]);
        let operator = node.log_in(OPERATOR).await;
        assert_eq!(statuses(&operator).await, ["current", "retired"]);
        let log = operator.get("/admin/signing-keys").await.expect(200);
        assert!(log["data"][1]["retires_at"].is_string(), "{log}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_worth_nothing_on_any_node_within_a_second() {
    let Some(database) = FreshDatabase::on(Engine::Postgres).await else {
        return;
    };
    let setup = Setup::catalog("default")
        .with("public_url", "http://localhost:8080")
        .with(
            "master_key",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        );
    let (one, two) = Box::pin(join(Node::start(&setup, &database), Node::start(&setup, &database))).await;
    let owner = one.sign_up("acme", "free").await;
    let operator = one.platform_person(OPERATOR, PlatformRole::Operator).await;
    let tokens = signed_in(&one, &owner.email).await;
    let there = two.bearer(token(&tokens));
    there.get("/me").await.expect(200);
    let kid = published(&one).await.remove(0);

    assert_eq!(operator.delete(&format!("/admin/signing-keys/{kid}")).await.status, 204);

    let revoked = Instant::now();
    for caller in [one.bearer(token(&tokens)), there] {
        eventually("the end of a key", async || {
            (caller.get("/me").await.status == 401).then_some(())
        })
        .await;
    }
    assert!(revoked.elapsed() < Duration::from_secs(1), "{:?}", revoked.elapsed());
    // Who has a refresh token goes on, with the new key, at every node.
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let fresh = two.anybody().post("/auth/refresh", &body).await.expect(200);
    for node in [&one, &two] {
        node.bearer(token(&fresh)).get("/me").await.expect(200);
        let published = published(node).await;
        assert!(published.len() == 1 && published[0] != kid, "{published:?}");
    }
    let operator = one.log_in(OPERATOR).await;
    assert_eq!(statuses(&operator).await, ["current", "revoked"]);
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_looks_after_keys_at_the_console_and_another_algorithm_is_a_rotation() {
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(database) = FreshDatabase::on(engine).await else {
            continue;
        };
        let setup = Setup::catalog("default").with(
            "master_key",
            "0f0e0d0c0b0a09080706050403020100000102030405060708090a0b0c0d0e0f",
        );
        let edwards = Shell::new(&setup, Some(&database));
        let listed = edwards.run(&["keys", "list"]);
        assert!(
            listed.well && listed.out.contains("EdDSA  current"),
            "{}{}",
            listed.out,
            listed.complaint
        );

        // With another algorithm the next key is one of it; the former one signs until it has been published.
        let rsa = Shell::new(&setup.clone().with("token_algorithm", "RS256"), Some(&database));
        let listed = rsa.run(&["keys", "list"]).out;
        assert!(
            listed.contains("RS256  next") && listed.contains("EdDSA  current"),
            "{listed}"
        );
        let refused = rsa.run(&["keys", "rotate"]);
        assert!(
            !refused.well && refused.complaint.contains("published already"),
            "{}",
            refused.complaint
        );

        let current = listed.lines().find(|line| line.contains("current")).unwrap();
        let kid = current.split(' ').next().unwrap();
        let revoked = rsa.run(&["keys", "revoke", kid]);
        assert!(
            revoked.well && revoked.out.contains(kid),
            "{}{}",
            revoked.out,
            revoked.complaint
        );
        let listed = rsa.run(&["keys", "list"]).out;
        assert!(
            listed.contains("RS256  current") && listed.contains("EdDSA  revoked"),
            "{listed}"
        );
        let unknown = rsa.run(&["keys", "revoke", "nobody"]);
        assert!(
            !unknown.well && unknown.complaint.contains("no such signing key"),
            "{}",
            unknown.complaint
        );
    }
}
