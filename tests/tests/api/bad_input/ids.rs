//! Ids: another tenant's thing is answered as a thing that exists nowhere, on every route that names one.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tenantry_http_actix::routes::{self, Needs, Row};
use tenantry_identity::user::PlatformRole;

use crate::harness::{
    Dns, NOWHERE, Node, Owner, PASSWORD, Setup, everything, is_operators, on_each_database, path, register_passkey,
    told,
};

/// One real thing of a tenant for every kind of path that names one: `/users/{id}`.
async fn things(node: &Node, owner: &Owner, dns: &Dns) -> BTreeMap<&'static str, String> {
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let make = async |area: &str, body: Value| {
        let made = owner
            .caller
            .post(&format!("/tenants/current/{area}"), &body)
            .await
            .expect(201);
        id(&made)
    };
    let (member, _) = node.member(owner, "member@globex.example", "member").await;
    let invited = make(
        "invitations",
        json!({"email": "guest@globex.example", "role": "member"}),
    )
    .await;
    let key = make("api-keys", json!({"name": "theirs"})).await;
    let account = make("service-accounts", json!({"name": "theirs"})).await;
    let consent = make("support-access", json!({"hours": 1})).await;
    let domain = make("domains", json!({"domain": "app.globex.example"})).await;
    let mail_domain = dns.prove(&owner.caller, "globex.example").await;
    let joining = json!({"domain_join": {"mode": "suggest"}});
    owner
        .caller
        .put("/tenants/current/security-policy", &joining)
        .await
        .expect(200);
    let asks = node.sign_up("hooli", "free").await;
    asks.caller
        .post("/me/emails", &json!({"email": "asks@globex.example"}))
        .await
        .expect(202);
    let proof = json!({"token": node.token_sent_to("asks@globex.example").await});
    asks.caller.post("/auth/email/verify", &proof).await.expect(204);
    asks.caller
        .post("/me/tenants/globex/join", &json!({}))
        .await
        .expect(202);
    let requests = owner.caller.get("/tenants/current/join-requests").await.expect(200);
    let held = make("reservations", json!({"meter": "events"})).await;
    let card = make("payment-methods", json!({"token": "card_ok"})).await;
    let upgraded = json!({"new_plan": "pro", "billing_cycle": "monthly"});
    let upgraded = owner
        .caller
        .post("/tenants/current/upgrade", &upgraded)
        .await
        .expect(200);
    let role = make("roles", json!({"name": "Theirs", "permissions": []})).await;
    let sessions = owner.caller.get("/me/sessions").await.expect(200);
    let remembered = json!({"email": owner.email, "password": PASSWORD, "remember_device": true});
    node.anybody().post("/auth/login", &remembered).await.expect(200);
    let devices = owner.caller.get("/me/devices").await.expect(200);
    let passkey = register_passkey(&owner.caller).await;
    let emails = owner.caller.get("/me/emails").await.expect(200);
    BTreeMap::from([
        ("users", member),
        ("roles", role),
        ("invitations", invited),
        ("api-keys", key),
        ("service-accounts", account),
        ("support-access", consent),
        ("domains", domain),
        ("email-domains", mail_domain),
        ("join-requests", id(&requests["data"][0])),
        ("reservations", held),
        ("payment-methods", card),
        ("invoices", id(&upgraded["invoice"])),
        ("sessions", id(&sessions["data"][0])),
        ("devices", id(&devices["data"][0])),
        ("passkeys", id(&passkey)),
        ("emails", id(&emails["data"][0])),
    ])
}

/// A body with which the route would do something, if the thing were the caller's.
fn body(row: &Row) -> Value {
    match row.path().rsplit('/').next() {
        Some("role" | "roles") => json!({"role": "viewer"}),
        Some("{meter}") => json!({"limit": 1}),
        Some("preview") => json!({"delete": true}),
        Some("{id}") if row.path().ends_with("/roles/{id}") && row.method().as_str() == "PUT" => {
            json!({"name": "Mine", "permissions": []})
        }
        _ if row.path().contains("/passkeys/") => json!({"name": "another name"}),
        _ => json!({}),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thing_of_another_tenant_is_a_thing_that_exists_nowhere() {
    let rows = routes::rows();
    // Below /admin an id is a tenant's, and operators see every tenant.
    let named: Vec<&Row> = rows
        .iter()
        .filter(|row| row.path().contains("{id}") && !matches!(row.needs(), Needs::Platform(_)))
        .collect();
    assert!(named.len() > 15, "only {} routes name a thing", named.len());
    let dns = Dns::start().await;
    on_each_database(&dns.asked_by(Setup::catalog("default")), async |node| {
        let (acme, globex) = (node.sign_up("acme", "pro").await, node.sign_up("globex", "free").await);
        let things = things(node, &globex, &dns).await;
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let both = [acme.tenant.as_str(), globex.tenant.as_str()];
        let before = everything(&operator, &both).await;

        for row in &named {
            let (before_id, _) = row.path().split_once("/{id}").unwrap();
            let area = before_id.rsplit('/').next().unwrap();
            let theirs = things
                .get(area)
                .unwrap_or_else(|| panic!("{row:?}: no thing to try it with"));
            // Operators enter every tenant, and find in it what is its own.
            let operators = matches!(row.needs(), Needs::Tenant(one_of) if is_operators(one_of));
            let caller = if operators { &operator } else { &acme.caller };
            let method = || row.method().as_str().parse().unwrap();
            let body = || (row.method().as_str() != "GET").then(|| body(row).to_string().into_bytes());

            let query = if row.operation_id() == "api_keys_usage" {
                "?meter=events"
            } else {
                ""
            };
            let to = |id: &str| path(row, &acme.tenant, id) + query;

            let foreign = caller.send(method(), &to(theirs), body()).await;
            let nowhere = caller.send(method(), &to(NOWHERE), body()).await;
            let no_uuid = caller.send(method(), &to("1"), body()).await;

            assert_eq!(told(&foreign), told(&nowhere), "{row:?}");
            assert_eq!(told(&foreign), told(&no_uuid), "{row:?}");
            assert_eq!(foreign.status, 404, "{row:?}: {}", foreign.text);
            foreign.refused(404, "not_found");
        }

        assert_eq!(everything(&operator, &both).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_method_of_another_tenant_pays_nothing() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (node.sign_up("acme", "free").await, node.sign_up("globex", "free").await);
        let card = json!({"token": "card_ok"});
        let card = globex
            .caller
            .post("/tenants/current/payment-methods", &card)
            .await
            .expect(201);
        let pay_with = async |method: &Value| {
            let body = json!({"new_plan": "pro", "payment_method": method});
            let reply = acme.caller.post("/tenants/current/upgrade", &body).await;
            assert!(!reply.text.contains("\"status\":\"paid\""), "{}", reply.text);
            told(&reply)
        };

        let foreign = pay_with(&card["id"]).await;
        let nowhere = pay_with(&json!(NOWHERE)).await;

        assert_eq!(foreign, nowhere);
        let subscription = acme.caller.get("/tenants/current/subscription").await.expect(200);
        assert_eq!(subscription["plan"], "free");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_that_are_no_paths_are_not_found() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;

        for path in [
            "/tenants/current/users/%00",
            "/tenants/current/users/%ff%fe",
            "/tenants/current/users/%2e%2e%2fapi-keys",
            "/tenants/current/users/' or 1=1 --",
            "/tenants/%20/users",
            "/tenants/current/users/",
            "/tenants//users",
            "/no/such/path",
            "//api/v2/tenants/current",
            "//etc/passwd",
        ] {
            owner.caller.get(path).await.refused(404, "not_found");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursors_belong_to_one_list_of_one_tenant() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (
            node.sign_up("acme", "enterprise").await,
            node.sign_up("globex", "free").await,
        );
        for number in 0..5 {
            acme.caller
                .post("/tenants/current/api-keys", &json!({"name": format!("k{number}")}))
                .await
                .expect(201);
        }

        // Page by page, everything once.
        let mut seen = Vec::new();
        let mut next = String::new();
        let mut first_cursor = None;
        loop {
            let page = acme
                .caller
                .get(&format!("/tenants/current/api-keys?limit=2{next}"))
                .await
                .expect(200);
            let data = page["data"].as_array().unwrap();
            assert!(data.len() <= 2);
            seen.extend(data.iter().map(|key| key["name"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            first_cursor.get_or_insert_with(|| cursor.to_owned());
            next = format!("&cursor={cursor}");
        }
        seen.sort();
        assert_eq!(seen, ["k0", "k1", "k2", "k3", "k4"]);

        let cursor = first_cursor.unwrap();
        let mut tampered = cursor.clone().into_bytes();
        tampered[3] = if tampered[3] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(tampered).unwrap();
        for path in [
            format!("/tenants/current/api-keys?cursor={tampered}"),
            format!("/tenants/current/api-keys?cursor={}", &cursor[1..]),
            "/tenants/current/api-keys?cursor=nonsense".to_owned(),
            format!("/tenants/current/api-keys?cursor={}", "A".repeat(5_000)),
            format!("/tenants/current/users?cursor={cursor}"),
        ] {
            acme.caller.get(&path).await.refused(400, "cursor_invalid");
        }
        let foreign = globex
            .caller
            .get(&format!("/tenants/current/api-keys?cursor={cursor}"))
            .await;
        foreign.refused(400, "cursor_invalid");
        for limit in ["0", "201", "-1", "1.5", "many", "99999999999999999999"] {
            let reply = acme
                .caller
                .get(&format!("/tenants/current/api-keys?limit={limit}"))
                .await;
            assert_eq!(reply.fields(), ["limit"], "{limit}");
        }
        let unknown = acme.caller.get("/tenants/current/audit-logs?colour=red").await;
        assert_eq!(unknown.fields(), ["colour"]);
    })
    .await;
}
