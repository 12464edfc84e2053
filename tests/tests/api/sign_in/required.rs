//! What a tenant's policy demands of those who sign in.

use serde_json::{Value, json};

use super::totp::{pending, verify};
use crate::harness::{App, Node, Owner, PASSWORD, Setup, code_at, has_python, on_each_database};

async fn demand(owner: &Owner, policy: &Value) {
    owner
        .caller
        .put("/tenants/current/security-policy", policy)
        .await
        .expect(200);
}

async fn log_in(node: &Node, email: &str) -> Value {
    let body = json!({"email": email, "password": PASSWORD});
    node.anybody().post("/auth/login", &body).await.expect(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_wants_two_factors_has_them_enrolled_at_the_next_sign_in() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        node.member(&owner, "mia@acme.example", "member").await;
        let before = log_in(node, "mia@acme.example").await;
        let app = App::enrol(node, &owner.caller).await;
        demand(&owner, &json!({"mfa_required": true})).await;

        // Who has a factor shows it; who has none enrols one, and can do nothing else meanwhile.
        let waiting = pending(node, &owner.email).await;
        verify(node, &waiting, "totp", &app.shows(node)).await.expect(200);
        let waiting = log_in(node, "mia@acme.example").await;
        assert_eq!(waiting["mfa_enrolment_required"], true);
        assert_eq!(waiting["methods"], json!(["totp", "passkey"]));
        assert!(waiting["access_token"].is_null() && waiting["mfa_required"].is_null());
        let token = waiting["mfa_token"].clone();
        for path in ["/me", "/tenants/current", "/me/sessions"] {
            let caller = node.bearer(token.as_str().unwrap());
            caller.get(path).await.refused(401, "not_authenticated");
        }
        verify(node, &waiting, "totp", "123456")
            .await
            .refused(401, "mfa_token_invalid");
        let confirm = async |code: &str| {
            let body = json!({"mfa_token": token, "code": code});
            node.anybody().post("/auth/mfa/enrol/totp/confirm", &body).await
        };
        confirm("123456").await.refused(409, "totp_not_begun");
        let body = json!({"mfa_token": token});
        let begun = node.anybody().post("/auth/mfa/enrol/totp", &body).await.expect(200);
        confirm("12345").await.refused(401, "invalid_code");
        let code = code_at(begun["secret"].as_str().unwrap(), node.now());
        let signed_in = confirm(&code).await.expect(200);
        assert_eq!(signed_in["recovery_codes"].as_array().unwrap().len(), 10);
        let mia = node.bearer(signed_in["access_token"].as_str().unwrap());
        mia.get("/tenants/current").await.expect(200);
        confirm(&code).await.refused(401, "mfa_token_invalid");

        // The session from before has shown one factor.
        let refresh = json!({"refresh_token": before["refresh_token"]});
        node.anybody()
            .post("/auth/refresh", &refresh)
            .await
            .refused(403, "mfa_required");
        let renewed = json!({"refresh_token": signed_in["refresh_token"]});
        node.anybody().post("/auth/refresh", &renewed).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_chooses_how_one_signs_in() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        node.token_sent_to(&owner.email).await; // Of the welcome.
        let body = json!({"email": owner.email, "password": PASSWORD});
        let ask = json!({"email": owner.email});

        demand(&owner, &json!({"sign_in_methods": ["password"]})).await;
        node.log_in(&owner.email).await;
        assert_eq!(node.anybody().post("/auth/magic-link", &ask).await.status, 202);

        demand(&owner, &json!({"sign_in_methods": ["magic_link"]})).await;
        node.anybody()
            .post("/auth/login", &body)
            .await
            .refused(403, "sign_in_method_not_allowed");
        assert_eq!(node.anybody().post("/auth/magic-link", &ask).await.status, 202);
        let token = node.token_sent_to(&owner.email).await;
        let redeem = json!({"token": token});
        node.anybody()
            .post("/auth/magic-link/redeem", &redeem)
            .await
            .expect(200);
        assert_eq!(
            node.letters_about(&owner.email, "link to sign in"),
            1,
            "none while it was forbidden"
        );
    })
    .await;
}
