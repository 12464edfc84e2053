//! Passkeys in a real Chromium, with its virtual authenticator.

use serde_json::{Value, json};
use time::Duration;

use crate::harness::{Caller, Chromium, Node, PASSWORD, Reply, Setup, on_each_database, register_passkey};

/// A program that browsers reach under the name that passkeys are bound to.
fn setup() -> Setup {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port is free")
        .port();
    Setup::catalog("default")
        .with("listen", &format!("127.0.0.1:{port}"))
        .with("public_url", &format!("http://localhost:{port}"))
}

fn page(node: &Node) -> String {
    node.url().replace("127.0.0.1", "localhost") + "/docs"
}

async fn register(caller: &Caller, browser: &mut Chromium, name: &str) -> Value {
    let begun = caller.post("/me/passkeys/register/start", &json!({})).await.expect(200);
    let credential = browser.create(&begun["options"]);
    let body = json!({"state": begun["state"], "name": name, "credential": credential});
    let registered = caller.post("/me/passkeys/register/finish", &body).await.expect(201);
    // A state finishes one registration.
    caller
        .post("/me/passkeys/register/finish", &body)
        .await
        .refused(401, "ceremony_over");
    registered
}

/// Signs in without an address; the browser knows who it is.
async fn sign_in(node: &Node, browser: &mut Chromium, start: &Value) -> (Value, Reply) {
    let begun = node
        .anybody()
        .post("/auth/passkeys/login/start", start)
        .await
        .expect(200);
    assert_eq!(
        begun["options"]["allowCredentials"],
        json!([]),
        "nothing tells who there is"
    );
    let credential = browser.get(&begun["options"]);
    let body = json!({"state": begun["state"], "credential": credential});
    let reply = node.anybody().post("/auth/passkeys/login/finish", &body).await;
    (body, reply)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_is_registered_signs_in_alone_and_is_a_second_factor() {
    on_each_database(&setup(), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let Some(mut browser) = Chromium::open(&page(node)) else {
            return;
        };
        let authenticator = browser.plug_in();

        // Registration.
        let passkey = register(&owner.caller, &mut browser, "my laptop").await;
        assert_eq!(
            (&passkey["name"], &passkey["transports"]),
            (&json!("my laptop"), &json!(["internal"]))
        );
        assert_eq!(
            passkey["recovery_codes"].as_array().unwrap().len(),
            10,
            "the first factor"
        );

        // Alone, discovered by the browser.
        let (body, reply) = sign_in(node, &mut browser, &json!({})).await;
        let signed_in = reply.expect(200);
        assert_eq!(signed_in["tenant"]["slug"], "acme");
        let caller = node.bearer(signed_in["access_token"].as_str().unwrap());
        let sessions = caller.get("/me/sessions").await.expect(200);
        assert_eq!(sessions["data"][0]["methods"], json!(["hwk", "user", "mfa"]));
        node.anybody()
            .post("/auth/passkeys/login/finish", &body)
            .await
            .refused(401, "invalid_credentials");
        let (_, named) = sign_in(node, &mut browser, &json!({"email": owner.email})).await;
        named.expect(200);
        for email in ["nobody@example.com", "owner@globex.example"] {
            let (_, other) = sign_in(node, &mut browser, &json!({"email": email})).await;
            other.refused(401, "ceremony_over");
        }

        // As a second factor.
        let body = json!({"email": owner.email, "password": PASSWORD});
        let waiting = node.anybody().post("/auth/login", &body).await.expect(200);
        assert_eq!(waiting["methods"], json!(["passkey", "recovery_code"]));
        let shown = browser.get(&waiting["passkey_request"]);
        let verify = json!({"mfa_token": waiting["mfa_token"], "method": "passkey", "credential": shown});
        node.anybody().post("/auth/mfa/verify", &verify).await.expect(200);
        node.anybody()
            .post("/auth/mfa/verify", &verify)
            .await
            .refused(401, "mfa_token_invalid");
        // What was signed for one sign-in is worth nothing for another.
        let other = node.anybody().post("/auth/login", &body).await.expect(200);
        let replayed = json!({"mfa_token": other["mfa_token"], "method": "passkey", "credential": shown});
        node.anybody()
            .post("/auth/mfa/verify", &replayed)
            .await
            .refused(401, "invalid_code");

        // As a proof within a session.
        node.clock.advance(Duration::minutes(9));
        let begun = node
            .anybody()
            .post("/auth/passkeys/login/start", &json!({}))
            .await
            .expect(200);
        let shown = browser.get(&begun["options"]);
        let proof = json!({"method": "passkey", "state": begun["state"], "credential": shown});
        let proved = caller.post("/me/step-up", &proof).await.expect(200);
        assert_eq!(proved["stepped_up_until"], "2026-03-01T12:19:00Z");
        caller.post("/me/step-up", &proof).await.refused(401, "invalid_code");

        // A second authenticator with the same key: its counter is behind.
        let kept = browser.call("WebAuthn.getCredentials", &json!({"authenticatorId": authenticator}));
        let mut copy = kept["credentials"][0].clone();
        copy["signCount"] = json!(0);
        browser.call("WebAuthn.clearCredentials", &json!({"authenticatorId": authenticator}));
        browser.call(
            "WebAuthn.addCredential",
            &json!({"authenticatorId": authenticator, "credential": copy}),
        );
        let (_, cloned) = sign_in(node, &mut browser, &json!({})).await;
        cloned.refused(401, "invalid_credentials");

        // Names and removal.
        let id = passkey["id"].as_str().unwrap();
        let renamed = caller
            .patch(&format!("/me/passkeys/{id}"), &json!({"name": "my old laptop"}))
            .await
            .expect(200);
        assert_eq!(renamed["name"], "my old laptop");
        caller.delete(&format!("/me/passkeys/{id}")).await.expect(204);
        assert_eq!(caller.get("/me/passkeys").await.expect(200)["data"], json!([]));
        node.log_in(&owner.email).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_authenticator_signed_is_refused() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let passkey = register_passkey(&owner.caller).await;
        assert_eq!(passkey["name"], "a key");

        let begun = owner
            .caller
            .post("/me/passkeys/register/start", &json!({}))
            .await
            .expect(200);
        let bad = json!({"state": begun["state"], "name": "", "credential": {"id": "AAAA", "type": "public-key"}});
        let refused = owner.caller.post("/me/passkeys/register/finish", &bad).await;
        assert_eq!(refused.fields(), ["name", "credential"]);
        let begun = node
            .anybody()
            .post("/auth/passkeys/login/start", &json!({}))
            .await
            .expect(200);
        for credential in [
            json!({}),
            json!(null),
            json!("x"),
            json!({"id": "AAAA", "type": "public-key"}),
        ] {
            let body = json!({"state": begun["state"], "credential": credential});
            let reply = node.anybody().post("/auth/passkeys/login/finish", &body).await;
            reply.refused(422, "validation_failed");
        }
    })
    .await;
}
