//! JSON at the edge: what is not JSON is 400, what JSON says wrongly is 422 with its path.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use tenantry_kernel::FieldError;

use crate::error::ApiError;

/// Deeper nesting is refused.
const MAX_DEPTH: u8 = 32;

/// Parses a body.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    well_formed(body)?;
    // Every body is an object. serde would also take a list, field by field.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        let field = FieldError::new("", "invalid_type", "must be an object");
        return Err(ApiError::validation(vec![field]));
    }
    without_nul(body)?;
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|refused| {
        let path = refused.path().to_string();
        let path = if path == "." { String::new() } else { path };
        ApiError::validation(vec![explain(path, &refused.inner().to_string())])
    })
}

/// 422 where a text holds U+0000, with the paths: no name of anything has one, and PostgreSQL keeps none.
fn without_nul(body: &[u8]) -> Result<(), ApiError> {
    // JSON writes it as an escape only, so hardly any body is looked through.
    const ESCAPE: &[u8] = b"\\u0000";
    if !body.windows(ESCAPE.len()).any(|window| window == ESCAPE) {
        return Ok(());
    }
    let Ok(value) = serde_json::from_slice(body) else {
        return Ok(());
    };
    let mut wrong = Vec::new();
    find_nul(&value, &mut String::new(), &mut wrong);
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(ApiError::validation(wrong))
    }
}

/// The character U+0000 in a text.
pub(crate) fn nul_at(path: impl Into<String>) -> FieldError {
    FieldError::new(path, "invalid_value", "must not hold the character U+0000")
}

fn find_nul(value: &serde_json::Value, path: &mut String, wrong: &mut Vec<FieldError>) {
    let stem = path.len();
    match value {
        serde_json::Value::String(text) if text.contains('\0') => wrong.push(nul_at(path.as_str())),
        serde_json::Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                path.push('[');
                path.push_str(&position.to_string());
                path.push(']');
                find_nul(item, path, wrong);
                path.truncate(stem);
            }
        }
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                if name.contains('\0') {
                    wrong.push(nul_at(path.as_str()));
                }
                if stem > 0 {
                    path.push('.');
                }
                path.push_str(name);
                find_nul(member, path, wrong);
                path.truncate(stem);
            }
        }
        _ => {}
    }
}

/// 400 unless the bytes are one JSON value, not too deep, without doubled keys.
fn well_formed(body: &[u8]) -> Result<(), ApiError> {
    let malformed = |reason: String| ApiError::malformed("malformed_json", format!("the body is not JSON: {reason}"));
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(malformed("it is empty".to_owned()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    Shape { depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| malformed(error.to_string()))
}

/// Walks a value without keeping it.
#[derive(Clone, Copy)]
struct Shape {
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Shape {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Shape {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom("it is nested too deeply"));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> Visitor<'de> for Shape {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !keys.insert(key) {
                return Err(serde::de::Error::custom("a key stands twice in one object"));
            }
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}

/// For an object inside a body, with `#[serde(deserialize_with = "object")]`: serde would also take a list, field by
/// field.
pub(crate) fn object<'de, D: Deserializer<'de>, T: serde::Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<T, A::Error> {
            T::deserialize(serde::de::value::MapAccessDeserializer::new(entries))
        }
    }

    deserializer.deserialize_map(Object(PhantomData))
}

/// A text field of a PATCH, where absent and null differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch {
    /// Not mentioned: it stays.
    #[default]
    Absent,
    /// Null: it is emptied.
    Null,
    /// Another text.
    Text(String),
}

impl<'de> serde::Deserialize<'de> for Patch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given: Option<String> = serde::Deserialize::deserialize(deserializer)?;
        Ok(given.map_or(Self::Null, Self::Text))
    }
}

/// A refusal of serde in the words of the contract. Values of the caller are not repeated.
pub(crate) fn explain(path: String, message: &str) -> FieldError {
    let message = message.split(" at line ").next().unwrap_or(message);
    let quoted = message.split('`').nth(1).unwrap_or_default();
    let expected = message.split_once(", expected ").map(|(_, expected)| expected);
    if message.starts_with("unknown field") {
        return FieldError::new(
            with_leaf(path, quoted),
            "unknown_field",
            "is not a field of this request",
        );
    }
    if message.starts_with("missing field") {
        return FieldError::new(with_leaf(path, quoted), "missing_field", "is needed");
    }
    if message.starts_with("duplicate field") {
        return FieldError::new(
            with_leaf(path, quoted),
            "invalid_value",
            "is given twice, under two names",
        );
    }
    match expected {
        Some(expected) if message.starts_with("invalid type") => {
            FieldError::new(path, "invalid_type", format_args!("must be {}", plain(expected)))
        }
        Some(expected) => FieldError::new(path, "invalid_value", format_args!("must be {}", plain(expected))),
        None => FieldError::new(path, "invalid_value", message),
    }
}

/// What serde expects, in the words of JSON rather than of Rust.
fn plain(expected: &str) -> &str {
    match expected {
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "u8" | "u16" | "u32" | "u64" => "a whole number, 0 or more",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.starts_with("enum ") => "one of the names that the documentation lists",
        other => other,
    }
}

/// The path of the field itself; serde names the object that holds it, or lacks it.
fn with_leaf(path: String, leaf: &str) -> String {
    if path.is_empty() {
        leaf.to_owned()
    } else if path == leaf || path.ends_with(&format!(".{leaf}")) {
        path
    } else {
        format!("{path}.{leaf}")
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[expect(dead_code, reason = "only parsed")]
        name: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only parsed")]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[expect(dead_code, reason = "only parsed")]
        amount: u32,
    }

    fn refusal(body: &str) -> (u16, String, &'static str) {
        let error = parse::<Order>(body.as_bytes()).unwrap_err();
        let field = error.parts().fields.first().cloned();
        match field {
            Some(field) => (error.status().as_u16(), field.field, field.code),
            None => (error.status().as_u16(), String::new(), error.code()),
        }
    }

    #[test]
    fn what_is_not_json_is_400() {
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        for body in [
            "",
            "  ",
            "{",
            "{'a':1}",
            "{\"name\":\"x\"} x",
            "\u{7f}",
            "{\"name\":1e999}",
            "{\"a\":1,\"a\":1}",
            &deep,
        ] {
            assert_eq!(refusal(body), (400, String::new(), "malformed_json"), "{body}");
        }
        assert_eq!(
            parse::<Order>(b"{\"name\":\"\xff\"}").unwrap_err().code(),
            "malformed_json"
        );
    }

    #[test]
    fn what_json_says_wrongly_is_422_with_its_path() {
        let cases = [
            (r#"{"name":"x","tenant_id":"y"}"#, "tenant_id", "unknown_field"),
            (
                r#"{"name":"x","lines":[{"amount":1,"price":2}]}"#,
                "lines[0].price",
                "unknown_field",
            ),
            ("{}", "name", "missing_field"),
            (r#"{"name":"x","lines":[{}]}"#, "lines[0].amount", "missing_field"),
            (r#"{"name":5}"#, "name", "invalid_type"),
            (
                r#"{"name":"x","lines":[{"amount":-1}]}"#,
                "lines[0].amount",
                "invalid_value",
            ),
            (
                r#"{"name":"x","lines":[{"amount":"1"}]}"#,
                "lines[0].amount",
                "invalid_type",
            ),
            (r#"{"name":null}"#, "name", "invalid_type"),
            ("[]", "", "missing_field"),
            ("5", "", "invalid_type"),
        ];
        for (body, field, code) in cases {
            let told = refusal(body);
            assert_eq!((told.0, told.1.as_str()), (422, field), "{body}");
            if body != "[]" {
                assert_eq!(told.2, code, "{body}");
            }
        }
    }

    #[test]
    fn no_text_holds_the_character_that_ends_strings_elsewhere() {
        for (body, field) in [
            (r#"{"name":"\u0000"}"#, "name"),
            (r#"{"name":"a\u0000b","lines":[]}"#, "name"),
            (
                r#"{"name":"x","lines":[{"amount":1},{"amount":"\u0000"}]}"#,
                "lines[1].amount",
            ),
            (r#"{"name":"x","\u0000":1}"#, ""),
        ] {
            let told = refusal(body);
            assert_eq!(
                (told.0, told.1.as_str(), told.2),
                (422, field, "invalid_value"),
                "{body}"
            );
        }
        assert!(parse::<Order>(br#"{"name":"\\u0000"}"#).is_ok());
    }

    #[test]
    fn refusals_speak_of_json_and_not_of_rust() {
        for (body, detail) in [
            (r#"{"amount":"1"}"#, "must be a whole number, 0 or more"),
            (r#"{"amount":-1}"#, "must be a whole number, 0 or more"),
            ("5", "must be an object"),
        ] {
            let error = parse::<Line>(body.as_bytes()).unwrap_err();
            assert_eq!(error.parts().fields[0].detail, detail, "{body}");
        }
    }

    #[test]
    fn the_callers_own_value_is_not_repeated() {
        let error = parse::<Line>(br#"{"amount":"hunter2"}"#).unwrap_err();

        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
