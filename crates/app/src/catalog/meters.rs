//! `[meters.<code>]`: what is counted.

use tenantry_kernel::Code;
use tenantry_quotas::entitlement::Enforcement;
use tenantry_quotas::meter::{Aggregation, Engine, EventRule, Meter, MeterKind, MeterSource};
use tenantry_quotas::period::Period;

use super::words::{Names, code};
use crate::toml_source::{Item, Placed, Section};

pub(super) const PERIODS: [(&str, Period); 5] = [
    ("minute", Period::Minute),
    ("day", Period::Day),
    ("month", Period::CalendarMonth),
    ("anniversary_month", Period::AnniversaryMonth),
    ("lifetime", Period::Lifetime),
];
pub(super) const ENFORCEMENTS: [(&str, Enforcement); 2] = [("hard", Enforcement::Hard), ("soft", Enforcement::Soft)];
pub(super) const KEYS: &[&str] = &[
    "name",
    "unit",
    "kind",
    "source",
    "period",
    "enforcement",
    "overage",
    "aggregation",
    "engine",
    "events",
    "value_from",
    "member_from",
];
/// How reports are counted: not for what Tenantry counts by itself.
const OF_REPORTS: [&str; 5] = ["aggregation", "engine", "events", "value_from", "member_from"];
const KINDS: [(&str, MeterKind); 3] = [
    ("counter", MeterKind::Counter),
    ("gauge", MeterKind::Gauge),
    ("rate", MeterKind::Rate),
];
const SOURCES: [(&str, MeterSource); 3] = [
    ("reported", MeterSource::Reported),
    ("members", MeterSource::Members),
    ("requests", MeterSource::Requests),
];

const AGGREGATIONS: [(&str, Aggregation); 5] = [
    ("sum", Aggregation::Sum),
    ("count", Aggregation::Count),
    ("max", Aggregation::Max),
    ("last", Aggregation::Last),
    ("unique", Aggregation::Unique),
];
const ENGINES: [(&str, Engine); 2] = [("strict", Engine::Strict), ("leased", Engine::Leased)];

/// A meter and what its limits are unless a plan says otherwise.
pub(super) struct Declared {
    pub meter: Meter,
    pub period: Period,
    pub enforcement: Enforcement,
    pub overage: bool,
}

impl Declared {
    /// True when its limits are sizes.
    pub fn counts_bytes(&self) -> bool {
        self.meter.unit == "byte"
    }
}

/// All meters, in the order of the file.
pub(super) fn read(root: &Section<'_>) -> Vec<Declared> {
    let Some(section) = root.section("meters") else {
        return Vec::new();
    };
    let mut names = Names::new("meter");
    let mut meters = Vec::new();
    for (name, item) in section.entries() {
        let code = code(root.problems(), name, "meter");
        let declared = item
            .section()
            .zip(code)
            .and_then(|(table, code)| one(&table, name, code));
        if let Some(declared) = declared {
            names.take(root.problems(), name, declared.meter.code.as_str());
            meters.push(declared);
        }
    }
    meters
}

fn one(table: &Section<'_>, name: Placed<&str>, code: Code) -> Option<Declared> {
    table.only(KEYS);
    let label = table.text("name").map_or(name.value, |label| label.value);
    let unit = table.text("unit").map_or("unit", |unit| unit.value);
    let kind = table.need("kind")?.word(&KINDS)?;
    let source = table.word("source", &SOURCES, MeterSource::Reported);
    let aggregation = table
        .get("aggregation")
        .map_or(Some(Aggregation::Sum), |item| item.word(&AGGREGATIONS));
    let meter = Meter {
        code,
        name: label.to_owned(),
        unit: unit.to_owned(),
        kind,
        source,
        aggregation: aggregation.unwrap_or_default(),
        engine: table.word("engine", &ENGINES, Engine::Strict),
        events: EventRule {
            types: table.get("events").map_or_else(Vec::new, |item| event_types(&item)),
            value: property(table, "value_from"),
            member: property(table, "member_from"),
        },
    };
    // What goes with an aggregation that nobody knows is guesswork.
    if aggregation.is_some() {
        check_counting(table, &meter);
    }
    let period = table.word("period", &PERIODS, meter.default_period());
    for message in [bad_period(kind, period), bad_source(&meter)].into_iter().flatten() {
        table.problems().add(table.at(), format!("{}: {message}", table.path()));
    }
    Some(Declared {
        period,
        enforcement: table.word("enforcement", &ENFORCEMENTS, Enforcement::Hard),
        overage: table.flag("overage", false),
        meter,
    })
}

/// Why a kind of meter cannot have this period.
pub(super) fn bad_period(kind: MeterKind, period: Period) -> Option<&'static str> {
    match kind {
        MeterKind::Rate if period != Period::Minute => Some("a rate is per minute: its period must be minute"),
        MeterKind::Gauge if period != Period::Lifetime => {
            Some("a gauge never starts anew: its period must be lifetime")
        }
        _ => None,
    }
}

fn bad_source(meter: &Meter) -> Option<&'static str> {
    match (meter.source, meter.kind) {
        (MeterSource::Members, MeterKind::Counter | MeterKind::Rate) => {
            Some("members come and go: a meter with the source members must be a gauge")
        }
        (MeterSource::Requests, MeterKind::Gauge) => {
            Some("requests only add up: a meter with the source requests must be a counter or a rate")
        }
        (MeterSource::Reported, MeterKind::Rate) => Some("only requests have a rate: the source must be requests"),
        _ => None,
    }
}

/// One type of event, or a list of them.
fn event_types(item: &Item<'_>) -> Vec<String> {
    let texts = if item.is_text() {
        item.text().into_iter().collect()
    } else {
        item.texts()
    };
    let mut types: Vec<String> = Vec::new();
    for text in texts {
        if text.value.trim().is_empty() {
            item.problems().add(text.at, "the type of an event must not be empty");
        } else if types.iter().any(|known| known == text.value) {
            let message = format!("the event \"{}\" is listed twice", text.value);
            item.problems().add(text.at, message);
        } else {
            types.push(text.value.to_owned());
        }
    }
    types
}

/// The name of a property of an event's `data`.
fn property(table: &Section<'_>, key: &str) -> Option<String> {
    let item = table.get(key)?;
    let name = item.text()?.value;
    if name.trim().is_empty() {
        item.wrong("must name a property of the event's data");
    }
    Some(name.to_owned())
}

/// Refuses ways of counting that do not go together, each at its key.
fn check_counting(table: &Section<'_>, meter: &Meter) {
    let wrong = |key: &str, message: &str| {
        if let Some(item) = table.get(key) {
            item.wrong(message);
        }
    };
    let by_itself = match (meter.kind, meter.source) {
        (MeterKind::Rate, _) => Some("is for usage that the application reports, and a rate counts calls"),
        (_, MeterSource::Members) => Some("is for usage that the application reports, and Tenantry counts members"),
        (_, MeterSource::Requests) => Some("is for usage that the application reports, and Tenantry counts requests"),
        (_, MeterSource::Reported) => None,
    };
    if let Some(message) = by_itself {
        for key in OF_REPORTS {
            wrong(key, message);
        }
        return;
    }
    if meter.engine == Engine::Leased {
        if !meter.aggregation.adds_up() {
            wrong("engine", "a leased meter adds up: its aggregation must be sum or count");
        }
        if meter.kind == MeterKind::Gauge {
            wrong(
                "engine",
                "a leased meter must be a counter: a gauge never starts anew, so that what a killed node held would stay counted",
            );
        }
    }
    if matches!(meter.aggregation, Aggregation::Count | Aggregation::Unique) {
        wrong(
            "value_from",
            "count and unique take no value: every event counts as one",
        );
    }
    if meter.aggregation != Aggregation::Unique {
        wrong(
            "member_from",
            "only unique counts different members: set aggregation = \"unique\"",
        );
    }
}
