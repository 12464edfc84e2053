//! Changes of an event as JSON, and back. JSON has no times and no secrets, so those are marked.

use sea_orm::prelude::Json;
use serde_json::{Map, json};
use tenantry_activity::audit::RecordedChange;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Change, Value};

use crate::micros::Micros;

/// Marks a time, in microseconds since 1970.
const TIME: &str = "$time";
/// Marks what was secret.
const MASKED: &str = "$masked";

/// Marks what is kept apart from the log, and whose it is.
const APART: &str = "$apart";

/// What stands where a value was that is kept apart.
pub(crate) fn apart(who: &str) -> Json {
    json!({ APART: who })
}

/// A list of `{field, before, after}`.
pub(crate) fn to_json(changes: &[Change]) -> Json {
    let one = |change: &Change| json!({ "field": change.field, "before": encode(&change.before), "after": encode(&change.after) });
    changes.iter().map(one).collect()
}

/// The same changes again; `None` when the row holds something else.
pub(crate) fn from_json(stored: &Json) -> Option<Vec<RecordedChange>> {
    let one = |change: &Json| {
        Some(RecordedChange {
            field: change.get("field")?.as_str()?.to_owned(),
            before: decode(change.get("before")?)?,
            after: decode(change.get("after")?)?,
        })
    };
    stored.as_array()?.iter().map(one).collect()
}

/// One value, for other columns too.
pub(crate) fn encode(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) => Json::from(*number),
        // PostgreSQL refuses a NUL in JSON, and a log entry is no reason to refuse a request.
        Value::Text(text) => Json::String(text.replace('\0', "\u{FFFD}")),
        Value::Time(at) => json!({ TIME: Micros::from(*at).0 }),
        Value::List(items) => items.iter().map(encode).collect(),
        Value::Masked => json!({ MASKED: true }),
    }
}

/// The same value again; `None` when it is none of ours.
pub(crate) fn decode(stored: &Json) -> Option<Value> {
    Some(match stored {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => Value::Int(number.as_i64()?),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(decode).collect::<Option<_>>()?),
        Json::Object(marked) => decode_marked(marked)?,
    })
}

fn decode_marked(marked: &Map<String, Json>) -> Option<Value> {
    if marked.contains_key(MASKED) {
        return Some(Value::Masked);
    }
    // It was put back by now, or it is gone.
    if let Some(who) = marked.get(APART) {
        return Some(Value::Text(format!("erased:{}", who.as_str()?)));
    }
    let micros = Micros(marked.get(TIME)?.as_i64()?);
    OffsetDateTime::try_from(micros).ok().map(Value::Time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn every_value_comes_back_as_it_went() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::Text("{\"$time\": 1}".to_owned()),
            Value::Time(datetime!(2026-03-01 09:00:00.000001 UTC)),
            Value::List(vec![Value::Int(1), Value::Masked, Value::List(Vec::new())]),
            Value::Masked,
        ];
        let changes: Vec<Change> = values
            .iter()
            .map(|value| Change {
                field: "f",
                before: Value::Null,
                after: value.clone(),
            })
            .collect();

        let restored = from_json(&to_json(&changes)).unwrap();

        let after: Vec<Value> = restored.into_iter().map(|change| change.after).collect();
        assert_eq!(after, values);
    }

    #[test]
    fn what_is_no_list_of_changes_is_refused() {
        for stored in [
            json!({}),
            json!([{}]),
            json!([{ "field": "f", "before": 1.5, "after": null }]),
        ] {
            assert_eq!(from_json(&stored), None, "{stored}");
        }
    }
}
