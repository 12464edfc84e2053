//! The OpenAPI 3.1 document, assembled from the route table.
//!
//! utoipa describes each action's own body, answers and query; everything that follows from the row (parameters of
//! the path, paging, headers, security, problems, examples) is added here, so no action can forget it.

mod examples;
mod names;
mod problems;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::routes::{Needs, Once, Row};

/// The document of these rows.
pub(crate) fn document(rows: &[Arc<Row>]) -> Value {
    let mut schemas = Map::new();
    let mut paths: Map<String, Value> = Map::new();
    for row in rows {
        let (operation, own) = operation(row);
        for (name, schema) in own {
            schemas.insert(name, schema);
        }
        let path = paths.entry(row.path()).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(row.method().as_str().to_ascii_lowercase(), operation);
        }
    }
    schemas.insert("Problem".to_owned(), problems::schema());
    schemas.insert("FieldProblem".to_owned(), problems::field_schema());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tenantry",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Tenants, people, plans, quotas, invoices: the organisational half of a SaaS product. \
                Money is integer minor units. Times are RFC 3339 in UTC. Errors are RFC 9457 problem documents.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(rows),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": problems::responses(),
            "headers": headers(),
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "An access token from `/auth/login`, or an API key.",
                },
                "apiKey": {
                    "type": "apiKey", "in": "header", "name": "X-API-Key",
                    "description": "An API key: `<prefix>_live_…` or `<prefix>_test_…`.",
                },
            },
        },
    });
    examples::fill(&mut document);
    document
}

/// The operation of a row, and the schemas it brings.
fn operation(row: &Row) -> (Value, Vec<(String, Value)>) {
    let docs = row.docs();
    let mut operation = serde_json::to_value(&docs.operation).unwrap_or_default();
    let mut schemas: Vec<(String, Value)> = docs
        .schemas
        .iter()
        .map(|(name, schema)| (name.clone(), serde_json::to_value(schema).unwrap_or_default()))
        .collect();
    names::make_own(row.operation_id(), &mut operation, &mut schemas);
    if let Some(operation) = operation.as_object_mut() {
        parameters(row, operation);
        operation.insert("security".to_owned(), security(row));
        if matches!(row.needs(), Needs::Tenant(_)) {
            operation.insert("x-rate-class".to_owned(), json!(row.rate_class().as_str()));
        }
        if row.needs_step_up() {
            operation.insert("x-step-up".to_owned(), json!(true));
        }
        problems::list(row, operation);
        answer_headers(row, operation);
    }
    (operation, schemas)
}

fn parameters(row: &Row, operation: &mut Map<String, Value>) {
    let mut list = match operation.remove("parameters") {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    for name in row.params() {
        let told = list.iter().any(|parameter| {
            parameter.get("in") == Some(&json!("path")) && parameter.get("name") == Some(&json!(name))
        });
        if !told {
            list.push(path_parameter(name));
        }
    }
    if row.is_paged() {
        list.push(json!({
            "name": "limit", "in": "query", "description": "Rows per page.", "example": 50,
            "schema": { "type": "integer", "minimum": 1, "maximum": 200, "default": 50 },
        }));
        list.push(json!({
            "name": "cursor", "in": "query", "description": "`next_cursor` of the page before; absent for the first.",
            "schema": { "type": "string" },
        }));
    }
    if row.idempotency() != Once::No {
        list.push(json!({
            "name": "Idempotency-Key", "in": "header", "example": "5f9c3a1e-order-17",
            "description": "Makes the effect happen once: the same key and body answer the same again for 24 hours.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        }));
    }
    if row.is_conditional() {
        list.push(json!({
            "name": "If-Match", "in": "header", "description": "The `ETag` that the resource must still have.",
            "schema": { "type": "string" },
        }));
    }
    if matches!(row.needs(), Needs::Tenant(_)) && row.params().contains(&"tenant") {
        list.push(json!({
            "name": "X-Tenant-ID", "in": "header", "description": "The tenant, id or slug, where the path says `current`.",
            "schema": { "type": "string" },
        }));
    }
    if !list.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(list));
    }
}

fn path_parameter(name: &str) -> Value {
    let (description, schema, example) = match name {
        "tenant" => (
            "The tenant: its id, its slug, or `current`.",
            json!({ "type": "string" }),
            "acme",
        ),
        "id" => (
            "The resource.",
            json!({ "type": "string", "format": "uuid" }),
            "01890a5d-ac96-774b-bcce-b302099a8057",
        ),
        "slug" => ("The slug.", json!({ "type": "string" }), "acme"),
        "file" => ("The file.", json!({ "type": "string" }), "swagger-ui.css"),
        "meter" => ("The meter's code.", json!({ "type": "string" }), "api_calls"),
        other => (other, json!({ "type": "string" }), "example"),
    };
    json!({
        "name": name, "in": "path", "required": true, "description": description, "schema": schema, "example": example,
    })
}

fn security(row: &Row) -> Value {
    match row.needs() {
        Needs::Public => json!([]),
        Needs::PublicOrPerson => json!([{}, { "bearer": [] }]),
        Needs::SignedIn | Needs::Platform(_) => json!([{ "bearer": [] }]),
        Needs::Tenant(_) | Needs::Gateway(_) => json!([{ "bearer": [] }, { "apiKey": [] }]),
    }
}

fn headers() -> Value {
    json!({
        "RequestId": { "description": "Ties answer, log lines and audit rows together.", "schema": { "type": "string" } },
        "ETag": { "description": "The version of the resource, for `If-Match`.", "schema": { "type": "string" } },
        "Location": { "description": "Where the new resource lives.", "schema": { "type": "string" } },
        "RateLimit": {
            "description": "What is left of each policy, the one that binds first: `r` calls for the next `t` seconds.", "schema": { "type": "string" },
            "example": "\"plan\";r=59;t=1, \"concurrent\";r=19",
        },
        "RateLimitPolicy": {
            "description": "What each policy grants: `q` per `w` seconds, or `q` at once where `qu` says so.",
            "schema": { "type": "string" }, "example": "\"plan\";q=60;w=60, \"concurrent\";q=20;qu=\"concurrent-requests\"",
        },
        "RetryAfter": { "description": "Seconds to wait.", "schema": { "type": "integer" } },
        "IdempotencyReplayed": {
            "description": "`true` when this answer was given before.", "schema": { "type": "string" },
        },
    })
}

/// The headers of the good answers.
fn answer_headers(row: &Row, operation: &mut Map<String, Value>) {
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    for (status, response) in responses {
        let Some(response) = response.as_object_mut().filter(|_| status.starts_with('2')) else {
            continue;
        };
        let headers = response.entry("headers").or_insert_with(|| json!({}));
        let Some(headers) = headers.as_object_mut() else {
            continue;
        };
        headers.insert("X-Request-Id".to_owned(), reference("headers", "RequestId"));
        if row.idempotency() == Once::Receipt {
            headers.insert(
                "Idempotency-Replayed".to_owned(),
                reference("headers", "IdempotencyReplayed"),
            );
        }
        if *row.needs() != Needs::Public {
            headers.insert("RateLimit".to_owned(), reference("headers", "RateLimit"));
            headers.insert("RateLimit-Policy".to_owned(), reference("headers", "RateLimitPolicy"));
        }
        if row.is_tagged() && status == "200" {
            headers.insert("ETag".to_owned(), reference("headers", "ETag"));
        }
    }
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn tags(rows: &[Arc<Row>]) -> Value {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        for tag in row.docs().operation.tags.iter().flatten() {
            if !names.contains(&tag.as_str()) {
                names.push(tag);
            }
        }
    }
    names.iter().map(|name| json!({ "name": name })).collect()
}

#[cfg(test)]
mod tests;
