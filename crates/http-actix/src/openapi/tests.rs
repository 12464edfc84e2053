use std::collections::HashSet;

use serde_json::Value;

use super::document;
use crate::routes::{RouteTable, rows};

fn product() -> (RouteTable, Value) {
    let table = RouteTable::new(rows());
    let document = document(table.rows());
    (table, document)
}

fn walk<'v>(value: &'v Value, see: &mut dyn FnMut(&str, &'v Value)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                see(key, member);
                walk(member, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        _ => {}
    }
}

#[test]
fn every_row_has_an_operation_and_every_operation_a_row() {
    let (table, document) = product();

    let operations: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();

    assert_eq!(table.rows().len(), rows().len(), "two rows share a method and path");
    assert_eq!(operations, table.rows().len());
    for row in table.rows() {
        let operation = &document["paths"][row.path()][row.method().as_str().to_ascii_lowercase()];
        assert_eq!(operation["operationId"], row.operation_id(), "{row:?}");
        assert!(operation["summary"].is_string(), "{row:?} has no summary");
        assert_eq!(
            operation["tags"].as_array().map(Vec::len),
            Some(1),
            "{row:?} has no tag"
        );
    }
}

#[test]
fn operation_ids_are_stable_names_of_one_operation_each() {
    let (table, _) = product();
    let mut seen = HashSet::new();

    for row in table.rows() {
        let id = row.operation_id();
        assert!(seen.insert(id), "{id} stands twice");
        assert!(
            id.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
            "{id}"
        );
        assert!(row.path().starts_with("/api/v1/") || row.docs().operation.tags == Some(vec!["operations".to_owned()]));
    }
}

#[test]
fn every_reference_resolves() {
    let (_, document) = product();

    walk(&document, &mut |key, value| {
        if let ("$ref", Some(target)) = (key, value.as_str()) {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{target} is nowhere");
        }
    });
}

#[test]
fn one_name_never_means_two_schemas() {
    let table = RouteTable::new(rows());
    let mut seen: std::collections::HashMap<String, Value> = std::collections::HashMap::new();

    for row in table.rows() {
        for (name, schema) in super::operation(row).1 {
            let known = seen.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(*known, schema, "{name} of {row:?}");
        }
    }
}

#[test]
fn every_operation_lists_its_problems_and_has_examples() {
    let (table, document) = product();

    for row in table.rows() {
        let operation = &document["paths"][row.path()][row.method().as_str().to_ascii_lowercase()];
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("500"), "{row:?}");
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{row:?} has no good answer"
        );
        if row.needs() != &crate::Needs::Public && row.needs() != &crate::Needs::PublicOrPerson {
            assert!(
                responses.contains_key("401") && responses.contains_key("403"),
                "{row:?}"
            );
            assert_ne!(operation["security"], serde_json::json!([]), "{row:?}");
        }
        let contents = operation
            .pointer("/requestBody/content")
            .into_iter()
            .chain(responses.values().filter_map(|response| response.get("content")));
        for media in contents.flat_map(|content| content.as_object().unwrap().values()) {
            assert!(
                media.get("example").is_some() || media.get("examples").is_some(),
                "{row:?} lacks an example"
            );
        }
    }
}
