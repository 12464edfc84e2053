//! `[meters.<code>]`: what is counted.

use tenantry_kernel::Code;
use tenantry_quotas::entitlement::Enforcement;
use tenantry_quotas::meter::{Meter, MeterKind, MeterSource};
use tenantry_quotas::period::Period;

use super::words::{Names, code};
use crate::toml_source::{Placed, Section};

pub(super) const PERIODS: [(&str, Period); 5] = [
    ("minute", Period::Minute),
    ("day", Period::Day),
    ("month", Period::CalendarMonth),
    ("anniversary_month", Period::AnniversaryMonth),
    ("lifetime", Period::Lifetime),
];
pub(super) const ENFORCEMENTS: [(&str, Enforcement); 2] = [("hard", Enforcement::Hard), ("soft", Enforcement::Soft)];
pub(super) const KEYS: &[&str] = &["name", "unit", "kind", "source", "period", "enforcement", "overage"];
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
    let meter = Meter {
        code,
        name: label.to_owned(),
        unit: unit.to_owned(),
        kind,
        source: table.word("source", &SOURCES, MeterSource::Reported),
    };
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
