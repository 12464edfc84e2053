//! S1, `ApexOrchestrator`: monthly allowances per agent.

use serde_json::json;
use tenantry_identity::user::PlatformRole;
use time::Duration;

use super::story::{self, change, lines};
use crate::harness::{PASSWORD, Setup, on_each_database};

const FREE: story::Limits<'_> = &[("users", Some(1)), ("content", Some(10)), ("leads", Some(100))];
const STARTER: story::Limits<'_> = &[("users", Some(3)), ("content", Some(100)), ("leads", Some(1_000))];
const PROFESSIONAL: story::Limits<'_> = &[("users", Some(10)), ("content", Some(500)), ("leads", Some(10_000))];
const ENTERPRISE: story::Limits<'_> = &[("users", None), ("content", None), ("leads", None)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agency_signs_up_and_grows() {
    on_each_database(&Setup::catalog("apex"), async |node| {
        let table = [
            ("free", FREE),
            ("starter", STARTER),
            ("professional", PROFESSIONAL),
            ("enterprise", ENTERPRISE),
        ];
        story::plans_allow(node, &table).await;

        let mut story = story::sign_up(
            node,
            json!({
                "name": "Acme Corp", "slug": "acme", "subscription_tier": "free", "owner_email": "jo@acme.example",
                "owner_name": "Jo", "owner_password": PASSWORD,
            }),
        )
        .await;
        story.limits_are(FREE).await;

        // The only seat of the free plan is the owner's.
        let member = json!({"email": "kim@acme.example", "name": "Kim", "role": "member"});
        let refused = story
            .owner
            .post("/tenants/current/users", &member)
            .await
            .refused(429, "quota_exceeded");
        assert_eq!(refused["meter"], "users");
        assert_eq!(refused["limit"], 1);
        assert_eq!(refused["upgrade_to"], "starter");

        let key = story
            .makes_key("sk", json!({"name": "agents", "permissions": ["*"]}))
            .await;
        story.is_refused_beyond(&key, "content", 10, Some("starter")).await;

        let upgrade = json!({"new_plan": "starter", "billing_cycle": "monthly", "payment_method": "card_1234567890"});
        let invoice = story.upgrades(upgrade).await;
        assert_eq!(lines(&invoice), [("subscription".to_owned(), "1".to_owned(), 9_900)]);
        story.adds_member(member, "member").await;
        key.post("/tenants/current/usage", &json!({"meter": "content"}))
            .await
            .expect(201);

        story.later(Duration::hours(31 * 12)).await;
        let invoice = story.upgrades(json!({"new_plan": "pro"})).await;
        assert_eq!(
            lines(&invoice),
            [
                ("proration_credit".to_owned(), "1/2".to_owned(), -4_950),
                ("proration_charge".to_owned(), "1/2".to_owned(), 14_950),
            ]
        );
        story.has_paid_invoices(&[9_900, 10_000], "USD").await;
        story.limits_are(PROFESSIONAL).await;

        let log = story
            .log_tells(&[
                story::SIGNED_UP,
                &["session.started", "api_key.created"],
                story::FIRST_PURCHASE,
                story::MEMBER_JOINED,
                &["session.started", "session.started"],
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
async fn usage_is_told_in_per_cent_with_one_decimal() {
    on_each_database(&Setup::catalog("apex"), async |node| {
        let owner = node.sign_up("acme", "professional").await;
        let key = node.bearer(&owner.key(&["usage.consume"]).await);

        for (meter, amount) in [("content", 45), ("leads", 2_341)] {
            let body = json!({"meter": meter, "amount": amount});
            key.post("/tenants/me/usage", &body).await.expect(201);
        }

        let usage = owner.caller.get("/tenants/me/usage").await;
        assert!(usage.text.contains("\"percentage\":9.0,"), "{}", usage.text);
        assert!(usage.text.contains("\"percentage\":23.4,"), "{}", usage.text);
        let usage = usage.expect(200);
        let row = |meter: &str| {
            usage["data"]
                .as_array()
                .unwrap()
                .iter()
                .find(|row| row["meter"] == meter)
                .unwrap()
                .clone()
        };
        assert_eq!(
            (&row("content")["used"], &row("content")["limit"]),
            (&json!(45), &json!(500))
        );
        assert_eq!(
            (&row("leads")["used"], &row("leads")["limit"]),
            (&json!(2_341), &json!(10_000))
        );
        assert_eq!(row("content")["percentage"], json!(9.0));
        assert_eq!(row("leads")["percentage"], json!(23.4));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_identified_in_four_ways() {
    on_each_database(&Setup::catalog("apex"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let other = node.sign_up("globex", "free").await;
        let key = node.bearer(&owner.key(&["*"]).await);
        let id_of =
            async |caller: &crate::harness::Caller, path: &str| caller.get(path).await.expect(200)["id"].clone();

        let by_subdomain = owner.caller.with("host", "acme.localhost");
        assert_eq!(id_of(&by_subdomain, "/tenants/current").await, owner.tenant.as_str());
        for name in ["acme", owner.tenant.as_str()] {
            let by_header = owner.caller.with("x-tenant-id", name);
            assert_eq!(id_of(&by_header, "/tenants/current").await, owner.tenant.as_str());
            assert_eq!(
                id_of(&owner.caller, &format!("/tenants/{name}")).await,
                owner.tenant.as_str()
            );
        }
        assert_eq!(id_of(&key, "/tenants/current").await, owner.tenant.as_str());

        // No address leads into another tenant.
        let strange = other.caller.with("host", "acme.localhost");
        strange.get("/tenants/current").await.refused(404, "not_found");
        let strange = other.caller.with("x-tenant-id", "acme");
        strange.get("/tenants/current").await.refused(404, "not_found");
        other.caller.get("/tenants/acme").await.refused(404, "not_found");
        key.with("x-tenant-id", "globex")
            .get("/tenants/current")
            .await
            .refused(404, "not_found");
        let nowhere = owner.caller.with("host", "nobody.localhost");
        nowhere.get("/tenants/current").await.refused(404, "not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recurring_revenue_is_what_was_projected() {
    on_each_database(&Setup::catalog("apex"), async |node| {
        let operator = node.platform_person("root@apex.example", PlatformRole::Operator).await;
        let revenue = async || {
            let stats = operator.get("/admin/subscriptions/stats").await.expect(200);
            let row = &stats["revenue"][0];
            assert_eq!(row["currency"], "USD");
            (
                row["mrr"]["amount"].as_i64().unwrap(),
                row["arr"]["amount"].as_i64().unwrap(),
            )
        };
        let sign_up = async |plan: &str, numbers: std::ops::Range<u32>| {
            for number in numbers {
                node.sign_up(&format!("{plan}-{number}"), plan).await;
            }
        };

        sign_up("starter", 0..10).await;
        sign_up("professional", 0..5).await;
        assert_eq!(revenue().await, (248_500, 2_982_000));

        sign_up("starter", 10..30).await;
        sign_up("professional", 5..20).await;
        sign_up("enterprise", 0..5).await;
        assert_eq!(revenue().await, (1_394_500, 16_734_000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_plan_without_a_trial_is_billed_from_the_first_day() {
    on_each_database(&Setup::catalog("apex"), async |node| {
        let owner = node.sign_up("acme", "starter").await;
        let invoices = async || {
            let listed = owner.caller.get("/tenants/current/invoices").await.expect(200);
            listed["data"].as_array().unwrap().clone()
        };
        let first = invoices().await.remove(0);
        assert_eq!(
            (&first["number"], &first["status"]),
            (&json!("INV-000001"), &json!("open"))
        );
        assert_eq!(first["amount_due"], json!({"amount": 9_900, "currency": "USD"}));
        assert_eq!(lines(&first), [("subscription".to_owned(), "1".to_owned(), 9_900)]);

        let pay = format!("/tenants/current/invoices/{}/pay", first["id"].as_str().unwrap());
        let declined = json!({"payment_method": "card_declined"});
        owner
            .caller
            .post(&pay, &declined)
            .await
            .refused(402, "payment_required");
        assert_eq!(invoices().await[0]["status"], "open");
        let paid = owner
            .caller
            .post(&pay, &json!({"payment_method": "card_ok"}))
            .await
            .expect(200);
        assert_eq!(
            (&paid["number"], &paid["status"]),
            (&json!("INV-000001"), &json!("paid"))
        );
        let again = owner.caller.post(&pay, &json!({"payment_method": "card_ok"})).await;
        again.refused(409, "invoice_already_paid");
        assert_eq!(invoices().await, [paid]);
    })
    .await;
}
