//! S2, SecureNet: gauges of devices, counters of alerts, API calls counted by themselves.

use serde_json::json;
use time::Duration;

use super::story::{self, change, lines};
use crate::harness::{PASSWORD, Setup, on_each_database};

const GB: i64 = 1_000_000_000;

const fn limits(
    users: i64,
    devices: i64,
    storage: i64,
    api_calls: i64,
    alerts: i64,
) -> [(&'static str, Option<i64>); 5] {
    [
        ("users", Some(users)),
        ("devices", Some(devices)),
        ("storage", Some(storage)),
        ("api_calls", Some(api_calls)),
        ("alerts", Some(alerts)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_office_signs_up_and_grows() {
    on_each_database(&Setup::catalog("securenet"), async |node| {
        story::plans_allow(
            node,
            &[
                ("free", &limits(5, 10, GB, 1_000, 100)),
                ("professional", &limits(50, 100, 10 * GB, 10_000, 1_000)),
                ("business", &limits(500, 1_000, 100 * GB, 100_000, 10_000)),
                ("enterprise", &limits(1_000, 5_000, 500 * GB, 500_000, 50_000)),
                ("msp", &limits(1_000, 10_000, 1_000 * GB, 1_000_000, 100_000)),
            ],
        )
        .await;

        let mut story = story::sign_up(
            node,
            json!({
                "name": "Acme Networks", "slug": "acme", "subscription_tier": "FREE", "owner_email": "ann@acme.example",
                "owner_name": "Ann", "owner_password": PASSWORD, "billing_email": "bills@acme.example",
                "contact_phone": "+1 555 0100", "timezone": "America/New_York", "locale": "en-US",
            }),
        )
        .await;
        assert_eq!(story.tenant["timezone"], "America/New_York");
        assert_eq!(story.tenant["phone"], "+1 555 0100");
        story.limits_are(&limits(5, 10, GB, 1_000, 100)).await;

        let member = json!({"email": "ben@acme.example", "name": "Ben", "role": "Viewer", "permissions": []});
        let viewer = story.adds_member(member, "viewer").await;
        let consume = json!({"meter": "alerts"});
        viewer
            .post("/tenants/current/usage", &consume)
            .await
            .refused(403, "permission_denied");

        let key = story
            .makes_key("tk", json!({"name": "sensors", "permissions": ["*"]}))
            .await;
        let devices = json!({"meter": "devices", "amount": 10, "description": "first floor"});
        key.post("/tenants/current/usage", &devices).await.expect(201);
        let refused = key.post("/tenants/current/usage", &json!({"meter": "devices"})).await;
        assert_eq!(refused.refused(429, "quota_exceeded")["meter"], "devices");
        let check = json!({"meter": "alerts", "amount": 101});
        let checked = key.post("/tenants/current/quotas/check", &check).await.expect(200);
        assert_eq!((&checked["allowed"], &checked["limit"]), (&json!(false), &json!(100)));
        story.is_refused_beyond(&key, "alerts", 100, Some("professional")).await;

        // Five calls were the key's.
        assert_eq!(story.used("api_calls").await, 5);

        let invoice = story
            .upgrades(json!({"new_plan": "Professional", "payment_method": "card_ok"}))
            .await;
        assert_eq!(lines(&invoice), [("subscription".to_owned(), "1".to_owned(), 29_900)]);
        key.post("/tenants/current/usage", &consume).await.expect(201);

        story.later(Duration::hours(31 * 12)).await;
        let invoice = story.upgrades(json!({"new_plan": "business"})).await;
        assert_eq!(
            lines(&invoice),
            [
                ("proration_credit".to_owned(), "1/2".to_owned(), -14_950),
                ("proration_charge".to_owned(), "1/2".to_owned(), 39_950),
            ]
        );
        story.has_paid_invoices(&[29_900, 25_000], "USD").await;
        story.limits_are(&limits(500, 1_000, 100 * GB, 100_000, 10_000)).await;

        let log = story
            .log_tells(&[
                story::SIGNED_UP,
                &["session.started"],
                story::MEMBER_JOINED,
                &["session.started", "api_key.created"],
                story::FIRST_PURCHASE,
                &["session.started"],
                story::UPGRADE,
            ])
            .await;
        assert_eq!(
            change(&log, "subscription.changed", "plan"),
            (json!("free"), json!("professional"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_keys_count_by_themselves_until_the_month_has_no_more() {
    on_each_database(&Setup::catalog("securenet"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let key = node.bearer(&owner.key(&["*"]).await);

        let mut answered = 0;
        let refused = loop {
            let reply = key.get("/tenants/current").await;
            if reply.status != 200 {
                break reply.refused(429, "quota_exceeded");
            }
            answered += 1;
        };

        assert_eq!(answered, 1_000);
        assert_eq!(
            (&refused["meter"], &refused["limit"]),
            (&json!("api_calls"), &json!(1_000))
        );
        assert_eq!(refused["upgrade_to"], "professional");
        assert_eq!(owner.quota("api_calls").await["used"], 1_000);
        // Seats follow from the members; nobody reports them.
        let report = json!({"meter": "users"});
        owner
            .caller
            .post("/tenants/current/usage", &report)
            .await
            .refused(422, "meter_not_reportable");
    })
    .await;
}
