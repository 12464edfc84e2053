//! Meters: what is counted.

use tenantry_kernel::Code;

use crate::period::Period;

/// How a meter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterKind {
    /// Adds up within a period: messages, tokens.
    Counter,
    /// Goes up and down: seats, storage.
    Gauge,
    /// A pace: calls per minute. Not kept in accounts.
    Rate,
}

impl MeterKind {
    /// The name in catalogs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Rate => "rate",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Counter, Self::Gauge, Self::Rate]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// What of the reported values an account holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregation {
    /// Their sum.
    #[default]
    Sum,
    /// How many there were, whatever they say.
    Count,
    /// The greatest.
    Max,
    /// The latest reported one: for gauges whose level is told, not their moves.
    Last,
    /// How many different members there were: monthly active users.
    Unique,
}

impl Aggregation {
    /// All aggregations.
    pub const ALL: [Self; 5] = [Self::Sum, Self::Count, Self::Max, Self::Last, Self::Unique];

    /// The name in catalogs and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Max => "max",
            Self::Last => "last",
            Self::Unique => "unique",
        }
    }

    /// The aggregation of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|aggregation| aggregation.as_str() == name)
    }

    /// True when what was counted can be taken back in parts: by corrections, give-backs and reservations.
    #[must_use]
    pub const fn adds_up(self) -> bool {
        matches!(self, Self::Sum | Self::Count)
    }
}

/// How a reported meter is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Every operation is durable when it is acknowledged.
    #[default]
    Strict,
    /// Out of slices that are counted before they are used: no commit per operation, and no passing of the limit.
    /// What a node held of its slice when it was killed stays counted.
    Leased,
}

impl Engine {
    /// The name in catalogs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Leased => "leased",
        }
    }

    /// The engine of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Strict, Self::Leased]
            .into_iter()
            .find(|engine| engine.as_str() == name)
    }
}

/// What a `CloudEvent` must look like to count on a meter, and what of it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventRule {
    /// The event's `type`, besides the meter's own code.
    pub types: Vec<String>,
    /// The property of `data` that says how much; one each when absent.
    pub value: Option<String>,
    /// The property of `data` that names the member, for meters that count different ones; else the `subject`.
    pub member: Option<String>,
}

/// Who counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterSource {
    /// The application reports usage.
    Reported,
    /// Tenantry counts memberships, inside the unit that changes them.
    Members,
    /// Tenantry counts calls with API keys.
    Requests,
}

impl MeterSource {
    /// The name in catalogs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Members => "members",
            Self::Requests => "requests",
        }
    }

    /// The source of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Reported, Self::Members, Self::Requests]
            .into_iter()
            .find(|source| source.as_str() == name)
    }
}

/// Something that is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    /// Its code: `messages`.
    pub code: Code,
    /// Its name for people: `Messages`.
    pub name: String,
    /// What one of it is: `message`, `byte`.
    pub unit: String,
    /// How it counts.
    pub kind: MeterKind,
    /// Who counts.
    pub source: MeterSource,
    /// What of the reported values its accounts hold.
    pub aggregation: Aggregation,
    /// How reports are counted.
    pub engine: Engine,
    /// Which events count on it.
    pub events: EventRule,
}

impl Meter {
    /// The period of a plan that says nothing about this meter.
    #[must_use]
    pub const fn default_period(&self) -> Period {
        match self.kind {
            MeterKind::Counter => Period::CalendarMonth,
            MeterKind::Gauge => Period::Lifetime,
            MeterKind::Rate => Period::Minute,
        }
    }
}

/// Two meters have names that fold alike.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the meter {0} is declared twice")]
pub struct DuplicateMeter(pub Code);

/// The meters of a catalog, in the order it declares them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeterBook(Vec<Meter>);

impl MeterBook {
    /// Binds meters into a book.
    ///
    /// # Errors
    /// [`DuplicateMeter`].
    pub fn new(meters: Vec<Meter>) -> Result<Self, DuplicateMeter> {
        let mut seen = std::collections::BTreeSet::new();
        for meter in &meters {
            if !seen.insert(Code::fold(meter.code.as_str())) {
                return Err(DuplicateMeter(meter.code.clone()));
            }
        }
        Ok(Self(meters))
    }

    /// The meter of this code.
    #[must_use]
    pub fn get(&self, code: &Code) -> Option<&Meter> {
        self.0.iter().find(|meter| meter.code == *code)
    }

    /// The meter that a caller means: case, `_` and `-` do not matter.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&Meter> {
        // Nearly everybody spells it as the catalog does.
        if let Some(exact) = self.0.iter().find(|meter| meter.code.as_str() == text) {
            return Some(exact);
        }
        let folded = Code::fold(text);
        self.0.iter().find(|meter| Code::fold(meter.code.as_str()) == folded)
    }

    /// The meters that an event of this type counts on: those that list it, else the one whose code it is.
    pub fn of_event<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b Meter> {
        let listed = move |meter: &&Meter| meter.events.types.iter().any(|one| one == kind);
        let own = if self.0.iter().any(|meter| listed(&meter)) {
            None
        } else {
            self.find(kind)
        };
        self.0.iter().filter(listed).chain(own)
    }

    /// All meters, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Meter> {
        self.0.iter()
    }

    /// The meters counted by this source.
    pub fn counted_by(&self, source: MeterSource) -> impl Iterator<Item = &Meter> {
        self.0.iter().filter(move |meter| meter.source == source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::meter;

    #[test]
    fn a_meter_is_found_by_any_spelling() {
        let book = MeterBook::new(vec![meter("api_calls", MeterKind::Counter)]).unwrap();

        assert_eq!(
            book.find("ApiCalls").map(|found| found.code.as_str()),
            Some("api_calls")
        );
        assert_eq!(
            book.find("api-calls").map(|found| found.code.as_str()),
            Some("api_calls")
        );
        assert_eq!(book.find("calls"), None);
    }

    #[test]
    fn an_event_counts_on_the_meters_that_list_it_or_on_its_namesake() {
        let sent = EventRule {
            types: vec!["acme.sent".to_owned()],
            ..EventRule::default()
        };
        let listing = |name: &str| Meter {
            events: sent.clone(),
            ..meter(name, MeterKind::Counter)
        };
        let book = MeterBook::new(vec![
            listing("messages"),
            listing("bytes"),
            meter("tokens", MeterKind::Counter),
        ]);
        let book = book.unwrap();
        let of = |kind: &str| {
            book.of_event(kind)
                .map(|meter| meter.code.to_string())
                .collect::<Vec<_>>()
        };

        assert_eq!(of("acme.sent"), ["messages", "bytes"]);
        assert_eq!(of("tokens"), ["tokens"]);
        assert_eq!(of("acme.read"), Vec::<String>::new());
    }

    #[test]
    fn names_that_fold_alike_are_refused() {
        let twins = vec![
            meter("api_calls", MeterKind::Counter),
            meter("apicalls", MeterKind::Gauge),
        ];

        let refused = MeterBook::new(twins);

        assert_eq!(
            refused.map(|_| ()),
            Err(DuplicateMeter(Code::try_from("apicalls").unwrap()))
        );
    }

    #[test]
    fn names_of_kinds_and_sources_read_back() {
        for kind in [MeterKind::Counter, MeterKind::Gauge, MeterKind::Rate] {
            assert_eq!(MeterKind::parse(kind.as_str()), Some(kind));
        }
        for aggregation in Aggregation::ALL {
            assert_eq!(Aggregation::parse(aggregation.as_str()), Some(aggregation));
        }
        for engine in [Engine::Strict, Engine::Leased] {
            assert_eq!(Engine::parse(engine.as_str()), Some(engine));
        }
        for source in [MeterSource::Reported, MeterSource::Members, MeterSource::Requests] {
            assert_eq!(MeterSource::parse(source.as_str()), Some(source));
        }
    }
}
