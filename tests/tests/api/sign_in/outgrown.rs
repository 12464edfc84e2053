//! Passwords that were right, and do not do any more.

use serde_json::{Value, json};

use super::totp::verify;
use crate::harness::{App, Node, Owner, PASSWORD, Reply, Setup, code_at, has_python, on_each_database};

const NEW: &str = "quiet marble lantern seven and then";

async fn demand(owner: &Owner, policy: Value) {
    owner
        .caller
        .put("/tenants/current/security-policy", &policy)
        .await
        .expect(200);
}

async fn log_in(node: &Node, email: &str, password: &str) -> Reply {
    let body = json!({"email": email, "password": password});
    node.anybody().post("/auth/login", &body).await
}

async fn choose(node: &Node, token: &Value, password: &str) -> Reply {
    let body = json!({"mfa_token": token, "new_password": password});
    node.anybody().post("/auth/password/change", &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_does_not_do_any_more_is_changed_on_the_way_in() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (_, before) = node.member(&owner, "mia@acme.example", "member").await;
        demand(&owner, json!({"password": {"min_length": 30}})).await;

        // Who is in stays in; who signs in chooses another password, and can do nothing else.
        before.get("/tenants/current").await.expect(200);
        let waiting = log_in(node, "mia@acme.example", PASSWORD).await.expect(200);
        assert_eq!(waiting["password_change_required"], true, "{waiting}");
        assert_eq!(waiting["reason"], "password_too_short");
        assert!(waiting["access_token"].is_null() && waiting["mfa_required"].is_null());
        let token = &waiting["mfa_token"];
        for path in ["/me", "/tenants/current", "/me/sessions"] {
            let caller = node.bearer(token.as_str().unwrap());
            caller.get(path).await.refused(401, "not_authenticated");
        }
        let none = verify(node, &waiting, "totp", "123456").await;
        none.refused(401, "mfa_token_invalid");
        let begun = node
            .anybody()
            .post("/auth/mfa/enrol/totp", &json!({"mfa_token": token}))
            .await;
        begun.refused(401, "mfa_token_invalid");
        // A wrong password is told nothing of this.
        let wrong = log_in(node, "mia@acme.example", "a wrong passphrase").await;
        wrong.refused(401, "invalid_credentials");

        let short = choose(node, token, "quiet marble lantern").await;
        assert_eq!(
            short.json()["errors"][0]["code"],
            "password_too_short",
            "{}",
            short.text
        );
        assert_eq!(short.fields(), ["new_password"]);
        let signed_in = choose(node, token, NEW).await.expect(200);
        let mia = node.bearer(signed_in["access_token"].as_str().unwrap());
        mia.get("/tenants/current").await.expect(200);
        before.get("/tenants/current").await.refused(401, "not_authenticated");
        choose(node, token, NEW).await.refused(401, "mfa_token_invalid");
        log_in(node, "mia@acme.example", PASSWORD)
            .await
            .refused(401, "invalid_credentials");
        let again = log_in(node, "mia@acme.example", NEW).await.expect(200);
        assert!(again["access_token"].is_string(), "{again}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_factor_comes_before_the_password_and_an_enrolment_after_it() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let app = App::enrol(node, &owner.caller).await;
        node.member(&owner, "mia@acme.example", "member").await;
        demand(&owner, json!({"mfa_required": true, "password": {"min_length": 30}})).await;

        let waiting = log_in(node, &owner.email, PASSWORD).await.expect(200);
        assert_eq!(waiting["mfa_required"], true, "{waiting}");
        assert!(waiting["reason"].is_null() && waiting["password_change_required"].is_null());
        let token = &waiting["mfa_token"];
        choose(node, token, NEW).await.refused(401, "mfa_token_invalid");
        let code = app.shows(node);
        let next = verify(node, &waiting, "totp", &code).await.expect(200);
        assert_eq!(next["password_change_required"], true, "{next}");
        assert_eq!(next["reason"], "password_too_short");
        // What was shown is used up.
        verify(node, &waiting, "totp", &code)
            .await
            .refused(401, "mfa_token_invalid");
        let other = log_in(node, &owner.email, PASSWORD).await.expect(200);
        verify(node, &other, "totp", &code).await.refused(401, "invalid_code");
        let signed_in = choose(node, &next["mfa_token"], NEW).await.expect(200);
        let olive = node.bearer(signed_in["access_token"].as_str().unwrap());
        let sessions = olive.get("/me/sessions").await.expect(200);
        assert_eq!(
            sessions["data"][0]["methods"],
            json!(["pwd", "otp", "mfa"]),
            "{sessions}"
        );

        let waiting = log_in(node, "mia@acme.example", PASSWORD).await.expect(200);
        assert_eq!(waiting["password_change_required"], true, "{waiting}");
        let next = choose(node, &waiting["mfa_token"], NEW).await.expect(200);
        assert_eq!(next["mfa_enrolment_required"], true, "{next}");
        let body = json!({"mfa_token": next["mfa_token"]});
        let begun = node.anybody().post("/auth/mfa/enrol/totp", &body).await.expect(200);
        let code = code_at(begun["secret"].as_str().unwrap(), node.now());
        let body = json!({"mfa_token": next["mfa_token"], "code": code});
        let signed_in = node
            .anybody()
            .post("/auth/mfa/enrol/totp/confirm", &body)
            .await
            .expect(200);
        assert!(signed_in["access_token"].is_string());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_choose_at_once_one_gets_in_and_a_reset_is_always_a_way() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        node.member(&owner, "mia@acme.example", "member").await;
        demand(&owner, json!({"password": {"min_length": 30}})).await;
        let waiting = log_in(node, "mia@acme.example", PASSWORD).await.expect(200);
        let late = log_in(node, "mia@acme.example", PASSWORD).await.expect(200);

        let told = futures_util::future::join_all((0..8).map(|number| {
            let token = &waiting["mfa_token"];
            async move {
                let chosen = format!("{NEW} {number}");
                (choose(node, token, &chosen).await.status, chosen)
            }
        }))
        .await;

        let (in_now, out): (Vec<_>, Vec<_>) = told.into_iter().partition(|(status, _)| *status == 200);
        assert_eq!(in_now.len(), 1);
        assert!(out.iter().all(|(status, _)| *status == 401), "{out:?}");
        log_in(node, "mia@acme.example", &in_now[0].1).await.expect(200);
        // Others that waited for the same password rest on one that is none any more.
        choose(node, &late["mfa_token"], NEW)
            .await
            .refused(401, "mfa_token_invalid");

        demand(&owner, json!({"password": {"min_length": 50}})).await;
        let waiting = log_in(node, "mia@acme.example", &in_now[0].1).await.expect(200);
        assert_eq!(waiting["password_change_required"], true);
        let forgot = json!({"email": "mia@acme.example"});
        node.anybody().post("/auth/password/forgot", &forgot).await;
        let longer = format!("{NEW} and a word and another one");
        let body = json!({"token": node.token_sent_to("mia@acme.example").await, "password": longer});
        assert_eq!(node.anybody().post("/auth/password/reset", &body).await.status, 204);
        choose(node, &waiting["mfa_token"], &longer)
            .await
            .refused(401, "mfa_token_invalid");
        let signed_in = log_in(node, "mia@acme.example", &longer).await.expect(200);
        assert!(signed_in["access_token"].is_string(), "{signed_in}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strength_and_breaches_are_looked_at_when_somebody_signs_in() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let accept = async |email: &str, password: &str| {
            let body = json!({"email": email, "role": "member"});
            owner.caller.post(&owner.path("/invitations"), &body).await.expect(201);
            let token = node.token_sent_to(email).await;
            let body = json!({"token": token, "name": "Mia", "password": password});
            node.anybody().post("/invitations/accept", &body).await.expect(200);
        };
        let (leaked, weak) = ("quicksilver", "dragonmonkey99");
        accept("lea@acme.example", leaked).await;
        accept("wes@acme.example", weak).await;
        let reason = async |email: &str, password: &str| {
            let answer = log_in(node, email, password).await.expect(200);
            assert_eq!(
                answer["reason"].is_string(),
                answer["access_token"].is_null(),
                "{answer}"
            );
            answer["reason"].clone()
        };
        assert_eq!(reason("lea@acme.example", leaked).await, Value::Null);

        demand(&owner, json!({"password": {"forbid_breached": true}})).await;
        assert_eq!(reason("lea@acme.example", leaked).await, "password_breached");
        assert_eq!(reason("wes@acme.example", weak).await, Value::Null);
        demand(&owner, json!({"password": {"min_strength": 3}})).await;
        assert_eq!(reason("wes@acme.example", weak).await, "password_too_weak");
        assert_eq!(reason(&owner.email, PASSWORD).await, Value::Null);
        demand(&owner, json!({})).await;
        assert_eq!(reason("wes@acme.example", weak).await, Value::Null);
    })
    .await;
}
