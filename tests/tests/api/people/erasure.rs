//! Exports and erasure.

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;
use tenantry_test_support::schema;
use time::Duration;

use super::{add_address, founder, sign_in};
use crate::harness::{Caller, Node, Owner, PASSWORD, Setup, eventually, on_each_database};

/// Everything of somebody that must be found nowhere once they are erased.
const OF_MIA: &[&str] = &[
    "mia@acme.example",
    "mia@home.example",
    "Mia Marple",
    "203.0.113.77",
    "mias-browser",
];

/// Mia: a member of two tenants who leaves traces wherever one can.
async fn mia(node: &Node, acme: &Owner, globex: &Owner) -> Caller {
    let (id, _) = node.member(acme, "mia@acme.example", "admin").await;
    let rename = json!({"name": "Mia Marple", "department": "Mia Marple's desk"});
    acme.caller
        .patch(&acme.path(&format!("/users/{id}")), &rename)
        .await
        .expect(200);
    let body = json!({"email": "mia@acme.example", "password": PASSWORD});
    let browser = node
        .anybody()
        .calling_from("203.0.113.77")
        .with("user-agent", "mias-browser/1.0");
    let signed_in = browser.post("/auth/login", &body).await.expect(200);
    let mia = browser.bearer(signed_in["access_token"].as_str().unwrap());
    mia.patch("/me", &json!({"name": "Mia Marple"})).await.expect(200);
    add_address(node, &mia, "mia@home.example").await;
    mia.post("/me/emails", &json!({"email": "mia@unproved.example"}))
        .await
        .expect(202);
    let invite = json!({"email": "mia@home.example", "role": "viewer", "name": "Mia Marple"});
    globex
        .caller
        .post(&globex.path("/invitations"), &invite)
        .await
        .expect(201);
    let accepted = json!({"token": node.token_sent_to("mia@home.example").await, "name": "Mia Marple"});
    browser.post("/invitations/accept", &accepted).await.expect(200);
    mia.post("/tenants/current/api-keys", &json!({"name": "ci"}))
        .await
        .expect(201);
    // Bills of the tenant go to her.
    let bills = json!({"billing_email": "mia@acme.example"});
    acme.caller.patch(&acme.path(""), &bills).await.expect(200);
    browser
        .post(
            "/auth/login",
            &json!({"email": "mia@acme.example", "password": "wrong"}),
        )
        .await
        .refused(401, "invalid_credentials");
    mia
}

/// The same owner, signed in once more.
async fn again(node: &Node, owner: Owner) -> Owner {
    let caller = node.log_in(&owner.email).await;
    Owner { caller, ..owner }
}

async fn holding(node: &Node, text: &str) -> Vec<String> {
    schema::holding(node.installation().store.schema_connection(), text).await
}

async fn log_of(owner: &Owner) -> Vec<Value> {
    let page = owner.caller.get(&owner.path("/audit-logs?limit=200")).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

/// Letters wait in the queue, sealed; then they are gone.
async fn letters_are_sent(node: &Node) {
    let waiting = async || {
        holding(node, "\"")
            .await
            .iter()
            .all(|place| !place.starts_with("job."))
            .then_some(())
    };
    eventually("the queue to be empty", waiting).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_an_erased_person_is_left_in_any_table() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (founder(node, "acme").await, founder(node, "globex").await);
        let mia = mia(node, &acme, &globex).await;
        for text in OF_MIA {
            assert!(
                !holding(node, text).await.is_empty(),
                "{text} should have been somewhere"
            );
        }
        let before = [log_of(&acme).await, log_of(&globex).await];

        let asked = mia.delete("/me").await.expect(202);
        assert_eq!(asked["erase_at"], "2026-03-15T12:00:00Z");
        mia.get("/me").await.refused(401, "not_authenticated");
        node.clock.advance(Duration::days(14));
        let report = node
            .installation()
            .services
            .people
            .look_after_departures()
            .await
            .unwrap();
        assert!(report.failed.is_empty(), "{:?}", report.failed);
        letters_are_sent(node).await;
        let (acme, globex) = (again(node, acme).await, again(node, globex).await);

        for text in OF_MIA {
            assert_eq!(holding(node, text).await, Vec::<String>::new(), "{text}");
        }
        assert_eq!(holding(node, "mia@unproved.example").await, Vec::<String>::new());
        sign_in(node, "mia@acme.example")
            .await
            .refused(401, "invalid_credentials");
        // The logs are what they were, but for whom they speak of.
        for (owner, before) in [&acme, &globex].into_iter().zip(before) {
            let after = log_of(owner).await;
            let known = |id: &Value| after.iter().find(|entry| entry["id"] == *id).unwrap();
            for entry in &before {
                let now = known(&entry["id"]);
                for field in ["action", "actor", "resource", "created_at", "request_id"] {
                    assert_eq!(entry[field], now[field]);
                }
                let (was, is) = (entry["changes"].to_string(), now["changes"].to_string());
                assert_eq!(
                    was.contains("mia@") || was.contains("Mia"),
                    is.contains("erased:"),
                    "{was} {is}"
                );
            }
        }
        // One mark for one person in one tenant, another in the other.
        let marks = |log: &[Value]| {
            let text = serde_json::to_string(log).unwrap();
            let mut marks: Vec<String> = text
                .split("erased:")
                .skip(1)
                .map(|rest| rest[..16].to_owned())
                .collect();
            marks.sort();
            marks.dedup();
            marks
        };
        let (one, other) = (marks(&log_of(&acme).await), marks(&log_of(&globex).await));
        assert_eq!((one.len(), other.len()), (1, 1), "{one:?} {other:?}");
        assert_ne!(one, other);
        // The bills go to somebody who is there, and the address is free.
        let tenant = acme.caller.get(&acme.path("")).await.expect(200);
        assert_eq!(tenant["billing_email"], "owner@acme.example");
        let members = acme.caller.get(&acme.path("/users")).await.expect(200);
        assert_eq!(members["data"].as_array().unwrap().len(), 1);
        let _ = node.token_sent_to("mia@acme.example").await;
        node.member(&acme, "mia@acme.example", "viewer").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_thinks_better_of_it_stays() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let acme = founder(node, "acme").await;
        let (_, mia) = node.member(&acme, "mia@acme.example", "viewer").await;
        let refused = acme.caller.delete("/me").await.refused(409, "last_owner");
        assert_eq!(refused["tenants"], json!(["acme"]));

        mia.delete("/me").await.expect(202);
        let keep = json!({"token": node.token_sent_to("mia@acme.example").await});
        let back = node.log_in("mia@acme.example").await;
        assert_eq!(back.get("/me").await.expect(200)["erase_at"], "2026-03-15T12:00:00Z");
        node.anybody().post("/auth/account/keep", &keep).await.expect(204);
        assert!(back.get("/me").await.expect(200)["erase_at"].is_null());
        node.anybody()
            .post("/auth/account/keep", &keep)
            .await
            .refused(401, "token_invalid");
        back.delete("/me").await.expect(202);
        let back = node.log_in("mia@acme.example").await;
        back.post("/me/keep", &json!({})).await.expect(204);

        node.clock.advance(Duration::days(15));
        let report = node
            .installation()
            .services
            .people
            .look_after_departures()
            .await
            .unwrap();
        assert_eq!((report.gone, report.failed.len()), (0, 0));
        node.log_in("mia@acme.example").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_forgets_its_member_and_nobody_else_does() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (founder(node, "acme").await, founder(node, "globex").await);
        let mia = mia(node, &acme, &globex).await;
        let members = acme.caller.get(&acme.path("/users?q=marple")).await.expect(200);
        let id = members["data"][0]["id"].as_str().unwrap();
        let other = log_of(&globex).await;

        let path = acme.path(&format!("/users/{id}?erase=true"));
        globex.caller.delete(&path).await.refused(404, "not_found");
        acme.caller.delete(&path).await.expect(204);

        let log = serde_json::to_string(&log_of(&acme).await).unwrap();
        assert!(!log.contains("Mia Marple") && !log.contains("203.0.113.77"), "{log}");
        assert!(log.contains("erased:"));
        assert_eq!(log_of(&globex).await, other);
        mia.get("/me").await.refused(401, "not_authenticated");
        // What is hers is hers.
        let back = node.log_in("mia@home.example").await;
        assert_eq!(back.get("/me").await.expect(200)["name"], "Mia Marple");
        // Somebody whom only this tenant ever knew is nobody now.
        let invite = json!({"email": "guest@x.example", "role": "viewer", "name": "Gus Guest"});
        let guest = acme.caller.post(&acme.path("/invitations"), &invite).await.expect(201);
        let path = acme.path(&format!("/users/{}?erase=true", guest["id"].as_str().unwrap()));
        acme.caller.delete(&path).await.expect(204);
        letters_are_sent(node).await;
        for text in ["guest@x.example", "Gus Guest"] {
            assert_eq!(holding(node, text).await, Vec::<String>::new(), "{text}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_holds_what_is_known_and_no_secret() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (founder(node, "acme").await, founder(node, "globex").await);
        let mia = mia(node, &acme, &globex).await;

        let export = mia.get("/me/export").await.expect(200);

        assert_eq!(export["profile"]["name"], "Mia Marple");
        assert_eq!(export["has_password"], true);
        assert_eq!(export["emails"].as_array().unwrap().len(), 3);
        assert_eq!(export["memberships"].as_array().unwrap().len(), 2);
        assert_eq!(export["sessions"][0]["ip_address"], "203.0.113.77");
        let acts: Vec<&str> = export["activity"]
            .as_array()
            .unwrap()
            .iter()
            .map(|act| act["action"].as_str().unwrap())
            .collect();
        for expected in [
            "api_key.created",
            "user.updated",
            "membership.joined",
            "session.started",
        ] {
            assert!(acts.contains(&expected), "{expected} is not in {acts:?}");
        }
        assert!(!export.to_string().contains("argon2"));
        // What others did is none of hers.
        assert!(!export.to_string().contains("owner@acme.example"));

        let members = acme.caller.get(&acme.path("/users?q=marple")).await.expect(200);
        let path = acme.path(&format!("/users/{}/export", members["data"][0]["id"].as_str().unwrap()));
        let known = acme.caller.get(&path).await.expect(200);
        assert_eq!(known["member"]["email"], "mia@acme.example");
        assert_eq!(known["api_keys"][0]["name"], "ci");
        let history: Vec<_> = known["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| &entry["action"])
            .collect();
        assert_eq!(
            history,
            ["membership.updated", "membership.joined", "membership.invited"]
        );
        assert!(!known.to_string().contains("mia@home.example"));
        globex.caller.get(&path).await.refused(404, "not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_last_owner_is_not_erased_and_asked_again_the_next_day() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let acme = founder(node, "acme").await;
        let (_, second) = node.member(&acme, "second@acme.example", "owner").await;
        second.delete("/me").await.expect(202);
        acme.caller.post("/me/tenants/acme/leave", &json!({})).await.expect(204);
        let people = &node.installation().services.people;

        node.clock.advance(Duration::days(14));
        let first = people.look_after_departures().await.unwrap();
        let again = people.look_after_departures().await.unwrap();

        assert_eq!((first.gone, first.failed.len(), again.failed.len()), (0, 1, 0));
        let root = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let found = root.get("/admin/users?q=second@acme.example").await.expect(200);
        assert_eq!(found["data"][0]["erase_at"], "2026-03-16T12:00:00Z");
    })
    .await;
}
