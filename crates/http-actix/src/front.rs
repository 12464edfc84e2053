//! The path every request walks, from its first byte to its log line.

use std::borrow::Cow;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use actix_web::http::Method;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;
use tenantry_kernel::{Origin, TenantId};
use tokio::time::error::Elapsed;

use crate::dress::{self, Outfit};
use crate::error::{Answer, ApiError};
use crate::observe::Told;
use crate::origin::Client;
use crate::pace::PaceVerdict;
use crate::routes::{Found, Row};
use crate::state::Api;
use crate::visit::{Entry, Visit};
use crate::{body, cors, gate, names, once, problem};

/// What is learned on the way and told at the end, whatever happened in between.
#[derive(Default)]
struct Notes<'a> {
    verdict: Option<PaceVerdict>,
    tenant: Option<TenantId>,
    row: Option<&'a Row>,
}

/// Answers any request.
pub(crate) async fn answer(request: HttpRequest, payload: Payload, api: Data<Api>) -> HttpResponse {
    let started = Instant::now();
    let mut client = Client::of(&request, &api.settings.trusted_proxies);
    let origin = origin(&api, &request, &client);
    let host = client.host.take();
    let mut notes = Notes::default();

    // Boxed: what follows wraps and moves it several times.
    let work = Box::pin(admit(&api, &request, payload, host, &origin, &mut notes));
    let guarded = AssertUnwindSafe(in_time(api.settings.timeout, work)).catch_unwind();
    let outcome = match guarded.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_elapsed)) => Err(ApiError::unavailable("timed_out", "the request took too long", 1)),
        Err(panic) => Err(ApiError::internal(format!("panicked: {}", panic_text(&*panic)))),
    };

    let code = outcome.as_ref().err().map(ApiError::code);
    let answer = outcome.unwrap_or_else(|error| {
        log_failure(&error, &origin, notes.tenant);
        problem::render(&error, &origin.request_id)
    });
    let outfit = Outfit {
        request: &request,
        settings: &api.settings,
        request_id: &origin.request_id,
        verdict: notes.verdict,
        https: client.https || api.settings.public_https,
    };
    let answer = dress::dress(answer, &outfit);
    api.meters.tell(&Told {
        origin: &origin,
        method: request.method(),
        row: notes.row,
        tenant: notes.tenant,
        status: answer.status(),
        code,
        took: started.elapsed(),
    });
    answer
}

/// Waits for the work, but not longer than `limit`. Work that is done at once, as reads from memory are, sets no clock.
async fn in_time<T>(limit: Duration, mut work: Pin<Box<impl Future<Output = T>>>) -> Result<T, Elapsed> {
    match poll_fn(|task| Poll::Ready(work.as_mut().poll(task))).await {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => tokio::time::timeout(limit, work).await,
    }
}

/// Finds the route, or says that there is none.
async fn admit<'a>(
    api: &'a Data<Api>,
    request: &'a HttpRequest,
    payload: Payload,
    host: Option<Cow<'a, str>>,
    origin: &Origin,
    notes: &mut Notes<'a>,
) -> Answer {
    let path = request.match_info().unprocessed();
    match api.table.find(request.method(), path) {
        Found::Nothing => Err(ApiError::not_found()),
        Found::OtherMethods(methods) => {
            let allow = allow(&methods);
            if request.method() == Method::OPTIONS {
                return Ok(cors::options(request, &api.settings, &allow));
            }
            Err(ApiError::new(
                actix_web::http::StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                format!("this path knows {allow}"),
            )
            .allowing(allow))
        }
        Found::Row { row, values } => {
            notes.row = Some(row);
            let params = values.into_iter().map(decode).collect::<Option<Vec<_>>>();
            let params = params.ok_or_else(ApiError::not_found)?;
            let arrival = Arrival {
                row: Arc::clone(row),
                params,
                host,
            };
            let _place = Place::take(&api.in_flight, api.settings.max_in_flight)?;
            serve(api, request, payload, arrival, origin, notes).await
        }
    }
}

/// A request whose route is known.
struct Arrival<'a> {
    row: Arc<Row>,
    params: Vec<String>,
    host: Option<Cow<'a, str>>,
}

/// The gate, the body, the receipt, the action.
async fn serve(
    api: &Data<Api>,
    request: &HttpRequest,
    payload: Payload,
    arrival: Arrival<'_>,
    origin: &Origin,
    notes: &mut Notes<'_>,
) -> Answer {
    let row = arrival.row;
    let address = gate::address(request, &row, &arrival.params, arrival.host);
    let entry = gate::pass(api, &row, request, &address, origin, &mut notes.verdict).await?;
    if let Entry::Tenant(scope) = &entry {
        notes.tenant = Some(scope.tenant_id());
    }
    let (body, rest) = if row.reads_body() {
        let body = body::read(payload, api.settings.body_limit_bytes).await?;
        (body, actix_web::dev::Payload::None)
    } else {
        (Bytes::new(), payload.into_inner())
    };
    let receipt = once::receipt(api, request, &row, &entry, &body)?;
    let address = address.into_owned();
    let visit = Visit {
        row: Arc::clone(&row),
        params: arrival.params,
        origin: origin.clone(),
        address,
        entry,
        body,
        receipt: None,
    };
    if let Some(receipt) = receipt {
        return Box::pin(once::run(api, request.clone(), rest, visit, receipt)).await;
    }
    request.extensions_mut().insert(visit);
    row.run(request.clone(), rest).await
}

/// One of the places of the requests at work.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(in_flight: &'a AtomicUsize, places: usize) -> Result<Self, ApiError> {
        let place = Self(in_flight);
        if in_flight.fetch_add(1, Ordering::AcqRel) < places {
            Ok(place)
        } else {
            Err(ApiError::unavailable(
                "overloaded",
                "too many requests are at work; try again soon",
                1,
            ))
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Address, agent and id. A caller's own request id is taken when it is short and visible ASCII.
pub(crate) fn origin(api: &Api, request: &HttpRequest, client: &Client<'_>) -> Origin {
    let headers = request.headers();
    let own_id = headers
        .get(&names::X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
    let user_agent = headers
        .get(actix_web::http::header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(|agent| Arc::from(agent.get(..256).unwrap_or(agent)));
    Origin {
        address: client.address,
        user_agent,
        request_id: own_id.map_or_else(|| api.request_ids.next(), Arc::from),
    }
}

/// The methods of a path, HEAD where there is GET, OPTIONS always.
fn allow(methods: &[&Method]) -> String {
    let mut names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.join(", ")
}

/// A path segment without its percent signs; `None` when it is no text.
fn decode(segment: &str) -> Option<String> {
    if !segment.contains('%') {
        return Some(segment.to_owned());
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then_some(text)
}

/// The one place where a failure of ours is logged, with everything it came from.
fn log_failure(error: &ApiError, origin: &Origin, tenant: Option<TenantId>) {
    if let Some(chain) = &error.parts().chain {
        tracing::error!(
            request_id = &*origin.request_id,
            tenant_id = tenant.map(tracing::field::display),
            code = error.code(),
            error = chain.as_str(),
            "request failed"
        );
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

#[cfg(test)]
mod tests;
