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
        let folded = Code::fold(text);
        self.0.iter().find(|meter| Code::fold(meter.code.as_str()) == folded)
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
        for source in [MeterSource::Reported, MeterSource::Members, MeterSource::Requests] {
            assert_eq!(MeterSource::parse(source.as_str()), Some(source));
        }
    }
}
