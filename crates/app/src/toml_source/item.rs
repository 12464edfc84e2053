//! One value of a file.

use std::ops::RangeInclusive;

use tenantry_kernel::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::{Placed, Problems, Section};
use crate::nearest::hint;

/// A value, the place where it begins, and its path for messages.
#[derive(Clone)]
pub(crate) struct Item<'d> {
    key_at: usize,
    path: String,
    value: &'d Spanned<DeValue<'d>>,
    problems: &'d Problems<'d>,
}

impl<'d> Item<'d> {
    pub(super) const fn new(
        key_at: usize,
        path: String,
        value: &'d Spanned<DeValue<'d>>,
        problems: &'d Problems<'d>,
    ) -> Self {
        Self {
            key_at,
            path,
            value,
            problems,
        }
    }

    /// Where mistakes go.
    pub const fn problems(&self) -> &'d Problems<'d> {
        self.problems
    }

    /// Where the value begins.
    pub fn at(&self) -> usize {
        self.value.span().start
    }

    /// Complains of this value.
    pub fn wrong(&self, message: impl std::fmt::Display) {
        self.problems.add(self.at(), format!("{}: {message}", self.path));
    }

    /// True when the value is a table.
    pub fn is_section(&self) -> bool {
        self.value.get_ref().is_table()
    }

    /// True when the value is text.
    pub fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// True when the value is a list.
    pub fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// True when the value is `true` or `false`.
    pub fn is_flag(&self) -> bool {
        self.value.get_ref().is_bool()
    }

    /// A number as the file writes it.
    pub fn number_as_written(&self) -> Option<&'d str> {
        match self.value.get_ref() {
            DeValue::Integer(number) => Some(number.as_str()),
            DeValue::Float(number) => Some(number.as_str()),
            _ => None,
        }
    }

    /// The value as a table.
    pub fn section(&self) -> Option<Section<'d>> {
        let Some(table) = self.value.get_ref().as_table() else {
            self.expected("a table");
            return None;
        };
        Some(Section::new(self.key_at, self.path.clone(), table, self.problems))
    }

    /// The value as text.
    pub fn text(&self) -> Option<Placed<&'d str>> {
        let Some(text) = self.value.get_ref().as_str() else {
            self.expected("text in quotes");
            return None;
        };
        Some(Placed::new(self.at(), text))
    }

    /// The value as `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        let flag = self.value.get_ref().as_bool();
        if flag.is_none() {
            self.expected("true or false");
        }
        flag
    }

    /// The value as a whole number within bounds.
    pub fn number(&self, bounds: RangeInclusive<i64>) -> Option<Placed<i64>> {
        let Some(number) = self.value.get_ref().as_integer() else {
            self.expected("a whole number");
            return None;
        };
        match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if bounds.contains(&number) => Some(Placed::new(self.at(), number)),
            _ => {
                self.wrong(format!(
                    "must be a whole number from {} to {}, and is {number}",
                    bounds.start(),
                    bounds.end()
                ));
                None
            }
        }
    }

    /// The value as a whole number, text, or `true` or `false`.
    pub fn plain(&self) -> Option<Value> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(Value::Text(text.as_ref().to_owned())),
            DeValue::Boolean(flag) => Some(Value::Bool(*flag)),
            DeValue::Integer(_) => self.number(i64::MIN..=i64::MAX).map(|number| Value::Int(number.value)),
            _ => {
                self.expected("a whole number, text, or true or false");
                None
            }
        }
    }

    /// The value as a list.
    pub fn list(&self) -> Option<Vec<Item<'d>>> {
        let Some(list) = self.value.get_ref().as_array() else {
            self.expected("a list");
            return None;
        };
        let items = list.iter().enumerate().map(|(index, value)| {
            let path = format!("{}[{index}]", self.path);
            Item::new(value.span().start, path, value, self.problems)
        });
        Some(items.collect())
    }

    /// The value as a list of texts; what is no text is a mistake and left out.
    pub fn texts(&self) -> Vec<Placed<&'d str>> {
        let items = self.list().unwrap_or_default();
        items.iter().filter_map(Item::text).collect()
    }

    /// The value as one of a few words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let known = words.iter().find(|(word, _)| *word == text.value);
        if known.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let help = hint(text.value, names.iter().copied());
            self.wrong(format!("must be one of {}{help}", names.join(", ")));
        }
        known.map(|(_, meaning)| *meaning)
    }

    fn expected(&self, what: &str) {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a decimal number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.wrong(format!("must be {what}, and is {found}"));
    }
}
