//! Problem documents: RFC 9457.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use tenantry_kernel::{FieldError, Value};
use time::format_description::well_known::Rfc3339;

use crate::error::ApiError;

/// The media type of problems.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// The answer for an error, naming the request it belongs to.
pub(crate) fn render(error: &ApiError, request_id: &str) -> HttpResponse {
    let parts = error.parts();
    let mut response = HttpResponse::build(parts.status);
    response.insert_header((header::CONTENT_TYPE, PROBLEM_JSON));
    if let Some(seconds) = parts.retry_after_s {
        response.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    if parts.status == actix_web::http::StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"tenantry\""));
    }
    if let Some(methods) = &parts.allow {
        response.insert_header((header::ALLOW, methods.as_str()));
    }
    let document = Document { error, request_id };
    match serde_json::to_vec(&document) {
        Ok(body) => response.body(body),
        Err(_) => response.finish(),
    }
}

struct Document<'a> {
    error: &'a ApiError,
    request_id: &'a str,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = self.error.parts();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &format_args!("urn:tenantry:problem:{}", parts.code))?;
        map.serialize_entry("title", &title(parts.code))?;
        map.serialize_entry("status", &parts.status.as_u16())?;
        map.serialize_entry("detail", &parts.detail)?;
        map.serialize_entry("code", parts.code)?;
        map.serialize_entry("request_id", self.request_id)?;
        if !parts.fields.is_empty() {
            map.serialize_entry("errors", &Fields(&parts.fields))?;
        }
        for (name, value) in &parts.details {
            map.serialize_entry(name, &Json(value))?;
        }
        for (name, value) in &parts.members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// `slug_taken` in words for people: `Slug taken`.
fn title(code: &str) -> String {
    let mut words = code.replace(['_', '.'], " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

struct Fields<'a>(&'a [FieldError]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for error in self.0 {
            list.serialize_element(&Field(error))?;
        }
        list.end()
    }
}

struct Field<'a>(&'a FieldError);

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("field", &self.0.field)?;
        map.serialize_entry("code", self.0.code)?;
        map.serialize_entry("detail", &self.0.detail)?;
        map.end()
    }
}

/// A kernel value as JSON; what is masked stays masked.
pub(crate) struct Json<'a>(pub &'a Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Time(at) => {
                let text = at.format(&Rfc3339).map_err(serde::ser::Error::custom)?;
                serializer.serialize_str(&text)
            }
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Json(item))?;
                }
                list.end()
            }
            Value::Masked => serializer.serialize_str("***"),
        }
    }
}

/// A kernel value as JSON.
pub(crate) fn json_of(value: &Value) -> serde_json::Value {
    serde_json::to_value(Json(value)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody;

    use super::*;

    #[test]
    fn a_problem_carries_every_member_of_the_contract() {
        let error = ApiError::validation(vec![FieldError::new("slug", "invalid_value", "too short")])
            .with("meter", "messages")
            .with("limit", 10_i64);

        let response = render(&error, "req-1");

        assert_eq!(response.headers().get("content-type").unwrap(), PROBLEM_JSON);
        let body: serde_json::Value = serde_json::from_slice(&response.into_body().try_into_bytes().unwrap()).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:tenantry:problem:validation_failed", "title": "Validation failed", "status": 422,
                "detail": "some fields are not acceptable; see errors", "code": "validation_failed",
                "request_id": "req-1", "errors": [{"field": "slug", "code": "invalid_value", "detail": "too short"}],
                "meter": "messages", "limit": 10,
            })
        );
    }
}
