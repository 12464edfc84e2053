//! POST /tenants/{tenant}/usage/events: what happened, in bulk.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::web::Data;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenantry_kernel::{Cipher, FieldError};
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_quotas::usage::IngestService;
use tenantry_quotas::usage::ingest::{Datum, EventStatus, EventVerdict, MAX_EVENTS, UsageEvent};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::state::Api;

/// A `CloudEvent` (CloudEvents 1.0, JSON format). Attributes that are not named here may be sent; nothing is counted
/// by them.
#[derive(Deserialize, ToSchema)]
#[schema(as = UsageEvent)]
struct EventBody {
    /// The version of the format: `1.0`.
    #[schema(example = "1.0")]
    specversion: Option<String>,
    /// Its id, unique for its source: sent twice, it is counted once.
    #[schema(example = "evt-17")]
    id: String,
    /// Where it comes from.
    #[serde(default)]
    #[schema(example = "/campaigns")]
    source: String,
    /// What happened: a meter's code, or a type that the catalog lists for one or more meters.
    #[serde(rename = "type")]
    #[schema(example = "messages")]
    kind: String,
    /// When it happened, at most 35 days ago; now when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    time: Option<OffsetDateTime>,
    /// Whom within the tenant it is about.
    #[schema(example = "user-17")]
    subject: Option<String>,
    /// What the catalog's `value_from` and `member_from` look into.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = json!({"amount": 3}))]
    data: Option<Value>,
}

/// Events: a list of them, or an object that holds the list.
#[derive(ToSchema)]
#[schema(as = UsageEvents)]
struct Body {
    /// At most 1,000. A body of the type `application/cloudevents-batch+json` is the list itself.
    events: Vec<EventBody>,
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Body;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of events, or an object with the member `events`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Body, A::Error> {
                let events = Vec::deserialize(de::value::SeqAccessDeserializer::new(seq))?;
                Ok(Body { events })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
                let mut events = None;
                while let Some(name) = map.next_key::<String>()? {
                    if name != "events" {
                        return Err(de::Error::unknown_field(&name, &["events"]));
                    }
                    if events.replace(map.next_value()?).is_some() {
                        return Err(de::Error::duplicate_field("events"));
                    }
                }
                let events = events.ok_or_else(|| de::Error::missing_field("events"))?;
                Ok(Body { events })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// What became of one event.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageEventVerdict)]
struct VerdictView {
    /// The event's id.
    #[schema(example = "evt-17")]
    id: String,
    /// Its source.
    #[schema(example = "/campaigns")]
    source: String,
    /// `counted`, `duplicate`, `refused` (a limit is reached), `invalid`, or `failed` (send it again).
    #[schema(example = "counted")]
    status: &'static str,
    /// The meter that it counted on, or that refused it.
    #[schema(example = "messages")]
    meter: Option<String>,
    /// Why it was not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "quota_exceeded")]
    code: Option<&'static str>,
    /// Why it was not counted, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// What became of all of them.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageEventVerdicts)]
struct View {
    /// One verdict per event, in their order.
    data: Vec<VerdictView>,
    /// How many were counted.
    counted: usize,
    /// How many had been counted before.
    duplicates: usize,
    /// How many a limit refused.
    refused: usize,
    /// How many cannot be counted as they are.
    invalid: usize,
    /// How many could not be counted now.
    failed: usize,
}

/// Counts events, each by itself and once, and tells what became of each.
///
/// The call succeeds when every event was looked at; look at `status` for each. Sending the same call again is safe:
/// what was counted is a duplicate then, and what a limit refused is decided anew.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/usage/events", operation_id = "usage_events", tag = "usage",
    request_body = Body, responses((status = 200, description = "Every event was looked at.", body = View)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    api: Data<Api>,
    ingest: Data<IngestService>,
) -> Answer {
    if body.events.is_empty() || body.events.len() > MAX_EVENTS {
        let detail = format!("must be 1 to {MAX_EVENTS} events");
        return Err(ApiError::validation(vec![FieldError::new(
            "events",
            "out_of_range",
            detail,
        )]));
    }
    let names: Vec<_> = body
        .events
        .iter()
        .map(|event| (event.id.clone(), event.source.clone()))
        .collect();
    let events = events(&*api.cipher, body.events)?;
    let verdicts = ingest.ingest(&scope, events).await?;
    let of = |status| verdicts.iter().filter(|verdict| verdict.status == status).count();
    Ok(render::ok(&View {
        counted: of(EventStatus::Counted),
        duplicates: of(EventStatus::Duplicate),
        refused: of(EventStatus::Refused),
        invalid: of(EventStatus::Invalid),
        failed: of(EventStatus::Failed),
        data: verdicts.into_iter().zip(names).map(view).collect(),
    }))
}

fn view((verdict, (id, source)): (EventVerdict, (String, String))) -> VerdictView {
    VerdictView {
        id,
        source,
        status: verdict.status.as_str(),
        meter: verdict.meter,
        code: verdict.code,
        detail: verdict.detail,
    }
}

fn events(cipher: &dyn Cipher, bodies: Vec<EventBody>) -> Result<Vec<UsageEvent>, ApiError> {
    let mut events = Vec::with_capacity(bodies.len());
    for (number, body) in bodies.into_iter().enumerate() {
        if body.specversion.as_deref().is_some_and(|version| version != "1.0") {
            let field = format!("events[{number}].specversion");
            let wrong = FieldError::new(field, "invalid_value", "must be 1.0");
            return Err(ApiError::validation(vec![wrong]));
        }
        events.push(event(cipher, body));
    }
    Ok(events)
}

fn event(cipher: &dyn Cipher, body: EventBody) -> UsageEvent {
    let digest = digest(cipher, &body);
    let data = match body.data {
        Some(Value::Object(properties)) => properties
            .into_iter()
            .map(|(name, value)| (name, datum(value)))
            .collect(),
        _ => BTreeMap::new(),
    };
    UsageEvent {
        id: body.id,
        source: body.source,
        kind: body.kind,
        at: body.time,
        subject: body.subject,
        data,
        digest,
    }
}

/// What an event says, apart from its name: one that is sent again says the same.
fn digest(cipher: &dyn Cipher, body: &EventBody) -> [u8; 32] {
    let mut text = Vec::with_capacity(128);
    let at = body.time.map_or(0, OffsetDateTime::unix_timestamp_nanos);
    text.extend_from_slice(&at.to_be_bytes());
    for part in [Some(&body.kind), body.subject.as_ref()].into_iter().flatten() {
        text.extend_from_slice(part.as_bytes());
        text.push(0);
    }
    if let Some(data) = &body.data {
        // Members of an object are in order of their names: it was parsed into a sorted map.
        text.extend_from_slice(data.to_string().as_bytes());
    }
    cipher.fingerprint("usage-event", &text)
}

fn datum(value: Value) -> Datum {
    match value {
        Value::Number(number) => number.as_i64().map_or(Datum::Other, Datum::Number),
        Value::String(text) => Datum::Text(text),
        _ => Datum::Other,
    }
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([CONSUME_USAGE])
        .refuses(402, "no_plan")
}
