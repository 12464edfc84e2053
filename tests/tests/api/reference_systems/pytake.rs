//! S3, PyTake: messages over an API, with five roles and permissions of its own.

use futures_util::future::join_all;
use serde_json::{Value, json};
use time::Duration;

use super::story::{self, change, lines};
use crate::harness::{PASSWORD, Setup, on_each_database};

const MB: i64 = 1_000_000;
const METERS: [&str; 7] = [
    "messages",
    "contacts",
    "users",
    "api_calls",
    "webhook_endpoints",
    "storage",
    "automations",
];

fn limits(figures: [Option<i64>; 7]) -> Vec<(&'static str, Option<i64>)> {
    METERS.into_iter().zip(figures).collect()
}

fn free() -> Vec<(&'static str, Option<i64>)> {
    limits([1_000, 100, 2, 10, 1, 100 * MB, 3].map(Some))
}

fn starter() -> Vec<(&'static str, Option<i64>)> {
    limits([10_000, 1_000, 5, 100, 3, 1_000 * MB, 10].map(Some))
}

fn pro() -> Vec<(&'static str, Option<i64>)> {
    limits([100_000, 10_000, 20, 1_000, 10, 10_000 * MB, 50].map(Some))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acme_signs_up_and_grows() {
    on_each_database(&Setup::catalog("pytake"), async |node| {
        let enterprise = limits([
            None,
            None,
            Some(100),
            Some(10_000),
            Some(50),
            Some(100_000 * MB),
            Some(200),
        ]);
        let table = [
            ("free", free()),
            ("starter", starter()),
            ("pro", pro()),
            ("enterprise", enterprise),
        ];
        let table: Vec<(&str, story::Limits<'_>)> = table.iter().map(|(plan, limits)| (*plan, &limits[..])).collect();
        story::plans_allow(node, &table).await;

        let mut story = story::sign_up(
            node,
            json!({
                "name": "Acme Corp", "subdomain": "acme", "plan": "free", "owner_email": "owner@acme.example",
                "owner_name": "John Doe", "owner_password": PASSWORD, "company_size": "10-50", "use_case": "support",
            }),
        )
        .await;
        assert_eq!(story.tenant["slug"], "acme");
        assert_eq!(story.tenant["company_size"], "10-50");
        assert_eq!(story.tenant["use_case"], "support");
        story.limits_are(&free()).await;

        // A member is somebody else under the system's own name; the permission is the system's own too.
        let member = json!({
            "email": "jane@acme.example", "name": "Jane", "role": "ReadOnly", "permissions": ["ViewAnalytics"],
            "send_invite": true,
        });
        let member = story.adds_member(member, "read_only").await;
        member.get("/tenants/current/users").await.expect(200);
        member
            .post("/tenants/current/api-keys", &json!({"name": "mine"}))
            .await
            .refused(403, "permission_denied");
        let third = json!({"email": "jim@acme.example", "role": "User"});
        let refused = story
            .owner
            .post("/tenants/current/users", &third)
            .await
            .refused(429, "quota_exceeded");
        assert_eq!((&refused["meter"], &refused["limit"]), (&json!("users"), &json!(2)));

        let key = json!({
            "name": "Production", "permissions": ["*"], "rate_limit": 100, "expires_in_days": 365,
        });
        let key = story.makes_key("pk", key).await;
        for _ in 0..3 {
            let body = json!({"meter": "messages", "amount": 250});
            key.post("/tenants/current/usage", &body).await.expect(201);
        }
        story.is_refused_beyond(&key, "messages", 1_000, Some("starter")).await;

        let upgrade = json!({"new_plan": "starter", "billing_cycle": "monthly", "payment_method": "card_1234567890"});
        let invoice = story.upgrades(upgrade).await;
        assert_eq!(lines(&invoice), [("subscription".to_owned(), "1".to_owned(), 2_900)]);
        key.post("/tenants/current/usage", &json!({"meter": "messages"}))
            .await
            .expect(201);

        story.later(Duration::hours(31 * 12)).await;
        let invoice = story
            .upgrades(json!({"new_plan": "pro", "billing_cycle": "monthly"}))
            .await;
        assert_eq!(
            lines(&invoice),
            [
                ("proration_credit".to_owned(), "1/2".to_owned(), -1_450),
                ("proration_charge".to_owned(), "1/2".to_owned(), 4_950),
            ]
        );
        story.has_paid_invoices(&[2_900, 3_500], "USD").await;
        story.limits_are(&pro()).await;

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
            (json!("free"), json!("starter"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_send_exactly_a_thousand_messages() {
    on_each_database(&Setup::catalog("pytake"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let client = async |number: u32| {
            let (mut sent, mut refused) = (0_u32, 0_u32);
            for call in 0..17 {
                let caller = owner.caller.once(&format!("client-{number}-call-{call}"));
                let reply = caller
                    .post("/tenants/current/usage", &json!({"meter": "messages"}))
                    .await;
                if reply.status == 201 {
                    sent += 1;
                    continue;
                }
                let problem = reply.refused(429, "quota_exceeded");
                assert_eq!(problem["meter"], "messages");
                assert_eq!(problem["used"], 1_000);
                refused += 1;
            }
            (sent, refused)
        };

        let outcomes = join_all((0..64).map(client)).await;

        let sent: u32 = outcomes.iter().map(|(sent, _)| sent).sum();
        let refused: u32 = outcomes.iter().map(|(_, refused)| refused).sum();
        assert_eq!((sent, refused), (1_000, 64 * 17 - 1_000));
        assert_eq!(owner.quota("messages").await["used"], 1_000);
        let one_more = owner
            .caller
            .post("/tenants/current/usage", &json!({"meter": "messages"}))
            .await;
        assert_eq!(one_more.refused(429, "quota_exceeded")["upgrade_to"], "starter");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_calls_as_often_per_minute_as_its_plan_says() {
    on_each_database(&Setup::catalog("pytake"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let key = node.bearer(&owner.key(&["*"]).await);

        let first = key.get("/tenants/current").await;
        assert_eq!(first.header("ratelimit-policy"), "\"plan\";q=10;w=60");
        assert!(
            first.header("ratelimit").starts_with("\"plan\";r=9;t="),
            "{:?}",
            first.headers
        );
        for _ in 1..10 {
            key.get("/tenants/current").await.expect(200);
        }

        let eleventh = key.get("/tenants/current").await;
        assert_eq!(eleventh.header("ratelimit-policy"), "\"plan\";q=10;w=60");
        assert!(
            eleventh.header("ratelimit").starts_with("\"plan\";r=0;t="),
            "{:?}",
            eleventh.headers
        );
        let wait: u64 = eleventh.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        let problem = eleventh.refused(429, "rate_limited");
        assert_eq!((&problem["policy"], &problem["limit"]), (&json!("plan"), &json!(10)));

        // People are not held up by their keys.
        owner.caller.get("/tenants/current").await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_and_permissions_are_known_in_any_spelling() {
    on_each_database(&Setup::catalog("pytake"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let spellings = [
            ("Admin", "admin"),
            ("MANAGER", "manager"),
            ("User", "user"),
            ("ReadOnly", "read_only"),
            ("read-only", "read_only"),
            ("read_only", "read_only"),
        ];

        for (position, (given, role)) in spellings.into_iter().enumerate() {
            let body = json!({
                "email": format!("m{position}@acme.example"), "name": "M", "role": given,
                "permissions": ["manageWhatsapp", "whatsapp.send"], "send_invite": false,
            });
            let added = owner.caller.post("/tenants/current/users", &body).await.expect(201);
            assert_eq!(added["role"], role);
            let held: Vec<&Value> = added["permissions"].as_array().unwrap().iter().collect();
            assert_eq!(held, ["manage_whatsapp", "whatsapp.send"]);
        }

        let unknown = json!({"email": "x@acme.example", "role": "Emperor"});
        let refused = owner
            .caller
            .post("/tenants/current/users", &unknown)
            .await
            .refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], "role");
        assert_eq!(refused["errors"][0]["code"], "unknown_role");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_checks_a_key_and_counts_in_one_call() {
    on_each_database(&Setup::catalog("pytake"), async |node| {
        let owner = node.sign_up("acme", "starter").await;
        let gateway = node.bearer(&owner.key(&["api_keys.verify"]).await);
        let shown = owner.key(&["whatsapp.send"]).await;
        let verify = async |body: Value| gateway.post("/api-keys/verify", &body).await.expect(200);

        let sends = json!({"key": shown, "permission": "WhatsApp.Send", "meter": "messages", "amount": 9_999});
        let verdict = verify(sends).await;
        assert_eq!((&verdict["valid"], &verdict["code"]), (&json!(true), &json!("valid")));
        assert_eq!(verdict["tenant_id"], owner.tenant.as_str());
        assert_eq!(verdict["permissions"], json!(["whatsapp.send"]));
        assert_eq!(verdict["quota"]["remaining"], 1);
        assert_eq!(verdict["ratelimit"]["limit"], 100);

        let too_many =
            verify(json!({"key": shown, "permission": "whatsapp.send", "meter": "messages", "amount": 2})).await;
        assert_eq!(
            (&too_many["valid"], &too_many["code"]),
            (&json!(false), &json!("quota_exceeded"))
        );
        let receives = verify(json!({"key": shown, "permission": "whatsapp.receive", "meter": "messages"})).await;
        assert_eq!(
            (&receives["valid"], &receives["code"]),
            (&json!(false), &json!("permission_denied"))
        );
        assert_eq!(owner.quota("messages").await["used"], 9_999);

        // A retry of the same check is counted once.
        let last = json!({"key": shown, "meter": "messages"});
        for _ in 0..2 {
            let verdict = gateway.once("last").post("/api-keys/verify", &last).await.expect(200);
            assert_eq!(
                (&verdict["valid"], &verdict["quota"]["used"]),
                (&json!(true), &json!(10_000))
            );
        }
        assert_eq!(owner.quota("messages").await["used"], 10_000);

        // Another tenant's key is no key to this gateway; a key without the permission is no gateway.
        let globex = node.sign_up("globex", "starter").await;
        let theirs = verify(json!({"key": globex.key(&["*"]).await})).await;
        assert_eq!((&theirs["valid"], &theirs["tenant_id"]), (&json!(false), &Value::Null));
        let body = json!({"key": shown});
        node.bearer(&shown)
            .post("/api-keys/verify", &body)
            .await
            .refused(403, "permission_denied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_converts_by_itself() {
    on_each_database(&Setup::catalog("pytake"), async |node| {
        let owner = node.sign_up("acme", "starter").await;
        let subscription = owner.caller.get("/tenants/current/subscription").await.expect(200);
        assert_eq!(subscription["status"], "trialing");
        assert_eq!(subscription["trial_ends_at"], "2026-03-15T12:00:00Z");
        let card = json!({"token": "card_ok"});
        owner
            .caller
            .post("/tenants/current/payment-methods", &card)
            .await
            .expect(201);

        node.bill().await;
        node.clock.advance(Duration::days(14));
        node.bill().await;
        node.bill().await;

        let caller = node.log_in(&owner.email).await;
        let subscription = caller.get("/tenants/current/subscription").await.expect(200);
        assert_eq!(subscription["status"], "active");
        assert_eq!(subscription["current_period_start"], "2026-03-15T12:00:00Z");
        assert_eq!(subscription["current_period_end"], "2026-04-15T12:00:00Z");
        let invoices = caller.get("/tenants/current/invoices").await.expect(200);
        let invoices = invoices["data"].as_array().unwrap();
        assert_eq!(invoices.len(), 1);
        assert_eq!(invoices[0]["amount_due"], json!({"amount": 2_900, "currency": "USD"}));
        assert_eq!(
            (&invoices[0]["status"], &invoices[0]["number"]),
            (&json!("paid"), &json!("INV-000001"))
        );
    })
    .await;
}

/// What a change in the middle of a period bills of usage is closed when the change is paid, and not when it is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_that_a_change_bills_is_closed_with_it() {
    on_each_database(&Setup::catalog("pytake"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let key = node.bearer(&owner.key(&["*"]).await);
        let metered = json!({"new_plan": "starter", "billing_cycle": "pay_as_you_go"});
        let upgrade = "/tenants/current/upgrade";
        owner.caller.once("metered").post(upgrade, &metered).await.expect(200);
        let used = json!({"meter": "messages", "amount": 300});
        key.post("/tenants/current/usage", &used).await.expect(201);
        node.clock.advance(Duration::DAY);
        let caller = node.log_in(&owner.email).await;
        let closings = async || caller.get("/tenants/current/usage/closings").await.expect(200)["data"].clone();
        let monthly = |card: &str| json!({"new_plan": "starter", "billing_cycle": "monthly", "payment_method": card});

        let declined = caller.once("declined").post(upgrade, &monthly("card_declined")).await;
        declined.refused(402, "payment_required");
        assert_eq!(closings().await, json!([]));
        let changed = caller.once("paid").post(upgrade, &monthly("card_ok")).await.expect(200);

        let lines = changed["invoice"]["lines"].as_array().unwrap();
        let usage = lines.iter().find(|line| line["kind"] == "usage").unwrap();
        assert_eq!(usage["amount"], json!({"amount": 180, "currency": "USD"}));
        let closed = closings().await;
        assert_eq!(closed.as_array().map(Vec::len), Some(1), "{closed}");
        assert_eq!(
            (&closed[0]["meter"], &closed[0]["used"], &closed[0]["billed"]),
            (&json!("messages"), &json!(300), &json!(300))
        );
        assert_eq!(closed[0]["period_end"], "2026-03-02T12:00:00Z");
    })
    .await;
}
