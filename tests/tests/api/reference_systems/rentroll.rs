//! S4, rentroll-ai: operators create the clients, units are counted and billed.

use serde_json::json;
use tenantry_identity::user::PlatformRole;
use time::Duration;

use super::story::{self, ADDRESS, Story, change, lines};
use crate::harness::{PASSWORD, Setup, on_each_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_super_admin_creates_a_client_whose_units_are_billed() {
    on_each_database(&Setup::catalog("rentroll"), async |node| {
        let closed = json!({"name": "Sneaky", "owner_email": "x@sneaky.example", "owner_password": PASSWORD});
        node.anybody()
            .post("/tenants", &closed)
            .await
            .refused(403, "sign_up_closed");
        let super_admin = node
            .platform_person("root@rentroll.example", PlatformRole::Operator)
            .await;
        let super_admin = super_admin.calling_from(ADDRESS);

        let client = json!({
            "organization_name": "Acme Properties", "tenant_tier": "basic", "billing_email": "ana@acme.example",
        });
        let made = super_admin.post("/admin/tenants", &client).await.expect(201);
        assert_eq!(made["owner"]["status"], "invited");
        assert_eq!(made["owner"]["role"], "client_admin");
        assert!(made.get("tokens").is_none(), "{made}");

        let email = "ana@acme.example".to_owned();
        let acceptance = json!({"token": node.token_sent_to(&email).await, "name": "Ana", "password": PASSWORD});
        node.anybody()
            .calling_from(ADDRESS)
            .post("/invitations/accept", &acceptance)
            .await
            .expect(200);
        node.anybody()
            .post("/invitations/accept", &acceptance)
            .await
            .refused(410, "invitation_gone");
        let owner = story::log_in(node, &email).await;
        let mut story = Story {
            node,
            tenant: owner.get("/tenants/current").await.expect(200),
            email,
            owner,
        };
        assert_eq!(story.tenant["name"], "Acme Properties");
        story.limits_are(&[("units", None)]).await;

        let member = json!({"email": "cy@acme.example", "name": "Cy", "role": "client_user"});
        let member = story.adds_member(member, "client_user").await;
        member
            .get("/tenants/current/audit-logs")
            .await
            .refused(403, "permission_denied");

        // Units have no limit but the one that was agreed with this client.
        let key = story
            .makes_key("tk", json!({"name": "pipeline", "permissions": ["*"]}))
            .await;
        let tenant = story.tenant["id"].as_str().unwrap();
        let agreed = json!({"limit": 200, "reason": "as agreed in the contract"});
        let path = format!("/tenants/{tenant}/quotas/units");
        super_admin.put(&path, &agreed).await.expect(200);
        story.owner.put(&path, &agreed).await.refused(403, "permission_denied");
        let some = json!({"meter": "units", "amount": 120, "subject": "tower-1"});
        key.post("/tenants/current/usage", &some).await.expect(201);
        story.is_refused_beyond(&key, "units", 200, None).await;

        // The month ends: 200 units at 1.50.
        let card = json!({"token": "card_ok"});
        story
            .owner
            .post("/tenants/current/payment-methods", &card)
            .await
            .expect(201);
        story.later(Duration::days(31)).await;
        node.bill().await;
        story.has_paid_invoices(&[30_000], "USD").await;
        let invoices = story.owner.get("/tenants/current/invoices").await.expect(200);
        assert_eq!(
            lines(&invoices["data"][0]),
            [("usage".to_owned(), "1".to_owned(), 30_000)]
        );
        assert_eq!(invoices["data"][0]["lines"][0]["quantity"], "200");

        let log = story
            .log_tells(&[
                &[
                    "tenant.created",
                    "user.registered",
                    "membership.invited",
                    "subscription.started",
                ],
                &["membership.joined", "session.started"],
                story::MEMBER_JOINED,
                &[
                    "session.started",
                    "api_key.created",
                    "tenant.entered",
                    "quota.overridden",
                    "payment_method.added",
                ],
                &[
                    "session.started",
                    "subscription.renewed",
                    "invoice.finalized",
                    "invoice.paid",
                ],
            ])
            .await;
        assert_eq!(change(&log, "quota.overridden", "limit"), (json!(null), json!(200)));
    })
    .await;
}
