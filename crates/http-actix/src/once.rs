//! `Idempotency-Key`: the effect happens once, the first answer is given again.
//!
//! The receipt is written by the same commit as the effect (the scope carries it there); here the answer is added
//! to it, sealed, and given again. A refusal leaves no receipt, so a retry decides anew.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use tenantry_kernel::{Principal, Receipt, TenantId};

use crate::error::{Answer, ApiError};
use crate::names;
use crate::problem;
use crate::routes::{Once, Row};
use crate::state::Api;
use crate::visit::{Entry, Visit};

/// The code of a request whose answer was lost.
const DONE: &str = "idempotent_request_done";
const WAIT: Duration = Duration::from_millis(50);

/// Whose keys these are: one caller's keys never meet another's. As `ReceiptStore` names its holders.
#[derive(Clone, Debug)]
struct Holder {
    tenant: Option<TenantId>,
    principal: String,
}

impl Holder {
    fn of(entry: &Entry) -> Self {
        let named = |principal: &Principal| format!("{}:{}", principal.kind(), principal.identifier());
        match entry {
            Entry::Tenant(scope) => Self {
                tenant: Some(scope.tenant_id()),
                principal: named(scope.principal()),
            },
            // Before a tenant is known, and for those who work across tenants, the receipt is the installation's: it is
            // written by the unit of whichever tenant the effect lands in. Its key and digest bind it to the caller.
            Entry::System(_) | Entry::Person(_) | Entry::Support(_) | Entry::Nobody => Self {
                tenant: None,
                principal: String::new(),
            },
        }
    }
}

/// The receipt that the request asks for; `None` when it carries no key or the route has no use for one.
pub(crate) fn receipt(
    api: &Api,
    request: &HttpRequest,
    row: &Row,
    entry: &Entry,
    body: &[u8],
) -> Result<Option<Receipt>, ApiError> {
    if row.idempotency() != Once::Receipt {
        return Ok(None);
    }
    let Some(key) = key(request.headers())? else {
        return Ok(None);
    };
    // A person's own drawer among the installation's receipts; no header has a space in its key.
    let key = match person(entry) {
        Some(person) => Arc::from(format!("{person} {key}")),
        None => key,
    };
    Ok(Some(Receipt {
        operation: row.operation_id(),
        key,
        body_digest: digest(api, request, entry, body),
        platform: !matches!(entry, Entry::Tenant(_)),
    }))
}

/// The person behind a request that has no tenant.
fn person(entry: &Entry) -> Option<String> {
    match entry {
        Entry::Person(person) => Some(person.user.to_string()),
        Entry::System(scope) => Some(scope.principal().identifier()),
        Entry::Support(visit) => Some(visit.0.operator.to_string()),
        Entry::Tenant(_) | Entry::Nobody => None,
    }
}

/// What makes two requests the same: where they go, who sends them when nobody else tells, and what they say.
pub(crate) fn digest(api: &Api, request: &HttpRequest, entry: &Entry, body: &[u8]) -> [u8; 32] {
    // The path belongs to the request: the same key on another resource is another request. The digest is keyed,
    // since a body may hold a password that a plain digest would let a thief of the table guess at.
    let mut text = request.uri().to_string().into_bytes();
    text.push(0);
    if let Some(person) = person(entry) {
        text.extend_from_slice(person.as_bytes());
    }
    text.extend_from_slice(body);
    api.cipher.fingerprint("idempotent-request", &text)
}

/// The key of the header: 1 to 255 visible ASCII characters.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<Arc<str>>, ApiError> {
    let mut values = headers.get_all(&names::IDEMPOTENCY_KEY);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value
        .to_str()
        .ok()
        .filter(|text| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
    match text {
        Some(text) if values.next().is_none() => Ok(Some(Arc::from(text))),
        _ => Err(ApiError::malformed(
            "idempotency_key_invalid",
            "Idempotency-Key must be one value of 1 to 255 visible ASCII characters",
        )),
    }
}

/// Runs the action under its receipt, or gives the earlier answer again.
pub(crate) async fn run(
    api: &Api,
    request: HttpRequest,
    payload: Payload,
    mut visit: Visit,
    receipt: Receipt,
) -> Answer {
    let row = Arc::clone(&visit.row);
    let holder = Holder::of(&visit.entry);
    if let Some(earlier) = earlier_answer(api, &holder, &receipt, api.settings.receipt_waits).await? {
        return Ok(earlier);
    }
    visit.entry = match visit.entry {
        Entry::Tenant(scope) => Entry::Tenant(scope.with_receipt(receipt.clone())),
        Entry::System(scope) => Entry::System(scope.with_receipt(receipt.clone())),
        other => other,
    };
    visit.receipt = Some(receipt.clone());
    request.extensions_mut().insert(visit);

    let origin = visit_origin(&request);
    match row.run(request, payload).await {
        Ok(answer) => Ok(keep(api, &holder, &receipt, answer).await),
        Err(refused) => settle(api, &holder, &receipt, refused, &origin).await,
    }
}

fn visit_origin(request: &HttpRequest) -> Arc<str> {
    let extensions = request.extensions();
    let visit = extensions.get::<Visit>();
    visit.map_or_else(|| Arc::from(""), |visit| Arc::clone(&visit.origin.request_id))
}

/// What a refused request answers: the answer of its twin, if one won while it ran.
async fn settle(api: &Api, holder: &Holder, receipt: &Receipt, refused: ApiError, request_id: &str) -> Answer {
    // A charge leaves its receipt with the intention, before the payment: nobody else's answer will come.
    let declined = refused.status() == StatusCode::PAYMENT_REQUIRED;
    // The same when nobody knows yet whether money moved: the intention stands, and the worker will find out.
    let unknown = refused.status() == StatusCode::SERVICE_UNAVAILABLE;
    let waits = if declined || unknown {
        0
    } else {
        api.settings.receipt_waits
    };
    match earlier_answer(api, holder, receipt, waits).await {
        Ok(Some(earlier)) => Ok(earlier),
        Err(done) if declined && done.code() == DONE => {
            Ok(keep(api, holder, receipt, problem::render(&refused, request_id)).await)
        }
        Err(done) if unknown && done.code() == DONE => Err(refused),
        Err(done) if matches!(done.status(), StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) => Err(done),
        Ok(None) | Err(_) => Err(refused),
    }
}

/// The stored answer; waits a moment for a twin that is still at work.
async fn earlier_answer(
    api: &Api,
    holder: &Holder,
    receipt: &Receipt,
    mut waits: u8,
) -> Result<Option<HttpResponse>, ApiError> {
    loop {
        let found = api
            .receipts
            .find(holder.tenant, &holder.principal, receipt.operation, &receipt.key)
            .await?;
        let Some(known) = found else {
            return Ok(None);
        };
        if known.body_digest != receipt.body_digest {
            return Err(ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request",
            ));
        }
        if let Some(sealed) = known.answer {
            return open(api, receipt, &sealed).map(Some);
        }
        if waits == 0 {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                DONE,
                "the request with this Idempotency-Key took effect, but its answer was lost; look at the subject",
            )
            .with("subject", known.subject));
        }
        waits -= 1;
        tokio::time::sleep(WAIT).await;
    }
}

/// The part of a stored answer that stands before its body.
#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

fn context(receipt: &Receipt) -> String {
    format!("idempotent-answer:{}:{}", receipt.operation, receipt.key)
}

/// Adds the answer to the receipt, and gives it on.
async fn keep(api: &Api, holder: &Holder, receipt: &Receipt, answer: HttpResponse) -> HttpResponse {
    let (head, body) = answer.into_parts();
    let body = match body.try_into_bytes() {
        Ok(body) => body,
        // A stream is not kept.
        Err(stream) => return head.set_body(stream),
    };
    let headers = head
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    let kept = Head {
        status: head.status().as_u16(),
        headers: headers.collect(),
    };
    if let Ok(mut plain) = serde_json::to_vec(&kept) {
        plain.push(b'\n');
        plain.extend_from_slice(&body);
        let sealed = api.cipher.seal(&context(receipt), &plain);
        let saved = api.receipts.save_answer(
            holder.tenant,
            &holder.principal,
            receipt.operation,
            &receipt.key,
            kept.status,
            sealed,
        );
        if let Err(failed) = saved.await {
            // The effect stands; a retry will be told so without the answer.
            tracing::warn!(operation = receipt.operation, error = %failed, "could not keep an idempotent answer");
        }
    }
    head.set_body(BoxBody::new(body))
}

fn open(api: &Api, receipt: &Receipt, sealed: &[u8]) -> Answer {
    let broken = || ApiError::internal("a stored idempotent answer cannot be read");
    let plain = api
        .cipher
        .open(&context(receipt), sealed)
        .map_err(|_| broken())?
        .into_inner();
    let mut parts = plain.splitn(2, |byte| *byte == b'\n');
    let (Some(head), Some(body)) = (parts.next(), parts.next()) else {
        return Err(broken());
    };
    let head: Head = serde_json::from_slice(head).map_err(|_| broken())?;
    let status = StatusCode::from_u16(head.status).map_err(|_| broken())?;
    let mut answer = HttpResponse::build(status);
    for (name, value) in head.headers {
        answer.insert_header((name, value));
    }
    answer.insert_header((names::IDEMPOTENCY_REPLAYED.clone(), HeaderValue::from_static("true")));
    Ok(answer.body(body.to_vec()))
}
