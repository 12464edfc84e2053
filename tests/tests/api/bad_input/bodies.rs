//! Bodies, for every route that takes one: which routes do is what the OpenAPI document says.

use reqwest::Method;
use serde_json::{Value, json};
use tenantry_http_actix::routes::{self, Needs, Row};
use tenantry_identity::user::PlatformRole;

use crate::harness::{Caller, NOWHERE, Node, Owner, Reply, Setup, everything, is_operators, on_each_database, path};

/// A route that takes a body, and the properties of that body.
struct Target {
    row: Row,
    properties: Vec<(String, Value)>,
}

fn targets() -> Vec<Target> {
    let document: Value = serde_json::from_str(&routes::document()).unwrap();
    let resolve = |schema: &Value| match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap().clone(),
        None => schema.clone(),
    };
    let mut targets = Vec::new();
    for row in routes::rows() {
        let method = row.method().as_str().to_ascii_lowercase();
        let body = &document["paths"][row.path()][&method]["requestBody"];
        let schema = &body["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        // An optional body is one of null and the body.
        let body = |both: &'_ Vec<Value>| both.iter().find(|one| one["type"] != "null").cloned();
        let whole = schema["oneOf"]
            .as_array()
            .and_then(body)
            .unwrap_or_else(|| schema.clone());
        let whole = resolve(&whole);
        let properties = whole["properties"]
            .as_object()
            .unwrap_or_else(|| panic!("{row:?}: {whole}"));
        let properties = properties
            .iter()
            .map(|(name, schema)| (name.clone(), resolve(schema)))
            .collect();
        targets.push(Target { row, properties });
    }
    assert!(targets.len() > 20, "only {} routes take a body", targets.len());
    targets
}

/// Who may call every route.
struct Callers {
    owner: Owner,
    operator: Caller,
    anybody: Caller,
}

impl Callers {
    async fn gather(node: &Node) -> Self {
        Self {
            owner: node.sign_up("acme", "free").await,
            operator: node
                .platform_person("root@platform.example", PlatformRole::Operator)
                .await,
            anybody: node.anybody(),
        }
    }

    fn of(&self, row: &Row) -> &Caller {
        match row.needs() {
            Needs::Public | Needs::PublicOrPerson => &self.anybody,
            Needs::Platform(_) => &self.operator,
            Needs::Tenant(one_of) if is_operators(one_of) => &self.operator,
            Needs::Tenant(_) | Needs::Gateway(_) | Needs::SignedIn => &self.owner.caller,
        }
    }

    async fn send(&self, row: &Row, body: &[u8], headers: &[(&str, &str)]) -> Reply {
        let mut caller = self.of(row).clone();
        for (name, value) in headers {
            caller = caller.with(name, value);
        }
        let method = row.method().as_str().parse().unwrap();
        let path = path(row, &self.owner.tenant, NOWHERE);
        caller.send(method, &path, Some(body.to_vec())).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_json_is_refused_everywhere() {
    let targets = targets();
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let nested = format!("{{\"a\":{}1{}}}", "{\"a\":".repeat(64), "}".repeat(64));
    let malformed: [&[u8]; 9] = [
        b"{",
        b"{\"name\":\"x\"",
        b"{'name':'x'}",
        b"{\"name\":\"\xff\xfe\"}",
        b"{\"name\":NaN}",
        b"{} {}",
        b"{\"name\":1,\"name\":2}",
        deep.as_bytes(),
        nested.as_bytes(),
    ];
    on_each_database(&Setup::catalog("default"), async |node| {
        let callers = Callers::gather(node).await;
        let before = everything(&callers.operator, &[&callers.owner.tenant]).await;

        for Target { row, .. } in &targets {
            for body in malformed {
                callers.send(row, body, &[]).await.refused(400, "malformed_json");
            }
            for (name, value) in [
                ("content-type", "text/plain"),
                ("content-type", "application/x-www-form-urlencoded"),
                ("content-type", "multipart/form-data; boundary=x"),
                ("content-encoding", "gzip"),
            ] {
                let reply = callers.send(row, b"{}", &[(name, value)]).await;
                assert_eq!(reply.status, 415, "{row:?} {name} {value}: {}", reply.text);
                reply.refused(415, "unsupported_media_type");
            }
        }

        assert_eq!(everything(&callers.operator, &[&callers.owner.tenant]).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_of_another_shape_is_refused_everywhere_naming_the_field() {
    let targets = targets();
    on_each_database(&Setup::catalog("default"), async |node| {
        let callers = Callers::gather(node).await;
        let before = everything(&callers.operator, &[&callers.owner.tenant]).await;

        for Target { row, properties } in &targets {
            for body in ["[]", "\"text\"", "5", "true"] {
                let reply = callers.send(row, body.as_bytes(), &[]).await;
                assert_eq!(reply.status, 422, "{row:?} {body}: {}", reply.text);
                reply.refused(422, "validation_failed");
            }
            let unknown = callers.send(row, b"{\"no_such_field\":1}", &[]).await;
            assert_eq!(unknown.status, 422, "{row:?}: {}", unknown.text);
            assert_eq!(unknown.fields(), ["no_such_field"], "{row:?}");
            for (name, schema) in properties {
                let wrong = json!({name: wrong_for(schema)}).to_string();
                let reply = callers.send(row, wrong.as_bytes(), &[]).await;
                assert_eq!(reply.status, 422, "{row:?} {wrong}: {}", reply.text);
                assert_eq!(reply.fields(), [name.as_str()], "{row:?} {wrong}");
            }
        }

        assert_eq!(everything(&callers.operator, &[&callers.owner.tenant]).await, before);
    })
    .await;
}

/// A value of a type that the schema does not know.
fn wrong_for(schema: &Value) -> Value {
    let knows = |kind: &str| match &schema["type"] {
        Value::String(only) => only == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => false,
    };
    if knows("object") {
        json!([[]])
    } else {
        json!({"an": "object"})
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absurd_sizes_are_refused_before_anything_else() {
    let targets = targets();
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(1_200_000));
    on_each_database(&Setup::catalog("default"), async |node| {
        let callers = Callers::gather(node).await;
        let before = everything(&callers.operator, &[&callers.owner.tenant]).await;

        for Target { row, .. } in &targets {
            callers
                .send(row, large.as_bytes(), &[])
                .await
                .refused(413, "body_too_large");
        }
        // Also for people who are not known, and who never learn more.
        let body = Some(large.clone().into_bytes());
        let reply = node.anybody().send(Method::POST, "/tenants/acme/users", body).await;
        reply.refused(413, "body_too_large");

        assert_eq!(everything(&callers.operator, &[&callers.owner.tenant]).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_up_lists_every_field_that_is_wrong() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let good = json!({
            "name": "Acme", "slug": "acme", "plan": "free", "owner_email": "ada@acme.example", "owner_name": "Ada",
            "owner_password": "correct horse battery",
        });
        let long = "x".repeat(1_000);
        let wrong = [
            ("name", json!("")),
            ("name", json!("   ")),
            ("name", json!(long)),
            ("name", json!("a\u{0}b")),
            ("slug", json!("ab")),
            ("slug", json!("-acme")),
            ("slug", json!("a_b")),
            ("slug", json!("acme.example")),
            ("slug", json!("bücher")),
            ("slug", json!(long)),
            ("slug", json!("www")),
            ("slug", json!("admin")),
            ("plan", json!("no-such-plan")),
            ("plan", json!("' or 1=1 --")),
            ("billing_cycle", json!("weekly")),
            ("currency", json!("JPY")),
            ("currency", json!("dollars")),
            ("owner_email", json!("")),
            ("owner_email", json!("ada")),
            ("owner_email", json!("ada@")),
            ("owner_email", json!("ada@acme.example\r\nbcc: eve@evil.example")),
            ("owner_email", json!(format!("{long}@acme.example"))),
            ("owner_name", json!("")),
            ("owner_password", json!("short")),
            ("owner_password", json!("password")),
            ("owner_password", json!(long.repeat(10))),
            ("email", json!("not an address")),
            ("phone", json!("call me")),
            ("timezone", json!("Mars/Olympus")),
            ("locale", json!("not a locale")),
            ("company_size", json!(long.repeat(10))),
        ];
        for (field, value) in wrong {
            let mut request = good.clone();
            request[field] = value.clone();
            let reply = node.anybody().post("/tenants", &request).await;
            assert_eq!(reply.status, 422, "{field}: {value}: {}", reply.text);
            assert_eq!(reply.fields(), [field], "{value}");
        }
        let all = json!({"name": "", "slug": "-", "owner_email": "x", "timezone": "x", "currency": "x"});
        let mut fields = node.anybody().post("/tenants", &all).await.fields();
        fields.sort();
        assert_eq!(fields, ["currency", "name", "owner_email", "slug", "timezone"]);
        let mut nothing = node.anybody().post("/tenants", &json!({})).await.fields();
        nothing.sort();
        assert_eq!(nothing, ["name"]);

        // None of them took the slug or the address.
        let made = node.anybody().post("/tenants", &good).await.expect(201);
        assert_eq!(made["tenant"]["slug"], "acme");
        assert!(made["tokens"].is_object());
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let overview = operator.get("/admin/stats/overview").await.expect(200);
        assert_eq!((&overview["tenants"], &overview["users"]), (&json!(1), &json!(2)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amounts_are_positive_whole_numbers_within_reason() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;

        for amount in [
            json!(0),
            json!(-1),
            json!(1.5),
            json!("1"),
            json!(1e30),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(null),
        ] {
            let body = json!({"meter": "events", "amount": amount});
            for path in ["/tenants/current/usage", "/tenants/current/quotas/check"] {
                let reply = owner.caller.post(path, &body).await;
                assert_eq!(reply.status, 422, "{amount}: {}", reply.text);
                assert_eq!(reply.fields(), ["amount"], "{amount}");
            }
        }
        let unknown = owner
            .caller
            .post("/tenants/current/usage", &json!({"meter": "nonsense"}))
            .await;
        unknown.refused(422, "unknown_meter");
        let huge = owner
            .caller
            .post(
                "/tenants/current/usage",
                &json!({"meter": "events", "amount": (1_i64 << 53) - 1}),
            )
            .await;
        huge.refused(429, "quota_exceeded");

        assert_eq!(owner.quota("events").await["used"], 0);
    })
    .await;
}
