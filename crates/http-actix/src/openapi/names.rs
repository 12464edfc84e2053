//! Names of schemas: every action calls its types `Body` and `View`; the document tells them apart by operation.

use serde_json::Value;

/// Names that every action file may use for itself.
const OWN: [&str; 3] = ["Body", "View", "Query"];

/// Gives the private types of an action the name of its operation: `users_show` makes `View` `UsersShowView`.
pub(super) fn make_own(operation_id: &str, operation: &mut Value, schemas: &mut [(String, Value)]) {
    let prefix = pascal(operation_id);
    for (name, schema) in schemas {
        *name = owned(&prefix, name);
        rename(&prefix, schema);
    }
    rename(&prefix, operation);
}

/// `Listed_View` has the private name in its parameter.
fn owned(prefix: &str, name: &str) -> String {
    let parts = name.split('_').map(|part| {
        if OWN.contains(&part) {
            format!("{prefix}{part}")
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("_")
}

fn rename(prefix: &str, value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(target) if key == "$ref" => {
                        if let Some(name) = target.strip_prefix("#/components/schemas/") {
                            *target = format!("#/components/schemas/{}", owned(prefix, name));
                        }
                    }
                    other => rename(prefix, other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(prefix, item)),
        _ => {}
    }
}

fn pascal(snake: &str) -> String {
    let words = snake.split(['_', '.', '-']).map(|word| {
        let mut word = word.to_owned();
        if let Some(first) = word.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        word
    });
    words.collect()
}
