//! One table of a file.

use toml::de::DeTable;

use super::{Item, Placed, Problems};
use crate::nearest::hint;

/// A table, the place where it begins, and its path for messages.
#[derive(Clone)]
pub(crate) struct Section<'d> {
    at: usize,
    path: String,
    table: &'d DeTable<'d>,
    problems: &'d Problems<'d>,
}

impl<'d> Section<'d> {
    pub(super) const fn new(at: usize, path: String, table: &'d DeTable<'d>, problems: &'d Problems<'d>) -> Self {
        Self {
            at,
            path,
            table,
            problems,
        }
    }

    /// Where the table begins.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// The table's name for messages: `plans.pro.limits`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where mistakes go.
    pub const fn problems(&self) -> &'d Problems<'d> {
        self.problems
    }

    /// Complains of every key that is not `known`, naming the nearest one that is.
    pub fn only(&self, known: &[&str]) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let place = if self.path.is_empty() {
                "at the top of the file".to_owned()
            } else {
                format!("in [{}]", self.path)
            };
            let help = match hint(name, known.iter().copied()) {
                help if help.is_empty() => format!("; known here: {}", known.join(", ")),
                help => help,
            };
            self.problems
                .add(key.span().start, format!("unknown key \"{name}\" {place}{help}"));
        }
    }

    /// The value of a key, if the file has it.
    pub fn get(&self, key: &str) -> Option<Item<'d>> {
        self.entries().find(|(name, _)| name.value == key).map(|(_, item)| item)
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &str) -> Option<Item<'d>> {
        let item = self.get(key);
        if item.is_none() {
            let place = if self.path.is_empty() { "the file" } else { &self.path };
            let message = format!("{place} needs the key \"{key}\"");
            self.problems.add(self.at, message);
        }
        item
    }

    /// Every key with its value, in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = (Placed<&'d str>, Item<'d>)> + use<'d> {
        let (path, problems) = (self.path.clone(), self.problems);
        self.table.iter().map(move |(key, value)| {
            let name: &'d str = key.get_ref();
            let path = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            };
            let item = Item::new(key.span().start, path, value, problems);
            (Placed::new(key.span().start, name), item)
        })
    }

    /// The table under a key; an absent one is `None`.
    pub fn section(&self, key: &str) -> Option<Section<'d>> {
        self.get(key)?.section()
    }

    /// Text under a key; absent is `None`.
    pub fn text(&self, key: &str) -> Option<Placed<&'d str>> {
        self.get(key)?.text()
    }

    /// `true` or `false` under a key, `default` when absent.
    pub fn flag(&self, key: &str, default: bool) -> bool {
        self.get(key).and_then(|item| item.flag()).unwrap_or(default)
    }

    /// A whole number within bounds under a key, `default` when absent.
    pub fn number(&self, key: &str, bounds: std::ops::RangeInclusive<i64>, default: i64) -> i64 {
        self.get(key)
            .and_then(|item| item.number(bounds))
            .map_or(default, |number| number.value)
    }

    /// A list of texts under a key; empty when absent.
    pub fn texts(&self, key: &str) -> Vec<Placed<&'d str>> {
        self.get(key).map_or_else(Vec::new, |item| item.texts())
    }

    /// One of a few words under a key. Anything else is a mistake that lists them.
    pub fn word<T: Copy>(&self, key: &str, words: &[(&str, T)], default: T) -> T {
        self.get(key).and_then(|item| item.word(words)).unwrap_or(default)
    }
}
