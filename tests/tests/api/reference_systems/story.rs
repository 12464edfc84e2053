//! The steps that all systems share.

use serde_json::{Value, json};
use time::Duration;

use crate::harness::{Caller, Node, PASSWORD};

/// Where everybody calls from.
pub const ADDRESS: &str = "203.0.113.7";

/// A plan's limits, by meter; `None` is unlimited.
pub type Limits<'a> = &'a [(&'a str, Option<i64>)];

/// What the audit log says about the steps.
pub const SIGNED_UP: &[&str] = &[
    "tenant.created",
    "user.registered",
    "membership.created",
    "session.started",
    "subscription.started",
];
pub const MEMBER_JOINED: &[&str] = &["membership.invited", "membership.joined"];
pub const FIRST_PURCHASE: &[&str] = &[
    "payment.started",
    "payment_method.added",
    "invoice.finalized",
    "invoice.paid",
    "subscription.changed",
];
pub const UPGRADE: &[&str] = &[
    "payment.started",
    "invoice.finalized",
    "invoice.paid",
    "subscription.changed",
];

/// An organization whose story is told.
pub struct Story<'n> {
    pub node: &'n Node,
    /// The organization, as the owner sees it.
    pub tenant: Value,
    pub email: String,
    /// The owner.
    pub owner: Caller,
}

/// The organization signs up with the system's own request; its owner signs in.
pub async fn sign_up(node: &Node, request: Value) -> Story<'_> {
    let anybody = node.anybody().calling_from(ADDRESS);
    let made = anybody.post("/tenants", &request).await.expect(201);
    let email = request["owner_email"].as_str().expect("an address").to_owned();
    assert_eq!(made["owner"]["email"], email.as_str());
    assert_eq!(made["owner"]["status"], "active");
    assert!(made["tokens"]["access_token"].is_string(), "{made}");

    let owner = log_in(node, &email).await;
    let tenant = owner.get("/tenants/current").await.expect(200);
    assert_eq!(tenant["id"], made["tenant"]["id"]);
    let subscription = owner.get("/tenants/current/subscription").await.expect(200);
    assert_eq!(subscription, made["subscription"]);
    Story {
        node,
        tenant,
        email,
        owner,
    }
}

/// Signs in from where everybody calls.
pub async fn log_in(node: &Node, email: &str) -> Caller {
    let body = json!({"email": email, "password": PASSWORD});
    let signed_in = node
        .anybody()
        .calling_from(ADDRESS)
        .post("/auth/login", &body)
        .await
        .expect(200);
    assert_eq!(signed_in["user"]["email"], email);
    let token = signed_in["access_token"].as_str().expect("a token");
    node.bearer(token).calling_from(ADDRESS)
}

/// Says what every public plan allows, and compares.
pub async fn plans_allow(node: &Node, table: &[(&str, Limits<'_>)]) -> Value {
    let plans = node.anybody().get("/plans").await.expect(200);
    let shown = plans["data"].as_array().expect("plans");
    let codes: Vec<&str> = shown
        .iter()
        .map(|plan| plan["code"].as_str().expect("a code"))
        .collect();
    let expected: Vec<&str> = table.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, expected);
    for (plan, (code, limits)) in shown.iter().zip(table) {
        let limits: serde_json::Map<String, Value> = limits
            .iter()
            .map(|(meter, limit)| ((*meter).to_owned(), json!(limit)))
            .collect();
        assert_eq!(plan["limits"], Value::Object(limits), "{code}");
    }
    plans
}

impl Story<'_> {
    /// The tenant's own limits are these, one row per meter.
    pub async fn limits_are(&self, limits: Limits<'_>) {
        let rows = self.owner.get("/tenants/current/quotas").await.expect(200);
        let shown: Vec<(&str, Option<i64>)> = rows["data"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| (row["meter"].as_str().expect("a meter"), row["limit"].as_i64()))
            .collect();
        let sorted = |limits: &[(&str, Option<i64>)]| {
            let mut sorted: Vec<(String, Option<i64>)> = limits
                .iter()
                .map(|(meter, limit)| ((*meter).to_owned(), *limit))
                .collect();
            sorted.sort();
            sorted
        };
        assert_eq!(sorted(&shown), sorted(limits));
    }

    /// The owner adds a member by the system's own name of a role, who accepts and signs in.
    pub async fn adds_member(&self, request: Value, role: &str) -> Caller {
        let added = self.owner.post("/tenants/current/users", &request).await.expect(201);
        assert_eq!(added["role"], role);
        assert_eq!(added["status"], "invited");

        let email = request["email"].as_str().expect("an address");
        let acceptance = json!({
            "token": self.node.token_sent_to(email).await, "name": request["name"], "password": PASSWORD,
        });
        let anybody = self.node.anybody().calling_from(ADDRESS);
        let joined = anybody.post("/invitations/accept", &acceptance).await.expect(200);
        assert_eq!(joined["user"]["id"], added["id"]);
        assert_eq!(joined["user"]["status"], "active");
        log_in(self.node, email).await
    }

    /// The owner makes an API key, shown this once.
    pub async fn makes_key(&self, prefix: &str, request: Value) -> Caller {
        let made = self.owner.post("/tenants/current/api-keys", &request).await.expect(201);
        let text = made["key"].as_str().expect("the key is shown");
        assert!(text.starts_with(&format!("{prefix}_live_")), "{text}");
        let path = format!("/tenants/current/api-keys/{}", made["id"].as_str().expect("an id"));
        let shown = self.owner.get(&path).await.expect(200);
        assert!(shown.get("key").is_none(), "{shown}");
        self.node.bearer(text).calling_from(ADDRESS)
    }

    /// The key uses what is left of a meter; the first beyond it is refused, and counts nothing.
    pub async fn is_refused_beyond(&self, key: &Caller, meter: &str, limit: i64, upgrade_to: Option<&str>) {
        let used = self.used(meter).await;
        let rest = json!({"meter": meter, "amount": limit - used});
        let counted = key
            .once("the-rest")
            .post("/tenants/current/usage", &rest)
            .await
            .expect(201);
        assert_eq!(counted["used"], limit);
        assert_eq!(counted["remaining"], 0);

        let one_more = json!({"meter": meter, "description": "one too many"});
        let refused = key.once("one-more").post("/tenants/current/usage", &one_more).await;
        let refused = refused.refused(429, "quota_exceeded");
        assert_eq!(refused["meter"], meter);
        assert_eq!(refused["limit"], limit);
        assert_eq!(refused["used"], limit);
        assert_eq!(refused["upgrade_to"], json!(upgrade_to));
        assert!(refused.get("resets_at").is_some(), "{refused}");
        assert_eq!(self.used(meter).await, limit);
    }

    pub async fn used(&self, meter: &str) -> i64 {
        let rows = self.owner.get("/tenants/current/usage").await.expect(200);
        let rows = rows["data"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["meter"] == meter).expect("a row per meter");
        row["used"].as_i64().expect("a number")
    }

    /// The owner asks what an upgrade would cost, does it, and gets exactly that.
    pub async fn upgrades(&self, request: Value) -> Value {
        let preview = self
            .owner
            .post("/tenants/current/subscription/preview", &request)
            .await
            .expect(200);
        let done = self.owner.once(&format!("upgrade-{request}").replace([' ', '"'], ""));
        let done = done.post("/tenants/current/upgrade", &request).await.expect(200);
        let invoice = done["invoice"].clone();
        for part in ["lines", "subtotal", "credit_applied", "amount_due"] {
            assert_eq!(invoice[part], preview[part], "{part}: {invoice}");
        }
        assert_eq!(done["subscription"]["plan"], preview["subscription"]["plan"]);
        assert_eq!(
            done["subscription"]["current_period_end"],
            preview["subscription"]["current_period_end"]
        );
        assert_eq!(invoice["status"], "paid");
        invoice
    }

    /// Time passes; the owner's token does not outlive it.
    pub async fn later(&mut self, by: Duration) {
        self.node.clock.advance(by);
        self.owner = log_in(self.node, &self.email).await;
    }

    /// The invoices are numbered without a gap, all paid, and each shows as it is listed.
    pub async fn has_paid_invoices(&self, amounts: &[i64], currency: &str) {
        let listed = self.owner.get("/tenants/current/invoices").await.expect(200);
        let mut invoices = listed["data"].as_array().expect("invoices").clone();
        invoices.sort_by_key(|invoice| invoice["number"].as_str().map(str::to_owned));
        let expected: Vec<Value> = (1..)
            .zip(amounts)
            .map(|(number, amount)| {
                json!({"number": format!("INV-{number:06}"), "status": "paid",
                       "amount_due": {"amount": amount, "currency": currency}})
            })
            .collect();
        let shown: Vec<Value> = invoices
            .iter()
            .map(|invoice| {
                json!({"number": invoice["number"], "status": invoice["status"], "amount_due": invoice["amount_due"]})
            })
            .collect();
        assert_eq!(shown, expected);
        for invoice in &invoices {
            let id = invoice["id"].as_str().expect("an id");
            let shown = self
                .owner
                .get(&format!("/tenants/current/invoices/{id}"))
                .await
                .expect(200);
            assert_eq!(&shown, invoice);
            let sum: i64 = invoice["lines"]
                .as_array()
                .expect("lines")
                .iter()
                .map(|line| line["amount"]["amount"].as_i64().expect("an amount"))
                .sum();
            assert_eq!(invoice["subtotal"]["amount"], sum, "the lines add up");
        }
    }

    /// The audit log holds these actions, oldest first; each entry says who, from where and with what. What
    /// nobody asked for just then was done by the program itself.
    pub async fn log_tells(&self, steps: &[&[&str]]) -> Vec<Value> {
        let log = self
            .owner
            .get("/tenants/current/audit-logs?limit=200")
            .await
            .expect(200);
        assert_eq!(log["next_cursor"], Value::Null);
        let mut entries = log["data"].as_array().expect("entries").clone();
        entries.reverse();
        // Thresholds are told a moment later, when the worker comes by.
        entries.retain(|entry| entry["action"] != "quota.threshold_reached");
        let shown: Vec<&str> = entries
            .iter()
            .map(|entry| entry["action"].as_str().expect("an action"))
            .collect();
        assert_eq!(shown, steps.concat());
        for entry in &entries {
            let by_itself = entry["actor"]["type"] == "system";
            assert!(entry["actor"]["id"].is_string(), "{entry}");
            assert_eq!(
                entry["ip_address"],
                if by_itself { Value::Null } else { json!(ADDRESS) },
                "{entry}"
            );
            assert_eq!(
                entry["user_agent"],
                if by_itself { Value::Null } else { json!("tests/1.0") },
                "{entry}"
            );
            assert_eq!(entry["request_id"].is_string(), !by_itself, "{entry}");
        }
        entries
    }
}

/// The change of one field in the only entry with this action and resource field, before and after.
pub fn change(entries: &[Value], action: &str, field: &str) -> (Value, Value) {
    let found = entries
        .iter()
        .filter(|entry| entry["action"] == action)
        .flat_map(|entry| entry["changes"].as_array().expect("changes"))
        .find(|change| change["field"] == field);
    let change = found.unwrap_or_else(|| panic!("no {action} changes {field}: {entries:#?}"));
    (change["before"].clone(), change["after"].clone())
}

/// A line of an invoice in short: kind, which part of the period, amount.
pub fn lines(invoice: &Value) -> Vec<(String, String, i64)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    invoice["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| {
            let amount = line["amount"]["amount"].as_i64().expect("an amount");
            (text(&line["kind"]), text(&line["fraction"]), amount)
        })
        .collect()
}
