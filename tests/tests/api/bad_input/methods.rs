//! Methods, for every path of the route table.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use tenantry_http_actix::routes::{self, Needs};
use tenantry_identity::user::PlatformRole;

use crate::harness::{NOWHERE, Setup, on_each_database, path, told};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_says_which_methods_it_knows() {
    let rows = routes::rows();
    let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in &rows {
        let methods = known.entry(row.path()).or_default();
        methods.insert(row.method().to_string());
        if row.method().as_str() == "GET" {
            methods.insert("HEAD".to_owned());
        }
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        for row in &rows {
            let expected: BTreeSet<String> = known[row.path()]
                .iter()
                .cloned()
                .chain(["OPTIONS".to_owned()])
                .collect();
            let path = path(row, "acme", NOWHERE);
            for method in ["GET", "PUT", "POST", "PATCH", "DELETE", "PROPFIND", "TRACE"] {
                if expected.contains(method) {
                    continue;
                }
                let reply = node
                    .anybody()
                    .send(Method::from_bytes(method.as_bytes()).unwrap(), &path, None)
                    .await;
                let allow: BTreeSet<String> = reply.header("allow").split(", ").map(str::to_owned).collect();
                assert_eq!(allow, expected, "{method} {path}");
                reply.refused(405, "method_not_allowed");
            }
            let options = node.anybody().send(Method::OPTIONS, &path, None).await;
            let allow: BTreeSet<String> = options.header("allow").split(", ").map(str::to_owned).collect();
            assert_eq!((options.status, allow), (204, expected), "{path}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_is_get_without_the_body() {
    let rows = routes::rows();
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        for row in rows.iter().filter(|row| row.method().as_str() == "GET") {
            // What it says changes by itself.
            if row.operation_id() == "metrics" {
                continue;
            }
            let caller = match row.needs() {
                Needs::Platform(_) => &operator,
                _ => &owner.caller,
            };
            let path = path(row, &owner.tenant, NOWHERE);

            let get = caller.send(Method::GET, &path, None).await;
            let head = caller.send(Method::HEAD, &path, None).await;

            assert_eq!(head.text, "", "{path}");
            let (status, headers, _) = told(&get);
            let (head_status, head_headers, _) = told(&head);
            assert_eq!((head_status, head_headers), (status, headers), "{path}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_dressed() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        for (caller, path) in [
            (owner.caller.clone(), "/tenants/current"),
            (node.anybody(), "/tenants/current"),
            (node.anybody(), "/nowhere"),
            (node.anybody(), "//livez"),
        ] {
            let reply = caller.with("x-request-id", "my-own-id").get(path).await;
            assert_eq!(reply.header("x-request-id"), "my-own-id");
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            assert!(!reply.header("content-security-policy").is_empty());
            let unfit = caller.with("x-request-id", "not visible ascii").get(path).await;
            assert_ne!(unfit.header("x-request-id"), "not visible ascii");
            assert!(!unfit.header("x-request-id").is_empty());
        }
    })
    .await;
}
