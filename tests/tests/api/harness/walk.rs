//! Walking the route table.

use serde_json::Value;
use tenantry_http_actix::routes::Row;
use tenantry_kernel::Permission;

use super::{Caller, Reply};

/// An id that exists nowhere.
pub const NOWHERE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Headers that tell about this exchange alone. Whether a body was still on its way decides about `connection`.
const TRANSPORT: &[&str] = &["x-request-id", "date", "connection"];

/// The path of a route in a tenant, with this id; below the root.
pub fn path(row: &Row, tenant: &str, id: &str) -> String {
    let segments = row.path().split('/').map(|segment| match segment {
        "{tenant}" => tenant,
        "{id}" => id,
        other if other.starts_with('{') => "thing",
        other => other,
    });
    format!("/{}", segments.collect::<Vec<_>>().join("/"))
}

/// True for what only operators may do inside a tenant.
pub fn is_operators(one_of: &[Permission]) -> bool {
    one_of.iter().any(|one| one.as_str().starts_with("platform."))
}

/// Calls a route about nothing, with a body that says nothing.
pub async fn call(caller: &Caller, row: &Row, tenant: &str) -> Reply {
    let body = (row.method().as_str() != "GET").then(|| b"{}".to_vec());
    let method = row.method().as_str().parse().unwrap();
    caller.send(method, &path(row, tenant, NOWHERE), body).await
}

/// An answer without what differs between any two answers.
pub fn told(reply: &Reply) -> (u16, Vec<(String, String)>, Value) {
    let mut headers: Vec<(String, String)> = reply
        .headers
        .iter()
        .filter(|(name, _)| !TRANSPORT.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let mut body = reply.json();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (reply.status, headers, body)
}

/// All that tenants hold, as an operator sees it.
pub async fn everything(operator: &Caller, tenants: &[&str]) -> Vec<String> {
    let mut seen = Vec::new();
    for area in [
        "",
        "/users",
        "/invitations",
        "/roles",
        "/domains",
        "/email-domains",
        "/join-requests",
        "/api-keys",
        "/service-accounts",
        "/subscription",
        "/billing",
        "/invoices",
        "/payment-methods",
        "/quotas",
        "/usage-logs",
        "/audit-logs?limit=200",
    ] {
        for tenant in tenants {
            let reply = operator.get(&format!("/tenants/{tenant}{area}")).await;
            assert_eq!(reply.status, 200, "{}: {}", reply.about, reply.text);
            let mut told = reply.json();
            // That a key knocked is written down some seconds later, whether it was let in or not.
            for row in told["data"].as_array_mut().into_iter().flatten() {
                if let Some(row) = row.as_object_mut() {
                    row.remove("last_used_at");
                }
            }
            seen.push(told.to_string());
        }
    }
    seen
}
