//! Several addresses of one person.

use serde_json::json;
use time::Duration;

use super::{add_address, addresses_of, follow, founder, sign_in};
use crate::harness::{PASSWORD, Setup, on_each_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_in_with_every_address_they_proved() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = founder(node, "acme").await;
        let claim = json!({"email": "Olive@Home.example"});
        let claimed = owner.caller.post("/me/emails", &claim).await.expect(202);
        assert_eq!(claimed["verified"], false);
        sign_in(node, "olive@home.example")
            .await
            .refused(401, "invalid_credentials");

        // Somebody else who follows every link lends nobody their address, and the link is good still.
        let bob = founder(node, "globex").await;
        let link = json!({"token": node.token_sent_to("olive@home.example").await});
        for somebody in [&node.anybody(), &bob.caller] {
            somebody
                .post("/auth/email/verify", &link)
                .await
                .refused(403, "email_not_yours");
        }
        owner.caller.post("/auth/email/verify", &link).await.expect(204);

        assert_eq!(
            addresses_of(&owner.caller).await,
            ["olive@home.example", "owner@acme.example*"]
        );
        let signed_in = sign_in(node, "olive@home.example").await.expect(200);
        assert_eq!(signed_in["user"]["email"], "owner@acme.example");
        // What is mailed about the password goes where it was asked for.
        let forgot = json!({"email": "olive@home.example"});
        let forgot = node.anybody().post("/auth/password/forgot", &forgot).await;
        assert_eq!(forgot.status, 202);
        let reset =
            json!({"token": node.token_sent_to("olive@home.example").await, "password": "another horse battery"});
        node.anybody().post("/auth/password/reset", &reset).await.expect(204);
        sign_in(node, "owner@acme.example")
            .await
            .refused(401, "invalid_credentials");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_tells_nothing_and_keeps_an_address_from_nobody() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (ada, bob) = (founder(node, "acme").await, founder(node, "globex").await);
        let claim = async |email: &str| {
            let reply = ada.caller.post("/me/emails", &json!({"email": email})).await;
            (reply.status, reply.json()["verified"].clone())
        };

        let theirs = claim("owner@globex.example").await;
        let nobodys = claim("nobody@globex.example").await;
        let shared = claim("shared@globex.example").await;

        assert_eq!((&theirs, &theirs), (&nobodys, &shared));
        follow(node, &ada.caller, "owner@globex.example")
            .await
            .refused(409, "email_taken");
        // Bob proves an address that Ada claimed first, and was mailed a link to.
        node.token_sent_to("shared@globex.example").await;
        add_address(node, &bob.caller, "shared@globex.example").await;
        let signed_in = sign_in(node, "shared@globex.example").await.expect(200);
        assert_eq!(signed_in["user"]["email"], "owner@globex.example");
        for junk in ["", "no address", "a@b"] {
            let refused = ada.caller.post("/me/emails", &json!({"email": junk})).await;
            assert_eq!(refused.fields(), ["email"]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_prove_one_address_at_once_one_has_it() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (ada, bob) = (founder(node, "acme").await, founder(node, "globex").await);
        for round in 0..5 {
            let email = format!("shared{round}@x.example");
            let claim = json!({"email": email});
            ada.caller.post("/me/emails", &claim).await.expect(202);
            let first = json!({"token": node.token_sent_to(&email).await});
            bob.caller.post("/me/emails", &claim).await.expect(202);
            let second = json!({"token": node.token_sent_to(&email).await});

            let (one, other) = tokio::join!(
                ada.caller.post("/auth/email/verify", &first),
                bob.caller.post("/auth/email/verify", &second)
            );

            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [204, 409], "{} {}", one.text, other.text);
            let winner = if one.status == 204 { &ada.email } else { &bob.email };
            assert_eq!(
                sign_in(node, &email).await.expect(200)["user"]["email"],
                winner.as_str()
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_address_is_confirmed_and_can_be_brought_back() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = founder(node, "acme").await;
        let change = json!({"email": "thief@evil.example"});
        owner.caller.post("/me/email", &change).await.expect(202);
        assert_eq!(
            addresses_of(&owner.caller).await,
            ["owner@acme.example*", "thief@evil.example?"]
        );

        let link = json!({"token": node.token_sent_to("thief@evil.example").await});
        let anybody = node.anybody().post("/auth/email/verify", &link).await;
        anybody.refused(403, "email_not_yours");
        owner.caller.post("/auth/email/verify", &link).await.expect(204);

        assert_eq!(
            addresses_of(&owner.caller).await,
            ["owner@acme.example", "thief@evil.example*"]
        );
        let emails = owner.caller.get("/me/emails").await.expect(200);
        let id = |email: &str| {
            let mut rows = emails["data"].as_array().unwrap().iter();
            rows.find(|row| row["email"] == email).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let remove = async |email: &str| owner.caller.delete(&format!("/me/emails/{}", id(email))).await;
        remove("thief@evil.example").await.refused(409, "email_primary");
        remove("owner@acme.example")
            .await
            .refused(409, "email_recently_primary");
        // The tenant knows the address it knew.
        let members = owner.caller.get("/tenants/current/users").await.expect(200);
        assert_eq!(members["data"][0]["email"], "owner@acme.example");

        let undo = json!({"token": node.token_sent_to("owner@acme.example").await});
        node.clock.advance(Duration::hours(71));
        node.anybody().post("/auth/email/undo", &undo).await.expect(204);

        owner.caller.get("/me").await.refused(401, "not_authenticated");
        sign_in(node, "thief@evil.example")
            .await
            .refused(401, "invalid_credentials");
        let back = node.log_in("owner@acme.example").await;
        assert_eq!(addresses_of(&back).await, ["owner@acme.example*"]);
        node.anybody()
            .post("/auth/email/undo", &undo)
            .await
            .refused(401, "token_invalid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_change_hands_only_with_a_fresh_log_in() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = founder(node, "acme").await;
        let body = json!({"email": owner.email, "password": PASSWORD});
        let signed_in = node.anybody().post("/auth/login", &body).await.expect(200);
        let second = add_address(node, &owner.caller, "olive@home.example").await;
        node.clock.advance(Duration::minutes(11));
        let refresh = json!({"refresh_token": signed_in["refresh_token"]});
        let again = node.anybody().post("/auth/refresh", &refresh).await.expect(200);
        let old = node.bearer(again["access_token"].as_str().unwrap());

        for (path, body) in [
            ("/me/emails".to_owned(), json!({"email": "x@y.example"})),
            ("/me/email".to_owned(), json!({"email": "x@y.example"})),
            (format!("/me/emails/{second}/make-primary"), json!({})),
            ("/me/merge/start".to_owned(), json!({"email": "x@y.example"})),
        ] {
            old.post(&path, &body).await.refused(403, "step_up_required");
        }
        for path in [format!("/me/emails/{second}"), "/me".to_owned()] {
            old.delete(&path).await.refused(403, "step_up_required");
        }

        let fresh = node.log_in(&owner.email).await;
        fresh.delete(&format!("/me/emails/{second}")).await.expect(204);
        assert_eq!(addresses_of(&fresh).await, ["owner@acme.example*"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_invited_at_an_address_gets_it_with_the_membership() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (ada, bob) = (founder(node, "acme").await, founder(node, "globex").await);
        let invite = json!({"email": "ada@work.example", "role": "viewer"});
        bob.caller.post(&bob.path("/invitations"), &invite).await.expect(201);
        let added = json!({"email": "ada@other.example", "role": "viewer", "send_invite": false});
        let initech = founder(node, "initech").await;
        initech.caller.post(&initech.path("/users"), &added).await.expect(201);
        let old = node.token_sent_to("ada@work.example").await;

        add_address(node, &ada.caller, "ada@work.example").await;
        add_address(node, &ada.caller, "ada@other.example").await;

        // The membership of the account that only stood for the address is hers, the invitation came again.
        let mine = ada.caller.get("/me/tenants").await.expect(200);
        let states: Vec<_> = mine["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (&row["slug"], &row["status"]))
            .collect();
        assert_eq!(
            states,
            [
                (&json!("acme"), &json!("active")),
                (&json!("globex"), &json!("invited")),
                (&json!("initech"), &json!("active")),
            ]
        );
        let stale = json!({"token": old});
        assert_eq!(node.anybody().post("/invitations/accept", &stale).await.status, 401);
        let fresh = json!({"token": node.token_sent_to("ada@work.example").await});
        node.anybody().post("/invitations/accept", &fresh).await.expect(200);
        ada.caller
            .post("/me/tenants/globex/switch", &json!({}))
            .await
            .expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_has_a_language_and_a_place() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = founder(node, "acme").await;
        let change = json!({"name": "Olive King", "locale": "ja", "timezone": "Asia/Tokyo"});

        let changed = owner.caller.patch("/me", &change).await.expect(200);

        assert_eq!(
            (&changed["name"], &changed["timezone"]),
            (&json!("Olive King"), &json!("Asia/Tokyo"))
        );
        assert!(owner.caller.get("/me").await.expect(200)["last_login_at"].is_null());
        let wrong = json!({"name": "", "locale": "??", "timezone": "Mars/Phobos"});
        assert_eq!(
            owner.caller.patch("/me", &wrong).await.fields(),
            ["name", "locale", "timezone"]
        );
        let emptied = owner.caller.patch("/me", &json!({"timezone": null})).await.expect(200);
        assert!(emptied["timezone"].is_null());
        let seen = node.log_in(&owner.email).await.get("/me").await.expect(200);
        assert_eq!(seen["last_login_at"], "2026-03-01T12:00:00Z");
    })
    .await;
}
