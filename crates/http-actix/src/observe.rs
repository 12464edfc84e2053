//! What operators see: one log line and two metrics per request.
//!
//! Neither ever holds a query, a credential or a body: routes are named by their pattern.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use metrics::{Counter, Histogram};
use papaya::HashMap;
use tenantry_kernel::{Origin, TenantId};

use crate::decimal;
use crate::routes::Row;

/// The route of a request that found none.
const UNMATCHED: &str = "unmatched";

/// Route, method, status.
type Key = (&'static str, &'static str, u16);

/// What is counted of the requests of one key.
struct Handles {
    key: Key,
    total: Counter,
    durations: Histogram,
}

/// Handles by key, made when first needed.
pub(crate) struct Meters(HashMap<Key, Arc<Handles>>);

/// The first few handles of one route, found without hashing. Nearly all of its answers have one of these statuses.
#[derive(Default)]
pub(crate) struct RowMeters([OnceLock<Handles>; 6]);

/// What is told of one request.
pub(crate) struct Told<'a> {
    pub origin: &'a Origin,
    pub method: &'a Method,
    /// The route, if one was found.
    pub row: Option<&'a Row>,
    pub tenant: Option<TenantId>,
    pub status: StatusCode,
    pub code: Option<&'static str>,
    pub took: Duration,
}

impl Handles {
    fn register(key: Key) -> Self {
        let (route, method, status) = key;
        let labels = [
            ("route", route.to_owned()),
            ("method", method.to_owned()),
            ("status", status.to_string()),
        ];
        Self {
            key,
            total: metrics::counter!("http_requests_total", &labels),
            durations: metrics::histogram!("http_request_duration_seconds", &labels),
        }
    }

    fn count(&self, took: Duration) {
        self.total.increment(1);
        self.durations.record(took.as_secs_f64());
    }
}

impl RowMeters {
    /// The handles of the key; `None` when this route has others already.
    fn find(&self, key: Key) -> Option<&Handles> {
        let mut handles = self.0.iter().map(|slot| slot.get_or_init(|| Handles::register(key)));
        handles.find(|handles| handles.key.2 == key.2 && handles.key.1 == key.1)
    }
}

impl Meters {
    pub fn new() -> Self {
        Self(HashMap::new())
    }

    /// Counts and logs a request.
    pub fn tell(&self, told: &Told<'_>) {
        let route = told.row.map_or(UNMATCHED, Row::path);
        let key = (route, method_name(told.method), told.status.as_u16());
        if let Some(handles) = told.row.and_then(|row| row.meters().find(key)) {
            handles.count(told.took);
        } else {
            let pinned = self.0.pin();
            let handles = pinned.get_or_insert_with(key, || Arc::new(Handles::register(key)));
            handles.count(told.took);
        }
        tracing::info!(
            target: "tenantry::access",
            request_id = &*told.origin.request_id,
            tenant_id = told.tenant.map(tracing::field::display),
            method = key.1,
            route,
            status = key.2,
            code = told.code,
            address = told.origin.address.map(|address| tracing::field::display(decimal::Address(address))),
            duration_us = u64::try_from(told.took.as_micros()).unwrap_or(u64::MAX),
            "request"
        );
    }
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
