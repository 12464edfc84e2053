//! S0, Secure AI Chat: seats, tokens and storage, in yen.

use serde_json::json;
use time::Duration;

use super::story::{self, change, lines};
use crate::harness::{PASSWORD, Setup, on_each_database};

const GB: i64 = 1_000_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_japanese_company_signs_up_and_grows() {
    on_each_database(&Setup::catalog("secure-ai-chat"), async |node| {
        let plans = story::plans_allow(
            node,
            &[
                (
                    "starter",
                    &[
                        ("users", Some(10)),
                        ("tokens", Some(100_000)),
                        ("storage", Some(10 * GB)),
                    ],
                ),
                (
                    "standard",
                    &[
                        ("users", Some(50)),
                        ("tokens", Some(500_000)),
                        ("storage", Some(50 * GB)),
                    ],
                ),
                (
                    "professional",
                    &[
                        ("users", Some(200)),
                        ("tokens", Some(2_000_000)),
                        ("storage", Some(200 * GB)),
                    ],
                ),
                ("enterprise", &[("users", None), ("tokens", None), ("storage", None)]),
            ],
        )
        .await;
        // Whole yen, never hundredths of them.
        let prices: Vec<_> = plans["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|plan| plan["prices"].clone())
            .collect();
        let yen = |amount: i64| json!([{"cycle": "monthly", "amount": amount, "currency": "JPY"}]);
        assert_eq!(prices, [yen(29_800), yen(49_800), yen(98_000), yen(198_000)]);

        let mut story = story::sign_up(
            node,
            json!({
                "name": "株式会社アクメ", "slug": "acme", "plan": "starter", "owner_email": "sato@acme.example",
                "owner_name": "佐藤", "owner_password": PASSWORD, "contact_phone": "+81 3 1234 5678",
                "billing_email": "keiri@acme.example", "timezone": "Asia/Tokyo", "locale": "ja",
            }),
        )
        .await;
        assert_eq!(story.tenant["name"], "株式会社アクメ");
        assert_eq!(story.tenant["billing_email"], "keiri@acme.example");
        let subscription = story.owner.get("/tenants/current/subscription").await.expect(200);
        assert_eq!(subscription["status"], "trialing");
        assert_eq!(subscription["currency"], "JPY");
        assert_eq!(subscription["trial_ends_at"], "2026-03-15T12:00:00Z");
        let starter = [
            ("users", Some(10)),
            ("tokens", Some(100_000)),
            ("storage", Some(10 * GB)),
        ];
        story.limits_are(&starter).await;

        let member = json!({
            "email": "tanaka@acme.example", "name": "田中", "role": "USER", "permissions": [], "send_invite": true,
            "department": "営業", "position": "課長",
        });
        let member = story.adds_member(member, "user").await;
        member
            .get("/tenants/current/invoices")
            .await
            .refused(403, "permission_denied");
        let users = story.owner.get("/tenants/current/users").await.expect(200);
        let tanaka = users["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|user| user["email"] == "tanaka@acme.example");
        assert_eq!(tanaka.unwrap()["department"], "営業");
        assert_eq!(tanaka.unwrap()["position"], "課長");
        assert_eq!(story.used("users").await, 2);

        let key = story
            .makes_key("tk", json!({"name": "chat", "permissions": ["*"]}))
            .await;
        let some = json!({"meter": "tokens", "amount": 1_234});
        key.post("/tenants/current/usage", &some).await.expect(201);
        story.is_refused_beyond(&key, "tokens", 100_000, Some("standard")).await;

        // The trial ends, a full month begins.
        let invoice = story
            .upgrades(json!({"new_plan": "STANDARD", "payment_method": "card_ok"}))
            .await;
        assert_eq!(lines(&invoice), [("subscription".to_owned(), "1".to_owned(), 49_800)]);
        assert_eq!(invoice["amount_due"], json!({"amount": 49_800, "currency": "JPY"}));
        key.post("/tenants/current/usage", &json!({"meter": "tokens"}))
            .await
            .expect(201);

        // Half of the month is left.
        story.later(Duration::hours(31 * 12)).await;
        let invoice = story.upgrades(json!({"new_plan": "professional"})).await;
        assert_eq!(
            lines(&invoice),
            [
                ("proration_credit".to_owned(), "1/2".to_owned(), -24_900),
                ("proration_charge".to_owned(), "1/2".to_owned(), 49_000),
            ]
        );
        assert_eq!(invoice["amount_due"], json!({"amount": 24_100, "currency": "JPY"}));
        story.has_paid_invoices(&[49_800, 24_100], "JPY").await;
        let professional = [
            ("users", Some(200)),
            ("tokens", Some(2_000_000)),
            ("storage", Some(200 * GB)),
        ];
        story.limits_are(&professional).await;

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
            (json!("starter"), json!("standard"))
        );
    })
    .await;
}
