//! Coming in by an address at a proved domain: suggestions, joining at once, requests and their answers.

#[path = "joining/automatic.rs"]
mod automatic;
#[path = "joining/by_proxy.rs"]
mod by_proxy;
#[path = "joining/domains.rs"]
mod domains;
#[path = "joining/going.rs"]
mod going;
#[path = "joining/races.rs"]
mod races;
#[path = "joining/requests.rs"]
mod requests;

use serde_json::{Value, json};

use crate::harness::{Caller, Dns, Node, Owner, PASSWORD, Reply, Setup};

/// A program that asks this name server.
fn setup(dns: &Dns) -> Setup {
    dns.asked_by(Setup::catalog("default"))
}

/// An owner whose tenant proved `acme.example` and lets people in like this.
async fn letting_in(node: &Node, dns: &Dns, slug: &str, mode: &str) -> Owner {
    let owner = node.sign_up(slug, "enterprise").await;
    dns.prove(&owner.caller, "acme.example").await;
    policy(&owner.caller, json!({"domain_join": {"mode": mode}})).await;
    owner
}

async fn policy(owner: &Caller, policy: Value) {
    owner.put("/tenants/current/security-policy", &policy).await.expect(200);
}

/// Somebody who founded a tenant of their own and proved their address, signed in.
async fn person(node: &Node, email: &str) -> Caller {
    let caller = unproved(node, email).await;
    prove(node, &caller, email).await;
    caller
}

/// Somebody who founded a tenant of their own, and has not proved their address.
async fn unproved(node: &Node, email: &str) -> Caller {
    let slug = email.replace(['@', '.'], "-");
    let body = json!({
        "name": "Home", "slug": slug, "plan": "free",
        "owner_email": email, "owner_name": "Ada Lovelace", "owner_password": PASSWORD,
    });
    let made = node.anybody().post("/tenants", &body).await.expect(201);
    node.bearer(made["tokens"]["access_token"].as_str().unwrap())
}

/// Follows the link of the newest letter to the address, signed in like this.
async fn prove(node: &Node, caller: &Caller, email: &str) {
    let token = json!({"token": node.token_sent_to(email).await});
    caller.post("/auth/email/verify", &token).await.expect(204);
}

async fn join(caller: &Caller, tenant: &str) -> Reply {
    caller.post(&format!("/me/tenants/{tenant}/join"), &json!({})).await
}

/// What is suggested, by slug: slug, kind, how one joins, and where the request stands.
async fn suggested(caller: &Caller) -> Vec<[String; 4]> {
    let all = caller.get("/me/tenants/suggestions").await.expect(200);
    let told = all["data"].as_array().unwrap().iter().map(|row| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        [
            &row["tenant"]["slug"],
            &row["kind"],
            &row["joining"],
            &row["request"]["status"],
        ]
        .map(text)
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

fn row(of: [&str; 4]) -> [String; 4] {
    of.map(str::to_owned)
}

/// The requests that wait in the tenant: address and id.
async fn waiting(owner: &Caller) -> Vec<(String, String)> {
    let all = owner.get("/tenants/current/join-requests").await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = all["data"].as_array().unwrap().iter();
    rows.map(|row| (text(&row["email"]), text(&row["id"]))).collect()
}

/// The tenant's member with this address.
async fn member(owner: &Caller, email: &str) -> Option<Value> {
    let all = owner.get("/tenants/current/users?limit=200").await.expect(200);
    let rows = all["data"].as_array().unwrap().clone();
    rows.into_iter().find(|row| row["email"] == email)
}

/// How often this is in the tenant's log.
async fn logged(owner: &Caller, action: &str) -> usize {
    let log = format!("/tenants/current/audit-logs?action={action}");
    owner.get(&log).await.expect(200)["data"].as_array().unwrap().len()
}
