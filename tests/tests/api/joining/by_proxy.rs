//! Strangers who use the address of somebody that follows every link.

use serde_json::json;

use super::{join, letting_in, member, prove, setup, suggested, unproved};
use crate::harness::{Caller, Dns, Node, Owner, PASSWORD, on_each_database};

/// What the account has by its addresses: members, suggestions, and the addresses that are held.
async fn has_nothing(owner: &Owner, account: &Caller, email: &str) {
    assert!(member(&owner.caller, email).await.is_none());
    assert!(suggested(account).await.is_empty());
    join(account, "acme").await.refused(404, "not_found");
    assert!(held(account).await.is_empty());
}

async fn held(account: &Caller) -> Vec<String> {
    let emails = account.get("/me/emails").await.expect(200);
    let rows = emails["data"].as_array().unwrap().iter();
    let held = rows.filter(|row| row["held"] == true);
    held.map(|row| row["email"].as_str().unwrap().to_owned()).collect()
}

async fn invite(node: &Node, slug: &str, email: &str) {
    let inviting = node.sign_up(slug, "enterprise").await;
    let body = json!({"email": email, "role": "member"});
    inviting
        .caller
        .post("/tenants/current/invitations", &body)
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_somebody_else_follows_lends_a_stranger_no_place() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "auto").await;
        // Eve signs up with Ada's address; Ada follows the link, signed in as nobody or as herself elsewhere.
        let eve = unproved(node, "ada@acme.example").await;
        let link = json!({"token": node.token_sent_to("ada@acme.example").await});
        node.anybody().post("/auth/email/verify", &link).await.expect(204);
        assert_eq!(eve.get("/me").await.expect(200)["email_verified"], true);
        has_nothing(&owner, &eve, "ada@acme.example").await;
        let elsewhere = unproved(node, "ada@home.example").await;
        elsewhere
            .post("/auth/email/verify", &link)
            .await
            .refused(401, "token_invalid");
        // Nor is an invitation hers to accept without its mail.
        invite(node, "globex", "ada@acme.example").await;
        has_nothing(&owner, &eve, "ada@acme.example").await;
        join(&eve, "globex").await.refused(403, "email_unverified");
        // Or adds it to an account that she holds.
        let eve = unproved(node, "eve@evil.example").await;
        prove(node, &eve, "eve@evil.example").await;
        eve.post("/me/emails", &json!({"email": "bob@acme.example"}))
            .await
            .expect(202);
        let link = json!({"token": node.token_sent_to("bob@acme.example").await});
        node.anybody()
            .post("/auth/email/verify", &link)
            .await
            .refused(403, "email_not_yours");
        assert!(member(&owner.caller, "bob@acme.example").await.is_none());
        assert!(suggested(&eve).await.is_empty());
        assert_eq!(held(&eve).await, ["eve@evil.example"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_confirmed_without_being_signed_in_confirms_once_more_and_comes_in() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "auto").await;
        let ada = unproved(node, "ada@acme.example").await;
        let link = json!({"token": node.token_sent_to("ada@acme.example").await});
        node.anybody().post("/auth/email/verify", &link).await.expect(204);
        has_nothing(&owner, &ada, "ada@acme.example").await;

        // The same link, as often as one likes.
        for _ in 0..2 {
            ada.post("/auth/email/verify", &link).await.expect(204);
            assert_eq!(held(&ada).await, ["ada@acme.example"]);
            assert!(member(&owner.caller, "ada@acme.example").await.is_some());
        }
        node.anybody()
            .post("/auth/email/verify", &link)
            .await
            .refused(401, "token_invalid");

        // Or one of a letter that she asks for.
        let bob = unproved(node, "bob@acme.example").await;
        let link = json!({"token": node.token_sent_to("bob@acme.example").await});
        node.anybody().post("/auth/email/verify", &link).await.expect(204);
        bob.post("/me/emails", &json!({"email": "bob@acme.example"}))
            .await
            .expect(202);
        prove(node, &bob, "bob@acme.example").await;
        assert!(member(&owner.caller, "bob@acme.example").await.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_set_by_mail_and_a_link_that_signs_in_show_who_holds_the_account() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "auto").await;
        // Ada takes back the account that Eve opened.
        let eve = unproved(node, "ada@acme.example").await;
        node.token_sent_to("ada@acme.example").await;
        let forgot = json!({"email": "ada@acme.example"});
        assert_eq!(node.anybody().post("/auth/password/forgot", &forgot).await.status, 202);
        let reset = json!({"token": node.token_sent_to("ada@acme.example").await, "password": "another horse battery"});
        node.anybody().post("/auth/password/reset", &reset).await.expect(204);
        assert!(member(&owner.caller, "ada@acme.example").await.is_some());
        eve.get("/me").await.refused(401, "not_authenticated");

        // A link signs Bob in, who never chose a password that anybody else knows.
        let by_link = async |email: &str| {
            let ask = json!({"email": email});
            assert_eq!(node.anybody().post("/auth/magic-link", &ask).await.status, 202);
            let link = json!({"token": node.token_sent_to(email).await});
            let inside = node.anybody().post("/auth/magic-link/redeem", &link).await.expect(200);
            node.bearer(inside["access_token"].as_str().unwrap())
        };
        unproved(node, "bob@acme.example").await;
        node.token_sent_to("bob@acme.example").await;
        let bob = by_link("bob@acme.example").await;
        assert_eq!(held(&bob).await, ["bob@acme.example"]);
        assert!(member(&owner.caller, "bob@acme.example").await.is_some());
        assert!(suggested(&bob).await.is_empty());

        // Where a password is older than the proof, its owner may be somebody else: the link alone says nothing of them.
        unproved(node, "kim@acme.example").await;
        let link = json!({"token": node.token_sent_to("kim@acme.example").await});
        node.anybody().post("/auth/email/verify", &link).await.expect(204);
        let kim = by_link("kim@acme.example").await;
        kim.post("/auth/email/verify", &link).await.expect(204);
        has_nothing(&owner, &kim, "kim@acme.example").await;
        let log_in = json!({"email": "kim@acme.example", "password": PASSWORD});
        let inside = node.anybody().post("/auth/login", &log_in).await.expect(200);
        let kim = node.bearer(inside["access_token"].as_str().unwrap());
        kim.post("/auth/email/verify", &link).await.expect(204);
        assert_eq!(held(&kim).await, ["kim@acme.example"]);

        // Who accepts an invitation and chooses a password holds the address that was invited.
        let other = node.sign_up("initech", "enterprise").await;
        let (_, lee) = node.member(&other, "lee@acme.example", "member").await;
        assert_eq!(held(&lee).await, ["lee@acme.example"]);
        assert!(member(&owner.caller, "lee@acme.example").await.is_some());
        join(&lee, "acme").await.refused(409, "already_member");
    })
    .await;
}
