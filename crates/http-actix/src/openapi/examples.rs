//! Examples: where an action gives none, one is made from its schema and the examples of its fields.

use serde_json::{Map, Value, json};

/// Deeper schemas are told as null.
const MAX_DEPTH: u8 = 8;

/// Gives every body and every good answer in the document an example.
pub(super) fn fill(document: &mut Value) {
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    let operations = paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    for operation in operations {
        if let Some(body) = operation.get_mut("requestBody") {
            fill_content(body, &schemas);
        }
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
        for response in responses.into_iter().flat_map(Map::values_mut) {
            fill_content(response, &schemas);
        }
    }
}

fn fill_content(holder: &mut Value, schemas: &Map<String, Value>) {
    let Some(content) = holder.get_mut("content").and_then(Value::as_object_mut) else {
        return;
    };
    for media in content.values_mut().filter_map(Value::as_object_mut) {
        if media.contains_key("example") || media.contains_key("examples") {
            continue;
        }
        if let Some(schema) = media.get("schema") {
            let example = of(schema, schemas, 0);
            media.insert("example".to_owned(), example);
        }
    }
}

fn of(schema: &Value, schemas: &Map<String, Value>, depth: u8) -> Value {
    if depth == MAX_DEPTH {
        return Value::Null;
    }
    if let Some(example) = schema.get("example").or_else(|| schema.get("default")) {
        return example.clone();
    }
    if let Some(first) = schema
        .get("examples")
        .and_then(Value::as_array)
        .and_then(|list| list.first())
    {
        return first.clone();
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let target = name.rsplit('/').next().and_then(|name| schemas.get(name));
        return target.map_or(Value::Null, |target| of(target, schemas, depth + 1));
    }
    if let Some(first) = schema
        .get("enum")
        .and_then(Value::as_array)
        .and_then(|list| list.first())
    {
        return first.clone();
    }
    for choice in ["oneOf", "anyOf"] {
        let real = schema.get(choice).and_then(Value::as_array).and_then(|choices| {
            let is_null = |choice: &&Value| choice.get("type") == Some(&json!("null"));
            choices.iter().find(|choice| !is_null(choice))
        });
        if let Some(real) = real {
            return of(real, schemas, depth + 1);
        }
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        return merged(parts.iter().map(|part| of(part, schemas, depth + 1)));
    }
    by_type(schema, schemas, depth)
}

fn merged(parts: impl Iterator<Item = Value>) -> Value {
    let mut whole = Map::new();
    for part in parts {
        if let Value::Object(members) = part {
            whole.extend(members);
        }
    }
    Value::Object(whole)
}

fn by_type(schema: &Value, schemas: &Map<String, Value>, depth: u8) -> Value {
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().find(|kind| **kind != "null").and_then(Value::as_str),
        Some(kind) => kind.as_str(),
        None => None,
    };
    match kind {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let members = properties.into_iter().flatten();
            Value::Object(
                members
                    .map(|(name, member)| (name.clone(), of(member, schemas, depth + 1)))
                    .collect(),
            )
        }
        Some("array") => schema
            .get("items")
            .map_or_else(|| json!([]), |items| json!([of(items, schemas, depth + 1)])),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("boolean") => json!(true),
        Some("string") => json!(text(schema.get("format").and_then(Value::as_str))),
        _ => Value::Null,
    }
}

fn text(format: Option<&str>) -> &'static str {
    match format {
        Some("uuid") => "01890a5d-ac96-774b-bcce-b302099a8057",
        Some("date-time") => "2026-01-31T09:30:00Z",
        Some("date") => "2026-01-31",
        Some("email") => "ada@example.com",
        Some("uri") => "https://example.com",
        _ => "text",
    }
}
