//! What the `OpenAPI` document says that a route may refuse with; nothing else may be answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;
use tenantry_http_actix::routes;

/// Statuses and codes.
pub type Refusals = BTreeSet<(u16, String)>;

/// The refusals of every operation, by its name.
pub fn refusals() -> &'static BTreeMap<String, Refusals> {
    static REFUSALS: OnceLock<BTreeMap<String, Refusals>> = OnceLock::new();
    REFUSALS.get_or_init(|| {
        let document: Value = serde_json::from_str(&routes::document()).expect("the document is JSON");
        let paths = document["paths"].as_object().expect("paths");
        let operations = paths
            .values()
            .flat_map(|path| path.as_object().expect("operations").values());
        operations
            .filter_map(|operation| Some((operation["operationId"].as_str()?.to_owned(), of(&document, operation))))
            .collect()
    })
}

fn of(document: &Value, operation: &Value) -> Refusals {
    let mut refusals = Refusals::new();
    for (status, response) in operation["responses"].as_object().expect("responses") {
        let response = match response["$ref"].as_str() {
            Some(reference) => document
                .pointer(reference.trim_start_matches('#'))
                .expect("what it refers to"),
            None => response,
        };
        let examples = &response["content"]["application/problem+json"]["examples"];
        for code in examples.as_object().into_iter().flat_map(|examples| examples.keys()) {
            refusals.insert((status.parse().expect("a status"), code.clone()));
        }
    }
    refusals
}

/// Fails when the document does not know of this refusal.
#[track_caller]
pub fn check(method: &str, path: &str, status: u16, code: &str) {
    let path = path.split('?').next().unwrap_or(path);
    let method = if method == "HEAD" { "GET" } else { method };
    let rows = routes::rows();
    let mut leading: Vec<_> = rows.iter().filter(|row| leads(row.path(), path)).collect();
    // A word in a path goes before a parameter.
    leading.sort_by_key(|row| row.path().matches('{').count());
    let first = leading.first().map(|row| row.path());
    let found = leading
        .iter()
        .find(|row| Some(row.path()) == first && row.method().as_str() == method);
    let Some(row) = found else {
        assert!(
            matches!(status, 404 | 405),
            "{method} {path} leads nowhere and answered {status} {code}"
        );
        return;
    };
    let known = &refusals()[row.operation_id()];
    assert!(
        known.contains(&(status, code.to_owned())),
        "{row:?} answered {status} {code}, which its documentation does not name"
    );
}

fn leads(route: &str, path: &str) -> bool {
    let (route, path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    let fits = |(segment, value): (&&str, &&str)| segment == value || (segment.starts_with('{') && !value.is_empty());
    route.len() == path.len() && route.iter().zip(&path).all(fits)
}
