//! What operators see: one log line and two metrics per request.
//!
//! Neither ever holds a query, a credential or a body: routes are named by their pattern.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use metrics::{Counter, Histogram};
use papaya::HashMap;
use tenantry_kernel::{Origin, TenantId};

/// The route of a request that found none.
pub(crate) const UNMATCHED: &str = "unmatched";

/// Route, method, status.
type Key = (&'static str, &'static str, u16);

/// Handles by key, made when first needed.
pub(crate) struct Meters(HashMap<Key, Arc<(Counter, Histogram)>>);

/// What is told of one request.
pub(crate) struct Told<'a> {
    pub origin: &'a Origin,
    pub method: &'a Method,
    pub route: &'static str,
    pub tenant: Option<TenantId>,
    pub status: StatusCode,
    pub code: Option<&'static str>,
    pub took: Duration,
}

impl Meters {
    pub fn new() -> Self {
        Self(HashMap::new())
    }

    /// Counts and logs a request.
    pub fn tell(&self, told: &Told<'_>) {
        let key = (told.route, method_name(told.method), told.status.as_u16());
        {
            let handles = self.0.pin();
            let handle = handles.get_or_insert_with(key, || Arc::new(register(key)));
            handle.0.increment(1);
            handle.1.record(told.took.as_secs_f64());
        }
        tracing::info!(
            target: "tenantry::access",
            request_id = &*told.origin.request_id,
            tenant_id = told.tenant.map(tracing::field::display),
            method = key.1,
            route = told.route,
            status = key.2,
            code = told.code,
            address = told.origin.address.map(tracing::field::display),
            duration_us = u64::try_from(told.took.as_micros()).unwrap_or(u64::MAX),
            "request"
        );
    }
}

fn register((route, method, status): Key) -> (Counter, Histogram) {
    let labels = [
        ("route", route.to_owned()),
        ("method", method.to_owned()),
        ("status", status.to_string()),
    ];
    (
        metrics::counter!("http_requests_total", &labels),
        metrics::histogram!("http_request_duration_seconds", &labels),
    )
}

/// A bounded set of names: a stranger's invented method is no label.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
