//! What becomes of requests when people go, merge, or want to know.

use serde_json::json;
use time::Duration;

use super::{join, letting_in, member, person, setup, suggested, waiting};
use crate::harness::{Dns, PASSWORD, on_each_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sees_their_requests_in_the_export_and_takes_them_along_when_they_go() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "suggest").await;
        let other = node.sign_up("globex", "enterprise").await;
        let (id, _) = node.member(&other, "ada@acme.example", "member").await;
        other
            .caller
            .delete(&format!("/tenants/current/users/{id}"))
            .await
            .expect(204);
        let ada = node.log_in("ada@acme.example").await;
        join(&ada, "acme").await.expect(202);

        let export = ada.get("/me/export").await.expect(200);
        let request = &export["join_requests"][0];
        assert_eq!(
            (&request["tenant_id"], &request["status"]),
            (&json!(owner.tenant), &json!("pending"))
        );
        assert_eq!(request["email"], "ada@acme.example");
        ada.delete("/me").await.expect(202);
        node.clock.advance(Duration::days(15));

        let people = &node.installation().services.people;
        let report = people.look_after_departures().await.unwrap();

        assert_eq!((report.gone, report.failed.len()), (1, 0), "{:?}", report.failed);
        let owner = node.log_in(&owner.email).await;
        assert!(waiting(&owner).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_is_no_way_around_having_been_removed() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "auto").await;
        let removed = person(node, "ada@acme.example").await;
        let found = member(&owner.caller, "ada@acme.example").await.unwrap();
        let path = format!("/tenants/current/users/{}", found["id"].as_str().unwrap());
        owner.caller.delete(&path).await.expect(204);
        assert_eq!(suggested(&removed).await[0][2], "request");
        let into = person(node, "ada@home.example").await;
        let proof = json!({"email": "ada@acme.example", "password": PASSWORD});
        into.post("/me/merge", &proof).await.expect(204);

        let suggestions = suggested(&into).await;

        assert_eq!(suggestions.len(), 1);
        assert_eq!(suggestions[0][2], "request");
    })
    .await;
}
