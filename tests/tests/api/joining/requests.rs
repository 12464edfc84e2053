//! Asking, and who decides.

use serde_json::json;
use time::Duration;

use super::{join, letting_in, logged, member, person, policy, row, setup, suggested, waiting};
use crate::harness::{Dns, on_each_database};

const AREA: &str = "/tenants/current/join-requests";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_told_to_those_who_decide_and_its_answer_to_who_asked() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "suggest").await;
        node.member(&owner, "adam@acme.example", "admin").await;
        node.member(&owner, "mia@acme.example", "member").await;
        let ada = person(node, "ada@acme.example").await;
        ada.patch("/me", &json!({"locale": "ja"})).await.expect(200);

        let asked = join(&ada, "acme").await.expect(202);
        assert_eq!(
            (&asked["status"], &asked["request"]["status"]),
            (&json!("requested"), &json!("pending"))
        );
        assert_eq!(asked["request"]["expires_at"], "2026-03-31T12:00:00Z");
        // Asking again is asking once.
        assert_eq!(join(&ada, "acme").await.expect(202), asked);
        assert_eq!(logged(&owner.caller, "join_request.made").await, 1);
        for decider in [owner.email.as_str(), "adam@acme.example"] {
            node.letter_to(decider, "asks to join acme").await;
            assert_eq!(node.letters_about(decider, "asks to join acme"), 1);
        }
        assert_eq!(node.letters_about("mia@acme.example", "asks to join"), 0);
        let listed = owner.caller.get(AREA).await.expect(200);
        assert_eq!(
            (&listed["data"][0]["email"], &listed["data"][0]["name"]),
            (&json!("ada@acme.example"), &json!("Ada Lovelace"))
        );

        let (_, id) = waiting(&owner.caller).await[0].clone();
        let body = json!({"role": "viewer"});
        let approved = owner
            .caller
            .post(&format!("{AREA}/{id}/approve"), &body)
            .await
            .expect(201);

        assert_eq!((&approved["id"], &approved["role"]), (&json!(id), &json!("viewer")));
        assert_eq!(
            (&approved["status"], &approved["source"]),
            (&json!("active"), &json!("domain"))
        );
        // In her own language.
        node.letter_to("ada@acme.example", "Content-Language: ja").await;
        assert!(waiting(&owner.caller).await.is_empty());
        owner
            .caller
            .post(&format!("{AREA}/{id}/approve"), &body)
            .await
            .refused(404, "not_found");
        assert_eq!(logged(&owner.caller, "join_request.approved").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_holds_for_a_month_and_taking_back_for_no_time() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "suggest").await;
        let ada = person(node, "ada@acme.example").await;
        let again = async || {
            let log_in = node.log_in("ada@acme.example").await;
            (join(&log_in, "acme").await, log_in)
        };
        ada.delete("/me/tenants/acme/join").await.refused(404, "not_found");
        join(&ada, "acme").await.expect(202);
        ada.delete("/me/tenants/acme/join").await.expect(204);
        ada.delete("/me/tenants/acme/join").await.refused(404, "not_found");
        assert!(waiting(&owner.caller).await.is_empty());
        assert_eq!(suggested(&ada).await, [row(["acme", "domain", "request", "withdrawn"])]);
        join(&ada, "acme").await.expect(202);
        node.letter_to(&owner.email, "asks to join acme").await;
        // They were told within the day.
        assert_eq!(node.letters_about(&owner.email, "asks to join acme"), 1);

        let (_, id) = waiting(&owner.caller).await[0].clone();
        owner
            .caller
            .post(&format!("{AREA}/{id}/decline"), &json!({}))
            .await
            .expect(204);
        let decline = owner.caller.post(&format!("{AREA}/{id}/decline"), &json!({})).await;
        decline.refused(404, "not_found");
        let approve = owner.caller.post(&format!("{AREA}/{id}/approve"), &json!({})).await;
        approve.refused(404, "not_found");

        assert_eq!(suggested(&ada).await, [row(["acme", "domain", "request", "declined"])]);
        ada.delete("/me/tenants/acme/join").await.refused(404, "not_found");
        let refused = join(&ada, "acme").await.refused(409, "join_request_declined");
        assert_eq!(refused["until"], "2026-03-31T12:00:00Z");
        node.clock.advance(Duration::days(29));
        again().await.0.refused(409, "join_request_declined");
        node.clock.advance(Duration::days(1));
        let (asked, ada) = again().await;
        asked.expect(202);
        // And one that nobody answers runs out.
        node.clock.advance(Duration::days(30));
        let owner_again = node.log_in(&owner.email).await;
        assert!(waiting(&owner_again).await.is_empty());
        ada.get("/me").await.refused(401, "not_authenticated");
        let ada = node.log_in("ada@acme.example").await;
        assert_eq!(suggested(&ada).await, [row(["acme", "domain", "request", "-"])]);
        for (action, times) in [("made", 3), ("withdrawn", 1), ("declined", 1)] {
            assert_eq!(
                logged(&owner_again, &format!("join_request.{action}")).await,
                times,
                "{action}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_decides_who_may_not_invite_or_lacks_what_they_would_give() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "suggest").await;
        let (_, manager) = node.member(&owner, "mia@acme.example", "manager").await;
        let (_, viewer) = node.member(&owner, "vic@acme.example", "viewer").await;
        let stranger = node.sign_up("globex", "enterprise").await;
        let ada = person(node, "ada@acme.example").await;
        join(&ada, "acme").await.expect(202);
        let (_, id) = waiting(&owner.caller).await[0].clone();
        let approve = format!("{AREA}/{id}/approve");

        viewer.get(AREA).await.refused(403, "permission_denied");
        stranger
            .caller
            .post(&approve, &json!({}))
            .await
            .refused(404, "not_found");
        for role in ["owner", "admin"] {
            manager
                .post(&approve, &json!({"role": role}))
                .await
                .refused(403, "permission_denied");
        }
        let unknown = manager.post(&approve, &json!({"role": "pirate"})).await;
        assert_eq!(unknown.fields(), ["role"]);
        let unknown = manager.post(&approve, &json!({"status": "active"})).await;
        assert_eq!(unknown.fields(), ["status"]);
        let strict = json!({"domain_join": {"mode": "suggest"}, "who_may_invite": "admins"});
        policy(&owner.caller, strict).await;
        for reply in [
            manager.get(AREA).await,
            manager.post(&approve, &json!({})).await,
            manager.post(&format!("{AREA}/{id}/decline"), &json!({})).await,
        ] {
            reply.refused(403, "permission_denied");
        }
        assert!(member(&owner.caller, "ada@acme.example").await.is_none());

        policy(&owner.caller, json!({"domain_join": {"mode": "suggest"}})).await;
        manager.post(&approve, &json!({})).await.expect(201);
        assert_eq!(
            member(&owner.caller, "ada@acme.example").await.unwrap()["role"],
            "member"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_void_without_its_address() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "suggest").await;
        let ada = person(node, "ada@home.example").await;
        let added = ada
            .post("/me/emails", &json!({"email": "ada@acme.example"}))
            .await
            .expect(202);
        super::prove(node, &ada, "ada@acme.example").await;
        join(&ada, "acme").await.expect(202);
        let email = format!("/me/emails/{}", added["id"].as_str().unwrap());
        ada.delete(&email).await.expect(204);

        let (_, id) = waiting(&owner.caller).await[0].clone();
        let approve = owner.caller.post(&format!("{AREA}/{id}/approve"), &json!({})).await;

        approve.refused(409, "join_request_void");
        assert!(suggested(&ada).await.is_empty());
        owner
            .caller
            .post(&format!("{AREA}/{id}/decline"), &json!({}))
            .await
            .expect(204);
    })
    .await;
}
