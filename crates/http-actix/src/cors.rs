//! Cross-origin calls: only from the origins the operator configured, never with cookies.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use crate::state::Settings;

const HEADERS: &str =
    "authorization, content-type, idempotency-key, if-match, if-none-match, x-api-key, x-request-id, x-tenant-id";
const EXPOSED: &str =
    "etag, idempotency-replayed, location, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id";

/// The caller's origin, when it is one of the configured.
fn allowed<'r>(request: &'r HttpRequest, settings: &Settings) -> Option<&'r HeaderValue> {
    let origin = request.headers().get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    settings
        .cors_origins
        .iter()
        .any(|known| known == text)
        .then_some(origin)
}

/// Lets a configured origin read the answer.
pub(crate) fn dress(headers: &mut HeaderMap, request: &HttpRequest, settings: &Settings) {
    if settings.cors_origins.is_empty() {
        return;
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed(request, settings) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}

/// The answer to OPTIONS on a path with these methods; a preflight of a configured origin is told what it may.
pub(crate) fn options(request: &HttpRequest, settings: &Settings, methods: &str) -> HttpResponse {
    let mut answer: HttpResponseBuilder = HttpResponse::NoContent();
    answer.insert_header((header::ALLOW, methods));
    let preflight = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if preflight && allowed(request, settings).is_some() {
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods));
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS));
        answer.insert_header((header::ACCESS_CONTROL_MAX_AGE, "600"));
    }
    answer.finish()
}
