//! Ingesting events: many things that happened, each counted by itself and once.
//!
//! An event is a `CloudEvent` (CloudEvents 1.0): `source` and `id` together name it, and what is sent twice is counted
//! once, whatever the second one says.

use std::collections::BTreeMap;

use tenantry_kernel::{DomainError, TenantScope};
use time::OffsetDateTime;

use crate::counter::{Act, ConsumeError, Item, Order};
use crate::ledger::OperationId;
use crate::limit::Reach;
use crate::meter::{Aggregation, Meter};
use crate::permissions::CONSUME_USAGE;
use crate::usage::error::UsageError;
use crate::usage::ports::{UsagePorts, Wanted, happened, is_live};

/// Most events of one call.
pub const MAX_EVENTS: usize = 1_000;
/// Longest id or source in characters.
pub const MAX_NAME: usize = 200;

/// A property of an event's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datum {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
    /// Something that nothing is counted by.
    Other,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct UsageEvent {
    /// Its id, unique for its source.
    pub id: String,
    /// Where it comes from; may be empty.
    pub source: String,
    /// Its type: which meters it counts on.
    pub kind: String,
    /// When it happened; now when absent.
    pub at: Option<OffsetDateTime>,
    /// Whom within the tenant it is about.
    pub subject: Option<String>,
    /// Its data's properties.
    pub data: BTreeMap<String, Datum>,
    /// SHA-256 of what it says.
    pub digest: [u8; 32],
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventStatus {
    /// It is counted.
    Counted,
    /// It had been counted before.
    Duplicate,
    /// A limit refused it. Sent again later, it is decided anew.
    Refused,
    /// It cannot be counted as it is.
    Invalid,
    /// It could not be counted now; send it again.
    Failed,
}

impl EventStatus {
    /// The name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        }
    }
}

/// The verdict on one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventVerdict {
    /// What became of it.
    pub status: EventStatus,
    /// The meter that refused it, or the first one that it counted on.
    pub meter: Option<String>,
    /// Why it is not counted: a code.
    pub code: Option<&'static str>,
    /// Why it is not counted, for people.
    pub detail: Option<String>,
}

/// Ingests events.
pub struct IngestService {
    ports: UsagePorts,
}

impl IngestService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(ports: UsagePorts) -> Self {
        Self { ports }
    }

    /// Counts events, each by itself, and tells what became of each, in their order.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::NoPlan`], [`UsageError::Store`], and [`UsageError::Counter`] when too much
    /// is waiting already and none of them was looked at.
    pub async fn ingest(&self, scope: &TenantScope, events: Vec<UsageEvent>) -> Result<Vec<EventVerdict>, UsageError> {
        scope.require(&CONSUME_USAGE)?;

        let reach = self.ports.reach(scope).await?;
        let now = self.ports.clock.now(scope);
        let mut verdicts: Vec<Option<EventVerdict>> = Vec::with_capacity(events.len());
        let mut orders = Vec::with_capacity(events.len());
        for event in events {
            match self.order(scope, &reach, event, now) {
                Ok(order) => {
                    verdicts.push(None);
                    orders.push(order);
                }
                Err(refused) => verdicts.push(Some(invalid(&refused))),
            }
        }

        let meters: Vec<Option<String>> = orders.iter().map(first_meter).collect();
        let mut answers = self
            .ports
            .counter
            .submit_all(scope, orders)
            .await
            .into_iter()
            .zip(meters);
        let mut told = Vec::with_capacity(verdicts.len());
        for verdict in verdicts {
            told.push(match verdict {
                Some(verdict) => verdict,
                None => match answers.next() {
                    Some((answer, meter)) => self.verdict(answer, meter, &reach, now),
                    None => return Err(UsageError::Counter(ConsumeError::Busy { retry_after_s: 1 })),
                },
            });
        }
        Ok(told)
    }

    fn order(
        &self,
        scope: &TenantScope,
        reach: &Reach,
        event: UsageEvent,
        now: OffsetDateTime,
    ) -> Result<Order, UsageError> {
        let named = |text: &str, least: usize| {
            let length = text.chars().count();
            (least..=MAX_NAME).contains(&length) && !text.chars().any(char::is_control)
        };
        if !named(&event.id, 1) || !named(&event.source, 0) {
            let detail = format!("id and source must be visible text of at most {MAX_NAME} characters");
            return Err(UsageError::Invalid(vec![tenantry_kernel::FieldError::new(
                "id",
                "invalid_value",
                detail,
            )]));
        }
        let at = happened(event.at, now, "time")?;
        let mut items = Vec::new();
        for meter in self.ports.meters.of_event(&event.kind) {
            items.push(self.item(scope, meter, &event, at)?);
        }
        if items.is_empty() {
            return Err(UsageError::UnknownMeter(event.kind.chars().take(64).collect()));
        }
        Ok(Order {
            operation: OperationId::internal("event", &format!("{}/{}", event.source, event.id)),
            digest: event.digest,
            act: Act::Consume(items),
            live: is_live(scope),
            reach: reach.clone(),
            now,
        })
    }

    fn item(
        &self,
        scope: &TenantScope,
        meter: &Meter,
        event: &UsageEvent,
        at: OffsetDateTime,
    ) -> Result<Item, UsageError> {
        let wrong = |name: &str, code: &'static str, detail: &str| {
            let field = format!("data.{name}");
            UsageError::Invalid(vec![tenantry_kernel::FieldError::new(field, code, detail)])
        };
        let amount = match &meter.events.value {
            // A count counts events, whatever they carry.
            Some(name) if meter.aggregation != Aggregation::Count => match event.data.get(name) {
                Some(Datum::Number(number)) => *number,
                Some(Datum::Text(text)) => text
                    .parse()
                    .map_err(|_| wrong(name, "invalid_type", "must be a whole number"))?,
                Some(Datum::Other) => return Err(wrong(name, "invalid_type", "must be a whole number")),
                None => return Err(wrong(name, "missing_field", "is missing")),
            },
            _ => 1,
        };
        let member = match &meter.events.member {
            Some(name) if meter.aggregation == Aggregation::Unique => match event.data.get(name) {
                Some(Datum::Text(text)) => Some(text.clone()),
                Some(Datum::Number(number)) => Some(number.to_string()),
                Some(Datum::Other) => return Err(wrong(name, "invalid_type", "must be a text or a number")),
                None => return Err(wrong(name, "missing_field", "is missing")),
            },
            _ => None,
        };
        let wanted = Wanted {
            meter: meter.code.to_string(),
            amount,
            member,
            description: None,
            subject: event.subject.clone(),
        };
        self.ports.item(scope, wanted, "", at)
    }

    fn verdict(
        &self,
        answer: Result<crate::counter::Outcome, ConsumeError>,
        meter: Option<String>,
        reach: &Reach,
        now: OffsetDateTime,
    ) -> EventVerdict {
        let failure = match answer {
            Ok(outcome) => {
                return EventVerdict {
                    status: if outcome.replayed {
                        EventStatus::Duplicate
                    } else {
                        EventStatus::Counted
                    },
                    meter,
                    code: None,
                    detail: None,
                };
            }
            Err(ConsumeError::KeyReused) => {
                // The same event with other words: it was counted, and what it says now changes nothing.
                return EventVerdict {
                    status: EventStatus::Duplicate,
                    meter,
                    code: Some("event_differs"),
                    detail: Some("an event of this id was counted that said something else".to_owned()),
                };
            }
            Err(failure) => self.ports.refused(failure, reach, now),
        };
        let (status, meter) = match &failure {
            UsageError::Exceeded(exceeded) => (EventStatus::Refused, Some(exceeded.meter.to_string())),
            UsageError::Counter(ConsumeError::Busy { .. } | ConsumeError::Store(_)) => (EventStatus::Failed, meter),
            _ => (EventStatus::Invalid, meter),
        };
        EventVerdict {
            status,
            meter,
            code: Some(failure.code()),
            detail: Some(failure.to_string()),
        }
    }
}

fn first_meter(order: &Order) -> Option<String> {
    match &order.act {
        Act::Consume(items) => items.first().map(|item| item.meter.code.to_string()),
        _ => None,
    }
}

fn invalid(refused: &UsageError) -> EventVerdict {
    let fields = refused.fields();
    let first = fields.first();
    EventVerdict {
        status: EventStatus::Invalid,
        meter: None,
        code: Some(first.map_or_else(|| refused.code(), |field| field.code)),
        detail: Some(first.map_or_else(
            || refused.to_string(),
            |field| format!("{}: {}", field.field, field.detail),
        )),
    }
}
