//! Problems in the document: which an operation may answer follows from what its row needs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::pace::PaceClass;
use crate::problem::PROBLEM_JSON;
use crate::routes::{Needs, Once, Row};

/// Status, name of the shared response, and what it says.
const SHARED: [(u16, &str, &str, &str); 16] = [
    (
        400,
        "Malformed",
        "malformed_request",
        "The request cannot be understood.",
    ),
    (
        401,
        "NotAuthenticated",
        "not_authenticated",
        "Nobody, or nobody we believe.",
    ),
    (
        402,
        "PaymentRequired",
        "payment_required",
        "Something must be bought or paid first.",
    ),
    (403, "Denied", "permission_denied", "Known, but not allowed."),
    (404, "NotFound", "not_found", "Not here, or another tenant's."),
    (
        405,
        "MethodNotAllowed",
        "method_not_allowed",
        "The path knows other methods; see `Allow`.",
    ),
    (
        409,
        "Conflict",
        "conflict",
        "Contradicts what is stored; the code says how.",
    ),
    (410, "Gone", "gone", "Was here once."),
    (
        412,
        "PreconditionFailed",
        "precondition_failed",
        "Changed since the caller looked.",
    ),
    (413, "TooLarge", "body_too_large", "The body is too long."),
    (
        415,
        "UnsupportedMediaType",
        "unsupported_media_type",
        "The body is not JSON by its type.",
    ),
    (
        422,
        "Invalid",
        "validation_failed",
        "Fields break a rule; `errors` lists them.",
    ),
    (423, "Suspended", "tenant_suspended", "The tenant is suspended."),
    (429, "TooMany", "rate_limited", "A limit of the plan, or of the pace."),
    (500, "Internal", "internal_error", "Our fault."),
    (
        503,
        "Unavailable",
        "unavailable",
        "Try again after `Retry-After` seconds.",
    ),
];

fn shared(status: u16) -> Option<&'static (u16, &'static str, &'static str, &'static str)> {
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
        .map(|(status, name, code, text)| ((*name).to_owned(), response(*status, text, &[code])));
    Value::Object(named.collect())
}

/// Adds the problems of a row to its operation.
pub(super) fn list(row: &Row, operation: &mut Map<String, Value>) {
    let mut codes: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for status in statuses(row, operation) {
        codes.entry(status).or_default();
    }
    for (status, code) in row.refusals() {
        codes.entry(*status).or_default().push(code);
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else {
        return;
    };
    for (status, codes) in codes {
        let Some((_, name, usual, text)) = shared(status) else {
            continue;
        };
        let told = if codes.iter().all(|code| code == usual) {
            json!({ "$ref": format!("#/components/responses/{name}") })
        } else {
            let listed: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
            response(status, &format!("{text} Codes: {}.", listed.join(", ")), &codes)
        };
        responses.entry(status.to_string()).or_insert(told);
    }
}

fn statuses(row: &Row, operation: &Map<String, Value>) -> Vec<u16> {
    let mut statuses = vec![500, 503];
    match row.needs() {
        Needs::Public => {}
        Needs::PublicOrPerson => statuses.push(401),
        Needs::SignedIn | Needs::Platform(_) => statuses.extend([401, 403]),
        Needs::Tenant(_) => statuses.extend([400, 401, 403, 404, 423]),
    }
    if operation.contains_key("requestBody") {
        statuses.extend([400, 413, 415, 422]);
    }
    if row.idempotency() != Once::No {
        statuses.extend([400, 409, 422]);
    }
    if row.is_paged() {
        statuses.extend([400, 422]);
    }
    if row.is_conditional() {
        statuses.push(412);
    }
    if row.pace_class() != PaceClass::Free {
        statuses.push(429);
    }
    if !row.params().is_empty() {
        statuses.push(404);
    }
    statuses
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
