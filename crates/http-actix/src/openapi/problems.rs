//! Problems in the document: which an operation may answer follows from what its row needs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::pace::PaceClass;
use crate::problem::PROBLEM_JSON;
use crate::routes::{Needs, Once, Row};

/// A response that operations share: status, name, its codes, and what it says.
type Shared = (u16, &'static str, &'static [&'static str], &'static str);

const SHARED: [Shared; 16] = [
    (
        400,
        "Malformed",
        &["malformed_json", "malformed_request", "tenant_mismatch"],
        "The request cannot be understood.",
    ),
    (
        401,
        "NotAuthenticated",
        &["not_authenticated"],
        "Nobody, or nobody we believe.",
    ),
    (
        402,
        "PaymentRequired",
        &["payment_required"],
        "Something must be bought or paid first.",
    ),
    (
        403,
        "Denied",
        &[
            "address_not_allowed",
            "membership_inactive",
            "permission_denied",
            "support_access_not_agreed",
        ],
        "Known, but not allowed.",
    ),
    (404, "NotFound", &["not_found"], "Not here, or another tenant's."),
    (
        405,
        "MethodNotAllowed",
        &["method_not_allowed"],
        "The path knows other methods; see `Allow`.",
    ),
    (
        409,
        "Conflict",
        &["idempotent_request_done"],
        "Contradicts what is stored; the code says how.",
    ),
    (410, "Gone", &["invitation_gone"], "Was here once."),
    (
        412,
        "PreconditionFailed",
        &["precondition_failed"],
        "Changed since the caller looked.",
    ),
    (413, "TooLarge", &["body_too_large"], "The body is too long."),
    (
        415,
        "UnsupportedMediaType",
        &["unsupported_media_type"],
        "The body is not JSON by its type.",
    ),
    (
        422,
        "Invalid",
        &["validation_failed"],
        "Fields break a rule; `errors` lists them.",
    ),
    (423, "Suspended", &["tenant_suspended"], "The tenant is suspended."),
    (
        429,
        "TooMany",
        &["quota_exceeded", "rate_limited", "too_many_concurrent"],
        "A limit of the plan: how much, how fast, or how many at once.",
    ),
    (500, "Internal", &["internal_error"], "Our fault."),
    (
        503,
        "Unavailable",
        &["overloaded", "timed_out", "unavailable"],
        "Try again after `Retry-After` seconds.",
    ),
];

fn shared(status: u16) -> Option<&'static Shared> {
    SHARED.iter().find(|(known, ..)| *known == status)
}

fn example(status: u16, code: &str) -> Value {
    json!({
        "type": format!("urn:tenantry:problem:{code}"), "title": code.replace('_', " "), "status": status,
        "detail": "one sentence for people", "code": code, "request_id": "01890a5d-ac96-774b-bcce-b302099a8057",
    })
}

fn response(status: u16, description: &str, codes: &[&str]) -> Value {
    let examples: Map<String, Value> = codes
        .iter()
        .map(|code| ((*code).to_owned(), json!({ "value": example(status, code) })))
        .collect();
    let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
    if let (429 | 503, Some(headers)) = (status, headers.as_object_mut()) {
        headers.insert(
            "Retry-After".to_owned(),
            json!({ "$ref": "#/components/headers/RetryAfter" }),
        );
    }
    json!({
        "description": description,
        "headers": headers,
        "content": { PROBLEM_JSON: { "schema": { "$ref": "#/components/schemas/Problem" }, "examples": examples } },
    })
}

/// The shared responses.
pub(super) fn responses() -> Value {
    let named = SHARED
        .iter()
        .map(|(status, name, codes, text)| ((*name).to_owned(), response(*status, text, codes)));
    Value::Object(named.collect())
}

/// Adds the problems of a row to its operation.
pub(super) fn list(row: &Row, operation: &mut Map<String, Value>) {
    let mut codes: BTreeMap<u16, BTreeSet<&'static str>> = BTreeMap::new();
    for (status, code) in usual(row, operation).iter().chain(row.refusals()) {
        codes.entry(*status).or_default().insert(code);
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else {
        return;
    };
    for (status, codes) in codes {
        let Some((_, name, shared, text)) = shared(status) else {
            continue;
        };
        let told = if codes.iter().eq(*shared) {
            json!({ "$ref": format!("#/components/responses/{name}") })
        } else {
            let codes: Vec<&str> = codes.into_iter().collect();
            let listed: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
            response(status, &format!("{text} Codes: {}.", listed.join(", ")), &codes)
        };
        responses.entry(status.to_string()).or_insert(told);
    }
}

/// The refusals that follow from what the row says about itself.
fn usual(row: &Row, operation: &Map<String, Value>) -> Vec<(u16, &'static str)> {
    let mut codes = vec![
        (500, "internal_error"),
        (503, "overloaded"),
        (503, "timed_out"),
        (503, "unavailable"),
    ];
    if *row.needs() != Needs::Public {
        codes.push((401, "not_authenticated"));
    }
    match row.needs() {
        Needs::Public => {}
        Needs::PublicOrPerson => codes.extend([(403, "address_not_allowed"), (403, "permission_denied")]),
        Needs::SignedIn | Needs::Platform(_) => {
            codes.extend([(403, "address_not_allowed"), (403, "permission_denied")]);
        }
        Needs::Tenant(_) | Needs::Gateway(_) => codes.extend([
            (400, "tenant_mismatch"),
            (403, "address_not_allowed"),
            (403, "membership_inactive"),
            (403, "permission_denied"),
            (403, "support_access_not_agreed"),
            (404, "not_found"),
            (423, "tenant_suspended"),
        ]),
    }
    if operation.contains_key("requestBody") {
        codes.extend([
            (400, "malformed_json"),
            (400, "malformed_request"),
            (413, "body_too_large"),
            (415, "unsupported_media_type"),
            (422, "validation_failed"),
        ]);
    }
    if row.idempotency() != Once::No {
        codes.extend([(400, "idempotency_key_invalid"), (422, "idempotency_key_reused")]);
    }
    if row.idempotency() == Once::Receipt {
        codes.push((409, "idempotent_request_done"));
    }
    let asks = |parameter: &serde_json::Value| parameter["in"] == "query";
    let parameters = operation.get("parameters").and_then(serde_json::Value::as_array);
    if parameters.is_some_and(|parameters| parameters.iter().any(asks)) {
        codes.push((422, "validation_failed"));
    }
    if row.is_paged() {
        codes.extend([(400, "cursor_invalid"), (422, "validation_failed")]);
    }
    if row.is_conditional() {
        codes.push((412, "precondition_failed"));
    }
    if row.pace_class() != PaceClass::Free {
        codes.push((429, "rate_limited"));
        if matches!(row.needs(), Needs::Tenant(_) | Needs::Gateway(_)) {
            // Where the plan counts the calls of keys.
            codes.push((429, "quota_exceeded"));
            // Where the plan limits how many calls are at work.
            codes.push((429, "too_many_concurrent"));
        }
    }
    if !row.params().is_empty() {
        codes.push((404, "not_found"));
    }
    codes
}

/// The schema of a problem document.
pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457). Some codes add members of their own, such as `meter`.",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": { "type": "string", "format": "uri", "description": "`urn:tenantry:problem:` and the code." },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "One sentence for people." },
            "code": { "type": "string", "description": "Stable, snake_case." },
            "request_id": { "type": "string" },
            "errors": { "type": "array", "items": { "$ref": "#/components/schemas/FieldProblem" } },
        },
        "example": example(422, "validation_failed"),
    })
}

/// The schema of one wrong field.
pub(super) fn field_schema() -> Value {
    json!({
        "type": "object",
        "required": ["field", "code", "detail"],
        "properties": {
            "field": { "type": "string", "description": "The path in the body: `lines[3].amount`." },
            "code": { "type": "string" },
            "detail": { "type": "string" },
        },
        "example": { "field": "slug", "code": "invalid_value", "detail": "must be 3 to 63 characters" },
    })
}
