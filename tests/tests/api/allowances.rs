//! What a catalog of one's own grants: during a trial and after it, below what is used, and by whose clocks.

use serde_json::{Value, json};
use time::Duration;

use crate::harness::{PASSWORD, Setup, folder, on_each_database};

const CATALOG: &str = r#"name = "letters"
currencies = ["USD"]
default_plan = "small"

[meters.users]
kind = "gauge"
source = "members"

[meters.letters]
kind = "counter"

[meters.shelves]
kind = "gauge"

[plans.small]
limits = { users = 2, letters = [{ limit = 10 }, { limit = 5, period = "day" }], shelves = 3 }
prices = { monthly = { USD = "0" } }

[plans.large]
trial_days = 14
limits = { users = 5, letters = 1_000, shelves = 30 }
trial_limits = { letters = 20 }
prices = { monthly = { USD = "9.00" } }
"#;

/// An installation that sells it.
fn letters() -> Setup {
    let file = folder("letters").join("letters.toml");
    std::fs::write(&file, CATALOG).unwrap();
    Setup::catalog(file.to_str().unwrap())
}

fn limit(quota: &Value) -> (i64, i64) {
    (quota["used"].as_i64().unwrap(), quota["limit"].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_has_limits_of_its_own_until_it_converts() {
    on_each_database(&letters(), async |node| {
        let acme = node.sign_up("acme", "large").await;
        let key = node.bearer(&acme.key(&["*"]).await);
        let send = async |amount: i64| {
            let body = json!({"meter": "letters", "amount": amount});
            key.post("/tenants/current/usage", &body).await
        };

        send(20).await.expect(201);
        let refused = send(1).await.refused(429, "quota_exceeded");
        assert_eq!((&refused["meter"], &refused["limit"]), (&json!("letters"), &json!(20)));
        assert_eq!(limit(&acme.quota("letters").await), (20, 20));
        assert_eq!(
            limit(&acme.quota("shelves").await),
            (0, 30),
            "what it does not name is the plan's"
        );

        node.clock.advance(Duration::days(14));
        node.bill().await;

        send(1).await.expect(201);
        let owner = node.log_in(&acme.email).await;
        let subscription = owner.get("/tenants/current/subscription").await.expect(200);
        assert_ne!(subscription["status"], "trialing");
        let rows = owner.get("/tenants/current/quotas").await.expect(200);
        let rows = rows["data"].as_array().unwrap();
        let row = rows.iter().find(|row| row["meter"] == "letters").unwrap();
        assert_eq!(row["limit"], 1_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_below_what_is_used_keeps_it_and_gets_no_more() {
    on_each_database(&letters(), async |node| {
        let acme = node.sign_up("acme", "large").await;
        for name in ["ann", "ben"] {
            node.member(&acme, &format!("{name}@acme.example"), "member").await;
        }
        for (meter, amount) in [("letters", 15), ("shelves", 3)] {
            let body = json!({"meter": meter, "amount": amount});
            acme.caller.post("/tenants/current/usage", &body).await.expect(201);
        }
        let wish = json!({"new_plan": "small", "when": "now"});

        let preview = acme
            .caller
            .post("/tenants/current/subscription/preview", &wish)
            .await
            .expect(200);
        let done = acme.caller.post("/tenants/current/upgrade", &wish).await.expect(200);

        let over = json!([
            {"meter": "users", "used": 3, "limit": 2},
            {"meter": "letters", "used": 15, "limit": 10},
        ]);
        assert_eq!(preview["over_limit"], over);
        assert_eq!(done["over_limit"], over);
        assert_eq!(limit(&acme.quota("users").await), (3, 2));
        assert_eq!(limit(&acme.quota("letters").await), (15, 10));
        let users = acme.caller.get("/tenants/current/users").await.expect(200);
        assert_eq!(users["data"].as_array().unwrap().len(), 3, "old is kept");

        let fourth = json!({"email": "cleo@acme.example", "role": "member"});
        let refused = acme.caller.post("/tenants/current/users", &fourth).await;
        assert_eq!(refused.refused(429, "quota_exceeded")["meter"], "users");
        for meter in ["letters", "shelves"] {
            let body = json!({"meter": meter});
            let refused = acme.caller.post("/tenants/current/usage", &body).await;
            assert_eq!(refused.refused(429, "quota_exceeded")["meter"], meter);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_zone_must_be_on_the_map() {
    on_each_database(&letters(), async |node| {
        let acme = node.sign_up("acme", "small").await;
        let nowhere = json!({"timezone": "Europe/Atlantis"});
        let somewhere = json!({"timezone": "Asia/Tokyo"});
        let found = |zone: &Value| {
            let mut body = json!({
                "name": "Globex", "slug": "globex", "owner_email": "owner@globex.example",
                "owner_password": PASSWORD,
            });
            body["timezone"] = zone["timezone"].clone();
            body
        };

        let refused = acme.caller.patch("/tenants/current", &nowhere).await;
        assert_eq!(refused.fields(), ["timezone"]);
        let refused = node.anybody().post("/tenants", &found(&nowhere)).await;
        assert_eq!(refused.fields(), ["timezone"]);

        node.anybody().post("/tenants", &found(&somewhere)).await.expect(201);
        let changed = acme.caller.patch("/tenants/current", &somewhere).await.expect(200);
        assert_eq!(changed["timezone"], "Asia/Tokyo");
    })
    .await;
}
