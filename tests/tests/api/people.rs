//! People: their addresses, where they belong, how they leave, merge and go.

#[path = "people/addresses.rs"]
mod addresses;
#[path = "people/belonging.rs"]
mod belonging;
#[path = "people/erasure.rs"]
mod erasure;
#[path = "people/merging.rs"]
mod merging;
#[path = "people/operators.rs"]
mod operators;
#[path = "people/stopped.rs"]
mod stopped;

use serde_json::{Value, json};

use crate::harness::{Caller, Node, Owner, PASSWORD, Reply};

/// Tries to sign in with everybody's password.
async fn sign_in(node: &Node, email: &str) -> Reply {
    let body = json!({"email": email, "password": PASSWORD});
    node.anybody().post("/auth/login", &body).await
}

/// Follows the link of the newest letter to an address.
async fn follow(node: &Node, caller: &Caller, email: &str) -> Reply {
    let body = json!({"token": node.token_sent_to(email).await});
    caller.post("/auth/email/verify", &body).await
}

/// An owner who has proved the address they registered with.
async fn founder(node: &Node, slug: &str) -> Owner {
    let owner = node.sign_up(slug, "enterprise").await;
    follow(node, &owner.caller, &owner.email).await.expect(204);
    owner
}

/// Another address of somebody, proved.
async fn add_address(node: &Node, caller: &Caller, email: &str) -> String {
    let claimed = caller.post("/me/emails", &json!({"email": email})).await.expect(202);
    follow(node, caller, email).await.expect(204);
    claimed["id"].as_str().unwrap().to_owned()
}

/// The person's addresses, with a mark on the primary one and on those that are not verified.
async fn addresses_of(caller: &Caller) -> Vec<String> {
    let me = caller.get("/me").await.expect(200);
    let all = me["emails"].as_array().unwrap().iter().map(|email| {
        let text = email["email"].as_str().unwrap();
        let primary = if email["primary"] == true { "*" } else { "" };
        let open = if email["verified"] == true { "" } else { "?" };
        format!("{text}{primary}{open}")
    });
    let mut all: Vec<String> = all.collect();
    all.sort();
    all
}

/// The slugs of the person's tenants, with their roles.
async fn tenants_of(caller: &Caller) -> Vec<(String, String)> {
    let page = caller.get("/me/tenants?limit=200").await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| (text(&row["slug"]), text(&row["role"]))).collect()
}
