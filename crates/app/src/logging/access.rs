//! The access line, written by hand.
//!
//! There is one for every request, and the general formatter would spend more on it than the rest of the request costs.
//! What it looks like is the same, byte for byte: `tests` holds it against the general one. Filters are asked as for
//! any other event, and every other event goes its usual way.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::time::SystemTime;

use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use super::lines;

/// The target of the line.
pub(super) const TARGET: &str = "tenantry::access";

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Readable text, without colours.
    Text,
    /// One JSON object.
    Json,
}

/// A subscriber that writes access lines itself and leaves everything else to `inner`. Only `Span::current()` finds
/// nothing under it; what is logged inside a span still names it.
pub(super) struct AccessLines<S> {
    pub inner: S,
    pub form: Form,
    pub lines: lines::Lines,
}

impl<S: Subscriber> Subscriber for AccessLines<S> {
    fn event(&self, event: &Event<'_>) {
        let about = event.metadata();
        if about.target() != TARGET {
            return self.inner.event(event);
        }
        LINE.with_borrow_mut(|line| {
            line.write(self.form, SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(), event);
            // Nobody is left to be told that standard error is gone.
            let _ = self.lines.add(line.text.as_bytes(), *about.level());
        });
    }

    fn register_callsite(&self, about: &'static Metadata<'static>) -> Interest {
        self.inner.register_callsite(about)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.inner.max_level_hint()
    }

    fn enabled(&self, about: &Metadata<'_>) -> bool {
        self.inner.enabled(about)
    }

    fn event_enabled(&self, event: &Event<'_>) -> bool {
        self.inner.event_enabled(event)
    }

    fn on_register_dispatch(&self, subscriber: &tracing::Dispatch) {
        self.inner.on_register_dispatch(subscriber);
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.inner.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.inner.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.inner.record_follows_from(span, follows);
    }

    fn enter(&self, span: &Id) {
        self.inner.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.inner.exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.inner.clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.inner.try_close(span)
    }
}

thread_local! {
    static LINE: RefCell<Line> = const { RefCell::new(Line::new()) };
}

/// A line in the making; its memory is used again for the next one.
struct Line {
    text: String,
    /// The second of `date`.
    second: u64,
    /// `2026-11-21T03:17:18.`; it is the same for thousands of lines.
    date: String,
}

impl Line {
    const fn new() -> Self {
        Self {
            text: String::new(),
            second: u64::MAX,
            date: String::new(),
        }
    }

    fn write(&mut self, form: Form, since_1970: std::time::Duration, event: &Event<'_>) {
        self.turn_to(since_1970.as_secs());
        let level = event.metadata().level().as_str();
        let text = &mut self.text;
        text.clear();
        if form == Form::Json {
            text.push_str(r#"{"timestamp":""#);
        }
        text.push_str(&self.date);
        six_digits(text, since_1970.subsec_micros());
        match form {
            Form::Json => {
                text.push_str(r#"Z","level":""#);
                text.push_str(level);
                text.push('"');
                event.record(&mut Json(text));
                text.push_str(r#","target":""#);
                text.push_str(TARGET);
                text.push_str("\"}\n");
            }
            Form::Text => {
                text.push_str("Z ");
                for _ in level.len()..5 {
                    text.push(' ');
                }
                text.push_str(level);
                text.push(' ');
                text.push_str(TARGET);
                text.push(':');
                event.record(&mut Plain(text));
                text.push('\n');
            }
        }
    }

    fn turn_to(&mut self, second: u64) {
        if self.second == second {
            return;
        }
        let at = i64::try_from(second).ok();
        let at = at.and_then(|second| OffsetDateTime::from_unix_timestamp(second).ok());
        let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let ((year, month, day), (hour, minute, second_of)) = (at.to_calendar_date(), at.to_hms());
        let month = u8::from(month);
        self.date.clear();
        // A string does not refuse what is written to it.
        let _ = write!(
            self.date,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second_of:02}."
        );
        self.second = second;
    }
}

/// Fields as `name=value`.
struct Plain<'a>(&'a mut String);

impl Plain<'_> {
    fn name(&mut self, field: &Field) {
        self.0.push(' ');
        if field.name() != "message" {
            self.0.push_str(field.name());
            self.0.push('=');
        }
    }
}

impl Visit for Plain<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        number(self.0, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        if is_plain(value) {
            self.0.push('"');
            self.0.push_str(value);
            self.0.push('"');
        } else {
            let _ = write!(self.0, "{value:?}");
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        let _ = write!(self.0, "{value:?}");
    }
}

/// Fields as members of an object.
struct Json<'a>(&'a mut String);

impl Json<'_> {
    fn name(&mut self, field: &Field) {
        self.0.push_str(",\"");
        self.0.push_str(field.name());
        self.0.push_str("\":");
    }
}

impl Visit for Json<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        number(self.0, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.name(field);
        let _ = write!(self.0, "{value}");
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.name(field);
        self.0.push_str(if value { "true" } else { "false" });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        if is_plain(value) {
            self.0.push('"');
            self.0.push_str(value);
            self.0.push('"');
        } else {
            self.0.push_str(&serde_json::Value::from(value).to_string());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        let start = self.0.len();
        self.0.push('"');
        let _ = write!(self.0, "{value:?}");
        let text = self.0.get(start + 1..).unwrap_or_default();
        if is_plain(text) {
            self.0.push('"');
        } else {
            let escaped = serde_json::Value::from(text).to_string();
            self.0.truncate(start);
            self.0.push_str(&escaped);
        }
    }
}

/// True for text that stands between quotes as it is, in Rust and in JSON.
fn is_plain(text: &str) -> bool {
    let plain = |byte| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~');
    text.bytes().fold(true, |all, byte| all & plain(byte))
}

fn number(text: &mut String, mut value: u64) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
        first = place;
        if value == 0 {
            break;
        }
    }
    let digits = digits.get(first..).unwrap_or_default();
    text.push_str(std::str::from_utf8(digits).unwrap_or_default());
}

/// Microseconds within their second.
fn six_digits(text: &mut String, micros: u32) {
    let start = text.len();
    // A seventh digit in front keeps the zeros.
    number(text, u64::from(micros) + 1_000_000);
    text.remove(start);
}

#[cfg(test)]
mod tests;
