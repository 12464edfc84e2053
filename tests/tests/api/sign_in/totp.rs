//! Authenticator apps and recovery codes. What an app shows is computed by Python.

use serde_json::{Value, json};
use time::Duration;

use crate::harness::{App, Caller, Node, Owner, PASSWORD, Reply, Setup, code_at, has_python, on_each_database};

/// Signs in with the password; a second factor is missing.
pub async fn pending(node: &Node, email: &str) -> Value {
    let body = json!({"email": email, "password": PASSWORD});
    let answer = node.anybody().post("/auth/login", &body).await.expect(200);
    assert_eq!(answer["mfa_required"], true, "{answer}");
    assert!(answer["access_token"].is_null());
    answer
}

pub async fn verify(node: &Node, pending: &Value, method: &str, code: &str) -> Reply {
    let body = json!({"mfa_token": pending["mfa_token"], "method": method, "code": code});
    node.anybody().post("/auth/mfa/verify", &body).await
}

async fn current_session(caller: &Caller) -> Value {
    let sessions = caller.get("/me/sessions").await.expect(200);
    let all = sessions["data"].as_array().unwrap().clone();
    all.into_iter().find(|session| session["current"] == true).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_is_enrolled_with_a_first_code_and_asked_for_from_then_on() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let begun = owner.caller.post("/me/mfa/totp", &json!({})).await.expect(200);
        let secret = begun["secret"].as_str().unwrap();
        let uri = begun["otpauth_uri"].as_str().unwrap();
        assert_eq!(secret.len(), 32, "160 bits in base 32");
        assert!(
            uri.starts_with("otpauth://totp/") && uri.contains(&format!("secret={secret}&")),
            "{uri}"
        );
        assert!(begun["qr_svg"].as_str().unwrap().starts_with("<svg "));
        // Not confirmed, it does not count.
        node.log_in(&owner.email).await;
        owner
            .caller
            .post("/me/mfa/totp/confirm", &json!({"code": "12345"}))
            .await
            .refused(401, "invalid_code");

        let first = code_at(secret, node.now());
        let confirmed = owner.caller.post("/me/mfa/totp/confirm", &json!({"code": first})).await;
        let codes = confirmed.expect(200)["recovery_codes"].clone();
        assert_eq!(codes.as_array().unwrap().len(), 10);
        owner
            .caller
            .post("/me/mfa/totp", &json!({}))
            .await
            .refused(409, "totp_enrolled");

        let waiting = pending(node, &owner.email).await;
        assert_eq!(waiting["methods"], json!(["totp", "recovery_code"]));
        // The code that enrolled is used up; so is the token nothing but this.
        verify(node, &waiting, "totp", &first)
            .await
            .refused(401, "invalid_code");
        let token = waiting["mfa_token"].as_str().unwrap();
        node.bearer(token).get("/me").await.refused(401, "not_authenticated");
        node.clock.advance(Duration::seconds(30));
        let next = code_at(secret, node.now());
        let signed_in = verify(node, &waiting, "totp", &next).await.expect(200);
        let caller = node.bearer(signed_in["access_token"].as_str().unwrap());
        assert_eq!(current_session(&caller).await["methods"], json!(["pwd", "otp", "mfa"]));
        // Neither the token nor the code is good a second time.
        verify(node, &waiting, "totp", &next)
            .await
            .refused(401, "mfa_token_invalid");
        let again = pending(node, &owner.email).await;
        verify(node, &again, "totp", &next).await.refused(401, "invalid_code");

        caller.delete("/me/mfa/totp").await.expect(204);
        node.log_in(&owner.email).await;
        let left = caller.get("/me/mfa/recovery-codes").await.expect(200);
        assert_eq!((&left["remaining"], &left["methods"]), (&json!(0), &json!([])));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_code_shown_twice_at_once_lets_one_in() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let app = App::enrol(node, &owner.caller).await;
        let mut waiting = Vec::new();
        for _ in 0..6 {
            waiting.push(pending(node, &owner.email).await);
        }
        let code = app.shows(node);

        let shown = waiting.iter().map(|one| verify(node, one, "totp", &code));
        let replies = futures_util::future::join_all(shown).await;

        let (right, wrong): (Vec<Reply>, Vec<Reply>) = replies.into_iter().partition(|reply| reply.status == 200);
        assert_eq!(right.len(), 1);
        for reply in wrong {
            reply.refused(401, "invalid_code");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_at_a_code_wait_and_passkeys_and_recovery_codes_do_not() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let app = App::enrol(node, &owner.caller).await;
        let waiting = pending(node, &owner.email).await;
        let wrong = app.wrong(node);
        for _ in 0..5 {
            verify(node, &waiting, "totp", &wrong)
                .await
                .refused(401, "invalid_code");
        }

        let refused = verify(node, &waiting, "totp", &app.shows(node)).await;
        assert_eq!(refused.header("retry-after"), "30");
        refused.refused(429, "too_many_attempts");
        verify(node, &waiting, "recovery_code", &app.recovery_codes[0])
            .await
            .expect(200);
        node.clock.advance(Duration::seconds(30));
        let waiting = pending(node, &owner.email).await;
        verify(node, &waiting, "totp", &app.shows(node)).await.expect(200);

        // A token that was guessed with too often is worth nothing, whatever follows.
        let waiting = pending(node, &owner.email).await;
        for _ in 0..10 {
            verify(node, &waiting, "recovery_code", "aaaa-bbbb-cccc-dddd")
                .await
                .refused(401, "invalid_code");
        }
        verify(node, &waiting, "recovery_code", &app.recovery_codes[1])
            .await
            .refused(401, "mfa_token_invalid");
        let waiting = pending(node, &owner.email).await;
        node.clock.advance(Duration::minutes(10));
        verify(node, &waiting, "recovery_code", &app.recovery_codes[1])
            .await
            .refused(401, "mfa_token_invalid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recovery_codes_are_good_once_each_and_their_use_is_mailed() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let app = App::enrol(node, &owner.caller).await;
        let code = app.recovery_codes[3].to_uppercase().replace('-', " ");
        let waiting = pending(node, &owner.email).await;

        let signed_in = verify(node, &waiting, "recovery_code", &code).await.expect(200);

        let caller = node.bearer(signed_in["access_token"].as_str().unwrap());
        assert_eq!(caller.get("/me/mfa/recovery-codes").await.expect(200)["remaining"], 9);
        let letter = node.letter_to(&owner.email, "recovery code").await;
        assert!(letter.contains("9 are left"), "{letter}");
        let waiting = pending(node, &owner.email).await;
        verify(node, &waiting, "recovery_code", &code)
            .await
            .refused(401, "invalid_code");

        let renewed = caller.post("/me/mfa/recovery-codes", &json!({})).await.expect(200);
        assert_eq!(renewed["recovery_codes"].as_array().unwrap().len(), 10);
        verify(node, &waiting, "recovery_code", &app.recovery_codes[4])
            .await
            .refused(401, "invalid_code");
        let fresh = renewed["recovery_codes"][0].as_str().unwrap();
        verify(node, &waiting, "recovery_code", fresh).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_proves_again_who_one_is() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner: Owner = node.sign_up("acme", "pro").await;
        let app = App::enrol(node, &owner.caller).await;
        let waiting = pending(node, &owner.email).await;
        let signed_in = verify(node, &waiting, "totp", &app.shows(node)).await.expect(200);
        node.clock.advance(Duration::minutes(11));
        let refresh = json!({"refresh_token": signed_in["refresh_token"]});
        let renewed = node.anybody().post("/auth/refresh", &refresh).await.expect(200);
        let caller = node.bearer(renewed["access_token"].as_str().unwrap());
        caller.delete("/me/mfa/totp").await.refused(403, "step_up_required");

        let wrong = json!({"method": "totp", "code": app.wrong(node)});
        caller.post("/me/step-up", &wrong).await.refused(401, "invalid_code");
        assert_eq!(
            caller.post("/me/step-up", &json!({"method": "totp"})).await.fields(),
            ["code"]
        );
        let proof = json!({"method": "totp", "code": app.shows(node)});
        caller.post("/me/step-up", &proof).await.expect(200);
        caller.post("/me/step-up", &proof).await.refused(401, "invalid_code");

        caller.delete("/me/mfa/totp").await.expect(204);
        let letter = node.letter_to(&owner.email, "removed from your account").await;
        assert!(letter.contains("change your password"), "{letter}");
    })
    .await;
}
