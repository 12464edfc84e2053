//! Links in mails that sign in.

use serde_json::{Value, json};
use time::Duration;

use super::totp::{pending, verify};
use crate::harness::{App, Node, PASSWORD, Setup, has_python, on_each_database};

async fn ask(node: &Node, body: &Value) {
    let reply = node.anybody().post("/auth/magic-link", body).await;
    assert_eq!((reply.status, reply.text.as_str()), (202, ""));
}

async fn redeem(node: &Node, token: &str) -> crate::harness::Reply {
    node.anybody()
        .post("/auth/magic-link/redeem", &json!({"token": token}))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_signs_in_once_and_within_ten_minutes() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        node.token_sent_to(&owner.email).await; // Of the welcome.
        let asked = json!({"email": owner.email});
        ask(node, &json!({"email": "nobody@example.com"})).await;
        ask(node, &json!({"email": owner.email, "tenant": "nowhere"})).await;
        ask(node, &asked).await;
        let token = node.token_sent_to(&owner.email).await;

        let signed_in = redeem(node, &token).await.expect(200);
        assert_eq!(signed_in["tenant"]["slug"], "acme");
        assert_eq!(signed_in["user"]["email_verified"], true);
        let caller = node.bearer(signed_in["access_token"].as_str().unwrap());
        let sessions = caller.get("/me/sessions").await.expect(200);
        assert_eq!(sessions["data"][0]["methods"], json!(["mca"]));
        redeem(node, &token).await.refused(401, "token_invalid");

        ask(node, &asked).await;
        let first = node.token_sent_to(&owner.email).await;
        ask(node, &asked).await;
        let second = node.token_sent_to(&owner.email).await;
        // Whoever asks again, a stranger or an impatient owner, spoils nothing; following one ends the others.
        redeem(node, &first).await.expect(200);
        redeem(node, &second).await.refused(401, "token_invalid");
        ask(node, &asked).await;
        let second = node.token_sent_to(&owner.email).await;
        // It is good for nothing else.
        let reset = json!({"token": second, "password": "another long passphrase"});
        node.anybody()
            .post("/auth/password/reset", &reset)
            .await
            .refused(401, "token_invalid");
        node.clock.advance(Duration::minutes(10));
        redeem(node, &second).await.refused(401, "token_invalid");
        redeem(node, "link_nonsense").await.refused(401, "token_invalid");
        let letter = node.letter_to(&owner.email, "link to sign in").await;
        assert!(letter.contains("http://localhost:0/sign-in/link?token="), "{letter}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_that_two_follow_at_once_lets_one_in() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        node.token_sent_to(&owner.email).await; // Of the welcome.
        ask(node, &json!({"email": owner.email, "tenant": "acme"})).await;
        let token = node.token_sent_to(&owner.email).await;

        let replies = futures_util::future::join_all((0..6).map(|_| redeem(node, &token))).await;

        let let_in = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(let_in, 1);
        for reply in replies.into_iter().filter(|reply| reply.status != 200) {
            reply.refused(401, "token_invalid");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signed_up_with_anothers_address_does_not_share_the_account_of_who_follows_the_link() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        // A stranger signs up with an address that is not theirs, and makes themself at home.
        let stranger = node.sign_up("acme", "pro").await;
        node.token_sent_to(&stranger.email).await; // Of the welcome, which they never read.
        App::enrol(node, &stranger.caller).await;
        ask(node, &json!({"email": stranger.email})).await;
        let token = node.token_sent_to(&stranger.email).await;

        let signed_in = redeem(node, &token).await.expect(200);

        let caller = node.bearer(signed_in["access_token"].as_str().unwrap());
        let left = caller.get("/me/mfa/recovery-codes").await.expect(200);
        assert_eq!(left["methods"], json!([]));
        stranger.caller.get("/me").await.refused(401, "not_authenticated");
        let body = json!({"email": stranger.email, "password": PASSWORD});
        let again = node.anybody().post("/auth/login", &body).await;
        again.refused(401, "invalid_credentials");
        caller.get("/me").await.expect(200);
    })
    .await;
}

/// Follows the link of the welcome.
async fn prove(node: &Node, email: &str) {
    let token = json!({"token": node.token_sent_to(email).await});
    node.anybody().post("/auth/email/verify", &token).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_password_ends_what_waits_for_a_factor() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        prove(node, &owner.email).await;
        let app = App::enrol(node, &owner.caller).await;
        let waiting = pending(node, &owner.email).await;
        let forgot = json!({"email": owner.email});
        node.anybody().post("/auth/password/forgot", &forgot).await.expect(202);
        let reset = json!({"token": node.token_sent_to(&owner.email).await, "password": "another long passphrase"});

        node.anybody().post("/auth/password/reset", &reset).await.expect(204);

        verify(node, &waiting, "totp", &app.shows(node))
            .await
            .refused(401, "mfa_token_invalid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_does_not_pass_by_a_second_factor() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        prove(node, &owner.email).await;
        let app = App::enrol(node, &owner.caller).await;
        ask(node, &json!({"email": owner.email})).await;
        let token = node.token_sent_to(&owner.email).await;

        let waiting = redeem(node, &token).await.expect(200);

        assert_eq!(waiting["mfa_required"], true);
        redeem(node, &token).await.refused(401, "token_invalid");
        verify(node, &waiting, "totp", &app.shows(node)).await.expect(200);
    })
    .await;
}
