//! What every answer wears: request id, security headers, rate limits, compression, and the rules of HEAD and 304.

use std::cell::RefCell;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cors;
use crate::names;
use crate::pace::{self, PaceVerdict};
use crate::state::Settings;

/// Shorter bodies gain nothing by compression.
const COMPRESS_FROM_BYTES: usize = 1_024;

/// What the front has learned that the answer shows.
pub(crate) struct Outfit<'a> {
    pub request: &'a HttpRequest,
    pub settings: &'a Settings,
    pub request_id: &'a str,
    pub verdict: Option<PaceVerdict>,
    pub https: bool,
}

/// Dresses an answer.
pub(crate) fn dress(mut answer: HttpResponse, outfit: &Outfit<'_>) -> HttpResponse {
    let headers = answer.headers_mut();
    if let Ok(id) = HeaderValue::from_str(outfit.request_id) {
        headers.insert(names::X_REQUEST_ID.clone(), id);
    }
    security(headers, outfit.https);
    if let Some(verdict) = &outfit.verdict {
        rate_limit(headers, verdict);
    }
    cors::dress(headers, outfit.request, outfit.settings);
    let answer = unchanged(answer, outfit.request);
    let answer = pace::keep_place(compress(answer, outfit.request), outfit.request);
    if outfit.request.method() == Method::HEAD {
        return answer.map_body(|_, body| BoxBody::new(Withheld(body.size())));
    }
    answer
}

fn security(headers: &mut HeaderMap, https: bool) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

fn rate_limit(headers: &mut HeaderMap, verdict: &PaceVerdict) {
    let policy = POLICY.with_borrow_mut(|last| last.of(verdict));
    if let (Some(policy), Ok(state)) = (policy, HeaderValue::try_from(verdict.state())) {
        headers.insert(names::RATELIMIT_POLICY.clone(), policy);
        headers.insert(names::RATELIMIT.clone(), state);
    }
}

thread_local! {
    static POLICY: RefCell<LastPolicy> = RefCell::default();
}

/// The last policies that were told: neighbouring calls mostly have the same ones.
#[derive(Default)]
struct LastPolicy {
    policies: Vec<(&'static str, u32)>,
    value: Option<HeaderValue>,
}

impl LastPolicy {
    fn of(&mut self, verdict: &PaceVerdict) -> Option<HeaderValue> {
        if self.value.is_none() || !verdict.policies().eq(self.policies.iter().copied()) {
            *self = Self {
                policies: verdict.policies().collect(),
                value: HeaderValue::try_from(verdict.policy()).ok(),
            };
        }
        self.value.clone()
    }
}

/// 304 when the caller of a GET holds the same version already.
fn unchanged(answer: HttpResponse, request: &HttpRequest) -> HttpResponse {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || answer.status() != StatusCode::OK {
        return answer;
    }
    let (Some(held), Some(tag)) = (
        request.headers().get(header::IF_NONE_MATCH),
        answer.headers().get(header::ETAG),
    ) else {
        return answer;
    };
    let (Ok(held), Ok(tag)) = (held.to_str(), tag.to_str()) else {
        return answer;
    };
    let same = held.trim() == "*" || held.split(',').any(|one| one.trim().trim_start_matches("W/") == tag);
    if !same {
        return answer;
    }
    let (mut bare, _) = answer.into_parts();
    *bare.status_mut() = StatusCode::NOT_MODIFIED;
    bare.headers_mut().remove(header::CONTENT_TYPE);
    bare.set_body(BoxBody::new(()))
}

/// gzip for those who take it. What has a strong `ETag` stays as it is: the tag names these bytes.
fn compress(answer: HttpResponse, request: &HttpRequest) -> HttpResponse {
    let long = matches!(answer.body().size(), BodySize::Sized(size) if size >= COMPRESS_FROM_BYTES as u64);
    if !long {
        return answer;
    }
    let headers = answer.headers();
    let text = headers.get(header::CONTENT_TYPE).is_some_and(is_text);
    if !text || headers.contains_key(header::ETAG) || headers.contains_key(header::CONTENT_ENCODING) {
        return answer;
    }
    let wanted = request.headers().get(header::ACCEPT_ENCODING).is_some_and(takes_gzip);
    let (mut head, body) = answer.into_parts();
    head.headers_mut()
        .append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if !wanted {
        return head.set_body(body);
    }
    let plain = match body.try_into_bytes() {
        Ok(plain) => plain,
        Err(stream) => return head.set_body(stream),
    };
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    match encoder.write_all(&plain).and_then(|()| encoder.finish()) {
        Ok(packed) => {
            head.headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            head.set_body(BoxBody::new(packed))
        }
        Err(_) => head.set_body(BoxBody::new(plain)),
    }
}

fn is_text(media_type: &HeaderValue) -> bool {
    let media_type = media_type.to_str().unwrap_or_default();
    media_type.starts_with("text/") || media_type.contains("json") || media_type.contains("javascript")
}

fn takes_gzip(accepted: &HeaderValue) -> bool {
    accepted.to_str().unwrap_or_default().split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| matches!(name, "gzip" | "*"));
        let refused = parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        named && !refused
    })
}

/// The body that a HEAD request does not get, of which it learns the size.
struct Withheld(BodySize);

impl MessageBody for Withheld {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}
