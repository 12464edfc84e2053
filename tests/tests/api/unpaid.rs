//! What becomes of an invoice that nobody pays, and of history that a plan does not keep.

use serde_json::{Value, json};
use time::Duration;

use crate::harness::{Caller, Node, Owner, Setup, eventually, on_each_database};

/// Lets days pass, does what is due, and signs in anew: the old token is long over.
async fn days_later(node: &Node, owner: &Owner, days: i64) -> Caller {
    node.clock.advance(Duration::days(days));
    node.bill().await;
    node.log_in(&owner.email).await
}

async fn actions(caller: &Caller) -> Vec<String> {
    let listed = caller.get("/tenants/current/audit-logs?limit=200").await.expect(200);
    let entries = listed["data"].as_array().expect("entries").clone();
    let action = |entry: &Value| entry["action"].as_str().expect("an action").to_owned();
    entries.iter().map(action).collect()
}

async fn open_invoice(caller: &Caller) -> Value {
    let listed = caller.get("/tenants/current/invoices").await.expect(200);
    let mut rows = listed["data"].as_array().expect("invoices").clone();
    rows.retain(|invoice| invoice["status"] == "open");
    rows.pop().expect("an open invoice")
}

async fn subscription_status(caller: &Caller) -> Value {
    caller.get("/tenants/current/subscription").await.expect(200)["status"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unpaid_tenant_is_locked_out_but_for_paying_and_paying_lets_it_in() {
    on_each_database(&Setup::catalog("securenet"), async |node| {
        let owner = node.sign_up("acme", "professional").await;
        let key = owner.key(&["tenant.read", "billing.read"]).await;
        let card = json!({"token": "card_declined"});
        owner
            .caller
            .post("/tenants/current/payment-methods", &card)
            .await
            .expect(201);

        let caller = days_later(node, &owner, 1).await;
        node.bill().await;
        assert_eq!(subscription_status(&caller).await, "past_due");
        let told = actions(&caller).await;
        let retried = told.iter().filter(|action| *action == "payment.retried").count();
        assert_eq!(retried, 1, "{told:?}");
        caller.get("/tenants/current").await.expect(200);

        let caller = days_later(node, &owner, 13).await;
        let locked = caller.get("/tenants/current").await.refused(423, "tenant_suspended");
        assert_eq!(locked["cause"], "unpaid", "{locked}");
        caller
            .get("/tenants/current/users")
            .await
            .refused(423, "tenant_suspended");
        let upgrade = json!({"new_plan": "business"});
        caller
            .post("/tenants/current/upgrade", &upgrade)
            .await
            .refused(423, "tenant_suspended");
        node.bearer(&key)
            .get("/tenants/current/billing")
            .await
            .refused(423, "tenant_suspended");

        // All that paying takes is open.
        caller.get("/tenants/current/billing").await.expect(200);
        assert_eq!(subscription_status(&caller).await, "past_due");
        caller.get("/tenants/current/payment-methods").await.expect(200);
        let invoice = open_invoice(&caller).await;
        let path = format!("/tenants/current/invoices/{}/pay", invoice["id"].as_str().unwrap());
        let refused = caller.post(&path, &json!({"payment_method": "card_declined"})).await;
        refused.refused(402, "payment_required");
        caller.get("/tenants/current").await.refused(423, "tenant_suspended");
        let paid = caller
            .post(&path, &json!({"payment_method": "card_ok"}))
            .await
            .expect(200);
        assert_eq!(paid["status"], "paid");

        let tenant = caller.get("/tenants/current").await.expect(200);
        assert_eq!(tenant["status"], "active");
        assert_eq!(subscription_status(&caller).await, "active");
        let told = actions(&caller).await;
        for action in ["tenant.suspended", "tenant.reactivated"] {
            assert!(told.iter().any(|told| told == action), "{action}: {told:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_for_a_later_day_suspends_and_cancels_what_is_unpaid_by_then() {
    on_each_database(&Setup::catalog("securenet"), async |node| {
        let owner = node.sign_up("acme", "professional").await;
        let installation = node.installation();
        let scope = installation.system_scope("billing_run");
        let later = installation.sources.clock.system_now() + Duration::days(30);

        let first = installation.billing.run(&scope, Some(later)).await.unwrap();
        let again = installation.billing.run(&scope, Some(later)).await.unwrap();

        assert!(first.failed.is_empty() && again.failed.is_empty());
        assert_eq!((first.suspended, first.cancelled), (1, 1));
        assert_eq!((again.retried, again.suspended, again.cancelled), (0, 0, 0));
        let caller = node.log_in(&owner.email).await;
        caller.get("/tenants/current").await.refused(423, "tenant_suspended");
        assert_eq!(subscription_status(&caller).await, "cancelled");
        assert_eq!(open_invoice(&caller).await["status"], "open");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_suspended_is_not_opened_by_paying() {
    on_each_database(&Setup::catalog("securenet"), async |node| {
        let owner = node.sign_up("acme", "professional").await;
        let invoice = open_invoice(&owner.caller).await;
        let root = "root@tenantry.example";
        let operator = node
            .platform_person(root, tenantry_identity::user::PlatformRole::Operator)
            .await;
        let suspend = format!("/admin/tenants/{}/suspend", owner.tenant);
        operator.post(&suspend, &json!({"reason": "abuse"})).await.expect(200);

        let pay = format!("/tenants/current/invoices/{}/pay", invoice["id"].as_str().unwrap());
        let locked = owner.caller.post(&pay, &json!({"payment_method": "card_ok"})).await;

        let locked = locked.refused(423, "tenant_suspended");
        assert_eq!(
            (&locked["cause"], &locked["reason"]),
            (&json!("operator"), &json!("abuse"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_shown_and_kept_for_as_long_as_the_plan_says() {
    on_each_database(&Setup::catalog("securenet"), async |node| {
        let (short, long) = (
            node.sign_up("acme", "free").await,
            node.sign_up("globex", "business").await,
        );
        // The plan that keeps a year costs money: it is paid from here on.
        let card = json!({"token": "card_ok"});
        let methods = "/tenants/current/payment-methods";
        long.caller.post(methods, &card).await.expect(201);
        let invoice = open_invoice(&long.caller).await;
        let pay = format!("/tenants/current/invoices/{}/pay", invoice["id"].as_str().unwrap());
        long.caller.post(&pay, &json!({})).await.expect(200);
        let founded = |told: &[String]| told.iter().any(|action| action == "tenant.created");
        assert!(founded(&actions(&short.caller).await) && founded(&actions(&long.caller).await));

        let caller = days_later(node, &short, 31).await;
        let told = actions(&caller).await;
        assert!(
            !founded(&told) && told.iter().any(|action| action == "session.started"),
            "{told:?}"
        );
        let asked = caller
            .get("/tenants/current/audit-logs?from=2026-01-01T00:00:00Z")
            .await
            .expect(200);
        assert!(!asked.to_string().contains("tenant.created"), "{asked}");

        let installation = node.installation();
        let scope = installation.system_scope("history_purge");
        let first = installation.purge.run(&scope).await.unwrap();
        assert!(first.removed >= 4 && first.failed.is_empty(), "{first:?}");
        let rest = async || {
            let again = installation.purge.run(&scope).await.unwrap();
            (again.removed == 0).then_some(())
        };
        eventually("the end of old history", rest).await;
        assert_eq!(actions(&caller).await.len(), told.len(), "what is kept is still there");
        assert!(founded(&actions(&node.log_in(&long.email).await).await));
    })
    .await;
}
