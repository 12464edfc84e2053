//! Where people belong, and leaving.

use serde_json::json;

use super::{add_address, founder, tenants_of};
use crate::harness::{Setup, on_each_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tenants_of_a_person_come_in_pages() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = founder(node, "acme").await;
        for number in 1..=4 {
            let body = json!({
                "name": format!("org{number}"), "slug": format!("org{number}"), "plan": "free",
                "owner_email": owner.email, "owner_name": "Olive Owner",
            });
            owner.caller.post("/tenants", &body).await.expect(201);
        }

        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = owner
                .caller
                .get(&format!("/me/tenants?limit=2{next}"))
                .await
                .expect(200);
            for row in page["data"].as_array().unwrap() {
                seen.push(row["slug"].as_str().unwrap().to_owned());
                assert_eq!((&row["role"], &row["status"]), (&json!("owner"), &json!("active")));
                assert_eq!(row["email"], owner.email.as_str());
                assert_eq!(row["current"] == true, row["slug"] == "acme");
            }
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            next = format!("&cursor={cursor}");
        }

        assert_eq!(seen, ["acme", "org1", "org2", "org3", "org4"]);
        owner
            .caller
            .post("/me/tenants/org2/switch", &json!({}))
            .await
            .expect(200);
        let again = owner.caller.get("/me/tenants").await.expect(200);
        assert_eq!(again["data"][2]["last_login_at"], "2026-03-01T12:00:00Z");
        assert!(again["data"][1]["last_login_at"].is_null());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_gives_the_seat_back_and_is_out_at_once() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (owner, other) = (founder(node, "acme").await, founder(node, "globex").await);
        let (_, mia) = node.member(&owner, "mia@acme.example", "admin").await;
        let key = json!({"name": "mine", "permissions": ["*"]});
        let key = mia.post("/tenants/current/api-keys", &key).await.expect(201);
        let key = node.bearer(key["key"].as_str().unwrap());
        key.get("/tenants/current").await.expect(200);
        let seats = owner.quota("users").await["used"].clone();

        mia.post("/me/tenants/globex/leave", &json!({}))
            .await
            .refused(404, "not_found");
        other
            .caller
            .post(&format!("/me/tenants/{}/leave", owner.tenant), &json!({}))
            .await
            .refused(404, "not_found");
        mia.post(&format!("/me/tenants/{}/leave", owner.tenant), &json!({}))
            .await
            .expect(204);

        mia.get("/me").await.refused(401, "not_authenticated");
        key.get("/tenants/current").await.refused(401, "not_authenticated");
        assert_eq!(owner.quota("users").await["used"], json!(seats.as_i64().unwrap() - 1));
        let log = owner
            .caller
            .get("/tenants/current/audit-logs?action=membership.left")
            .await
            .expect(200);
        assert_eq!(log["data"][0]["changes"][2]["before"], "mia@acme.example");
        owner
            .caller
            .post("/me/tenants/acme/leave", &json!({}))
            .await
            .refused(409, "last_owner");
        assert_eq!(tenants_of(&owner.caller).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_owners_who_leave_at_once_one_stays() {
    on_each_database(&Setup::catalog("default"), async |node| {
        for round in 0..5 {
            let slug = format!("acme{round}");
            let owner = node.sign_up(&slug, "enterprise").await;
            let (_, second) = node.member(&owner, &format!("second@{slug}.example"), "owner").await;
            let path = format!("/me/tenants/{}/leave", owner.tenant);
            let nothing = json!({});

            let (one, other) = tokio::join!(owner.caller.post(&path, &nothing), second.post(&path, &nothing));

            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [204, 409], "{} {}", one.text, other.text);
            let stays = if one.status == 409 { &owner.caller } else { &second };
            let members = stays.get(&owner.path("/users")).await.expect(200);
            assert_eq!(members["data"].as_array().unwrap().len(), 1);
            if one.status == 409 { one } else { other }.refused(409, "last_owner");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_told_another_address_by_the_person_alone() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = founder(node, "acme").await;
        node.member(&owner, "mia@acme.example", "viewer").await;
        let known = async || owner.caller.get("/tenants/current/users").await.expect(200)["data"][0]["email"].clone();
        let second = add_address(node, &owner.caller, "olive@home.example").await;
        owner
            .caller
            .post(&format!("/me/emails/{second}/make-primary"), &json!({}))
            .await
            .expect(204);
        assert_eq!(known().await, "owner@acme.example");

        let tell = async |email: &str| owner.caller.patch("/me/tenants/acme", &json!({"email": email})).await;
        assert_eq!(tell("stranger@x.example").await.fields(), ["email"]);
        tell("mia@acme.example").await.refused(422, "validation_failed");
        tell("olive@home.example").await.expect(204);

        assert_eq!(known().await, "olive@home.example");
        owner
            .caller
            .patch("/me/tenants/globex", &json!({"email": "olive@home.example"}))
            .await
            .refused(404, "not_found");
    })
    .await;
}
