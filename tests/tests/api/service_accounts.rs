//! Service accounts: programs that are a tenant's own, with tokens of their own.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join;
use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;

use crate::harness::{Caller, Engine, FreshDatabase, Node, Owner, Setup, eventually, on_each_database};

const PATH: &str = "/tenants/current/service-accounts";

async fn make(owner: &Owner, permissions: &[&str]) -> Value {
    let body = json!({"name": "Nightly import", "permissions": permissions});
    owner.caller.post(PATH, &body).await.expect(201)
}

fn one(account: &Value) -> String {
    format!("{PATH}/{}", account["id"].as_str().unwrap())
}

async fn token(node: &Node, account: &Value) -> Caller {
    let issued = node.grant(account, None).await.expect(200);
    node.bearer(issued["access_token"].as_str().unwrap())
}

/// What RFC 6749, section 5.2, says about refusals.
#[track_caller]
fn refused(reply: &crate::harness::Reply, status: u16, error: &str) {
    assert_eq!(
        (reply.status, &reply.json()["error"]),
        (status, &json!(error)),
        "{}",
        reply.text
    );
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(status == 401, !reply.header("www-authenticate").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_account_gets_tokens_and_acts_as_itself() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let seats = owner.quota("users").await["used"].clone();
        let account = make(&owner, &["usage.consume", "usage.read", "audit.read"]).await;
        assert_eq!(owner.quota("users").await["used"], seats);

        // By the body, and by HTTP Basic.
        let reply = node.grant(&account, None).await;
        assert_eq!(reply.header("cache-control"), "no-store");
        let issued = reply.expect(200);
        assert_eq!(
            (&issued["token_type"], &issued["expires_in"]),
            (&json!("Bearer"), &json!(600))
        );
        assert_eq!(issued["scope"], "audit.read usage.consume usage.read");
        let (id, secret) = (
            account["client_id"].as_str().unwrap(),
            account["client_secret"].as_str().unwrap(),
        );
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let form = [("grant_type", "client_credentials"), ("scope", "usage.read")];
        let narrow = node
            .anybody()
            .with("authorization", &basic)
            .form("/oauth/token", &form)
            .await
            .expect(200);
        assert_eq!(narrow["scope"], "usage.read");

        // It acts as itself, in its own tenant only.
        let program = node.bearer(issued["access_token"].as_str().unwrap());
        let used = program
            .once("one")
            .post("/tenants/current/usage", &json!({"meter": "events"}))
            .await
            .expect(201);
        assert_eq!(used["used"], 1);
        let narrow = node.bearer(narrow["access_token"].as_str().unwrap());
        narrow.get("/tenants/current/quotas").await.expect(200);
        narrow
            .post("/tenants/current/usage", &json!({"meter": "events"}))
            .await
            .refused(403, "permission_denied");
        program.get("/me").await.refused(403, "permission_denied");
        program.get("/admin/tenants").await.refused(403, "permission_denied");
        let other = node.sign_up("globex", "free").await;
        program
            .get(&format!("/tenants/{}", other.tenant))
            .await
            .refused(404, "not_found");

        // It outlives its maker's powers, and the log names it.
        let log = owner
            .caller
            .get("/tenants/current/audit-logs?action=service_account.")
            .await
            .expect(200);
        assert_eq!(log["data"][0]["action"], "service_account.created");
        assert!(!log.to_string().contains(secret));
        let keys = make(&owner, &["api_keys.manage", "usage.read"]).await;
        let keeper = token(node, &keys).await;
        let key = keeper
            .post("/tenants/current/api-keys", &json!({"name": "its own"}))
            .await
            .expect(201);
        let log = owner
            .caller
            .get("/tenants/current/audit-logs?actor=service_account")
            .await
            .expect(200);
        assert_eq!(log["data"][0]["resource"]["id"], key["id"]);
        assert_eq!(
            log["data"][0]["actor"],
            json!({"type": "service_account", "id": keys["id"], "on_behalf_of": null})
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_endpoint_refuses_in_the_words_of_its_standard() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let account = make(&owner, &["usage.read"]).await;
        let (id, secret) = (
            account["client_id"].as_str().unwrap(),
            account["client_secret"].as_str().unwrap(),
        );
        let ask = async |pairs: &[(&str, &str)]| node.anybody().form("/oauth/token", pairs).await;
        let grant = ("grant_type", "client_credentials");
        // The last letter carries four bits: A and Q differ in them.
        let last = if secret.ends_with('A') { 'Q' } else { 'A' };
        let wrong = format!("{}{last}", &secret[..secret.len() - 1]);

        refused(&ask(&[]).await, 400, "invalid_request");
        refused(&ask(&[("grant_type", "password")]).await, 400, "unsupported_grant_type");
        refused(
            &ask(&[grant, grant, ("client_id", id), ("client_secret", secret)]).await,
            400,
            "invalid_request",
        );
        refused(&ask(&[grant]).await, 401, "invalid_client");
        refused(&ask(&[grant, ("client_id", id)]).await, 401, "invalid_client");
        refused(
            &ask(&[grant, ("client_id", id), ("client_secret", &wrong)]).await,
            401,
            "invalid_client",
        );
        refused(
            &ask(&[grant, ("client_id", &owner.tenant), ("client_secret", secret)]).await,
            401,
            "invalid_client",
        );
        for scope in ["billing.manage", "usage.read billing.manage", "no.such", " "] {
            let reply = ask(&[grant, ("client_id", id), ("client_secret", secret), ("scope", scope)]).await;
            refused(&reply, 400, "invalid_scope");
        }
        // Two ways at once are one too many; and a body in JSON is none.
        let both = node.anybody().with(
            "authorization",
            &format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))),
        );
        let pairs = [grant, ("client_id", id), ("client_secret", secret)];
        refused(&both.form("/oauth/token", &pairs).await, 401, "invalid_client");
        let json = json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret});
        refused(
            &node.anybody().post("/oauth/token", &json).await,
            400,
            "invalid_request",
        );
        // Nothing of it is a secret's echo.
        assert!(
            !ask(&[grant, ("client_id", id), ("client_secret", &wrong)])
                .await
                .text
                .contains(&wrong)
        );

        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let path = format!("/admin/tenants/{}/suspend", owner.tenant);
        operator.post(&path, &json!({"reason": "unpaid"})).await.expect(200);
        refused(&node.grant(&account, None).await, 400, "unauthorized_client");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_replaced_with_overlap_and_ended() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let first = make(&owner, &["usage.read"]).await;
        let path = one(&first);
        let secrets = format!("{path}/secrets");

        let second = owner
            .caller
            .once("second")
            .post(&secrets, &json!({"overlap_seconds": 3_600}))
            .await
            .expect(201);
        let again = owner
            .caller
            .once("second")
            .post(&secrets, &json!({"overlap_seconds": 3_600}))
            .await
            .expect(201);
        assert_eq!(again["client_secret"], second["client_secret"]);
        for account in [&first, &second] {
            node.grant(account, None).await.expect(200);
        }
        node.clock.advance(time::Duration::hours(1));
        refused(&node.grant(&first, None).await, 401, "invalid_client");
        node.grant(&second, None).await.expect(200);

        let owner_again = node.log_in(&owner.email).await;
        let shown = owner_again.get(&path).await.expect(200);
        assert!(!shown.to_string().contains(second["client_secret"].as_str().unwrap()));
        assert_eq!(shown["secrets"].as_array().unwrap().len(), 2);
        let id = second["secret_id"].as_str().unwrap();
        owner_again.delete(&format!("{secrets}/{id}")).await.expect(200);
        owner_again
            .delete(&format!("{secrets}/{id}"))
            .await
            .refused(404, "not_found");
        refused(&node.grant(&second, None).await, 401, "invalid_client");
        let too_long = owner_again.post(&secrets, &json!({"overlap_seconds": 604_801})).await;
        assert_eq!(too_long.fields(), ["overlap_seconds"]);
        for _ in 0..5 {
            owner_again.post(&secrets, &json!({})).await.expect(201);
        }
        owner_again
            .post(&secrets, &json!({}))
            .await
            .refused(409, "too_many_client_secrets");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_an_account_what_they_lack_or_takes_it_over() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let powerful = make(&owner, &["*"]).await;
        let (_, admin) = node.member(&owner, "admin@acme.example", "admin").await;

        let beyond = json!({"name": "x", "permissions": ["billing.manage"]});
        admin.post(PATH, &beyond).await.refused(403, "permission_denied");
        admin
            .post(&format!("{}/secrets", one(&powerful)), &json!({}))
            .await
            .refused(403, "permission_denied");
        let weak = admin
            .post(PATH, &json!({"name": "weak", "permissions": ["usage.read"]}))
            .await
            .expect(201);
        admin
            .patch(&one(&weak), &json!({"permissions": ["billing.manage"]}))
            .await
            .refused(403, "permission_denied");
        let changed = admin
            .patch(&one(&weak), &json!({"name": "Weak", "permissions": []}))
            .await
            .expect(200);
        assert_eq!(
            (&changed["name"], &changed["permissions"]),
            (&json!("Weak"), &json!([]))
        );
        // An account makes no account that may do more than it may.
        let maker = make(&owner, &["service_accounts.manage"]).await;
        let maker = token(node, &maker).await;
        maker.post(PATH, &beyond).await.refused(403, "permission_denied");
        let wrong = admin.post(PATH, &json!({"name": "", "permissions": ["no.such"]})).await;
        assert_eq!(wrong.fields(), ["name", "permissions[0]"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_at_one_node_ends_at_every_node_within_a_second() {
    let Some(database) = FreshDatabase::on(Engine::Postgres).await else {
        return;
    };
    let setup = Setup::catalog("default")
        .with("public_url", "http://localhost:8080")
        .with(
            "master_key",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        );
    let (here, there) = Box::pin(join(Node::start(&setup, &database), Node::start(&setup, &database))).await;
    let owner = here.sign_up("acme", "enterprise").await;
    let gone = async |what: &str, caller: &Caller| {
        let began = Instant::now();
        eventually(what, async || {
            (caller.get("/tenants/current/quotas").await.status == 401).then_some(())
        })
        .await;
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{what}: {:?}",
            began.elapsed()
        );
    };
    let account = make(&owner, &["usage.read"]).await;
    let issue = async || {
        let issued = here.grant(&account, None).await.expect(200);
        let text = issued["access_token"].as_str().unwrap().to_owned();
        let caller = there.bearer(&text);
        // The other node hears within a second that an account is back.
        eventually("a token at the other node", async || {
            (caller.get("/tenants/current/quotas").await.status == 200).then_some(())
        })
        .await;
        (text, caller)
    };

    // One token; the others live on.
    let ((text, one_token), (_, another)) = (issue().await, issue().await);
    let revoked = here.anybody().form("/oauth/revoke", &[("token", &text)]).await;
    assert_eq!(revoked.status, 200);
    gone("the end of a token", &one_token).await;
    another.get("/tenants/current/quotas").await.expect(200);
    // All of them, and what it may do.
    let reduced = json!({"permissions": []});
    owner.caller.patch(&one(&account), &reduced).await.expect(200);
    eventually("less power", async || {
        (another.get("/tenants/current/quotas").await.status == 403).then_some(())
    })
    .await;
    owner
        .caller
        .patch(&one(&account), &json!({"permissions": ["usage.read"]}))
        .await
        .expect(200);
    eventually("power again", async || {
        (another.get("/tenants/current/quotas").await.status == 200).then_some(())
    })
    .await;
    owner
        .caller
        .post(&format!("{}/deactivate", one(&account)), &json!({}))
        .await
        .expect(200);
    gone("a deactivation", &another).await;
    refused(&there.grant(&account, None).await, 401, "invalid_client");
    owner
        .caller
        .post(&format!("{}/reactivate", one(&account)), &json!({}))
        .await
        .expect(200);
    another
        .get("/tenants/current/quotas")
        .await
        .refused(401, "not_authenticated");
    here.clock.advance(time::Duration::seconds(2));
    there.clock.advance(time::Duration::seconds(2));
    let (_, last) = issue().await;
    assert_eq!(owner.caller.delete(&one(&account)).await.status, 204);
    gone("a removal", &last).await;
    owner.caller.get(&one(&account)).await.refused(404, "not_found");
    here.stop().await;
    there.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_asks_what_a_token_of_its_own_tenant_is_good_for() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (
            node.sign_up("acme", "enterprise").await,
            node.sign_up("globex", "free").await,
        );
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let asker = node.bearer(&acme.key(&["tokens.introspect"]).await);
        let platform = operator
            .post("/admin/api-keys", &json!({"name": "edge"}))
            .await
            .expect(201);
        let platform = node.bearer(platform["key"].as_str().unwrap());
        let ask =
            async |asker: &Caller, token: &str| asker.form("/oauth/introspect", &[("token", token)]).await.expect(200);
        let inactive = json!({"active": false});

        // Every kind of token, of one's own tenant.
        let body = json!({"email": acme.email, "password": crate::harness::PASSWORD});
        let pair = node.anybody().post("/auth/login", &body).await.expect(200);
        let (access, refresh) = (
            pair["access_token"].as_str().unwrap(),
            pair["refresh_token"].as_str().unwrap(),
        );
        let told = ask(&asker, access).await;
        assert_eq!(
            (&told["active"], &told["token_kind"]),
            (&json!(true), &json!("access_token"))
        );
        assert_eq!(
            (&told["tenant"], &told["membership"]),
            (&json!(acme.tenant), &json!(acme.membership))
        );
        assert!(
            told["scope"]
                .as_str()
                .unwrap()
                .split(' ')
                .any(|name| name == "billing.manage")
        );
        assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 600);
        for claim in ["sub", "client_id", "iss", "aud", "jti", "sid"] {
            assert!(told[claim].is_string(), "{claim}: {told}");
        }
        assert_eq!(ask(&asker, refresh).await["token_kind"], "refresh_token");
        let key = acme.key(&["usage.read"]).await;
        let told = ask(&asker, &key).await;
        assert_eq!(
            (&told["token_kind"], &told["scope"]),
            (&json!("api_key"), &json!("usage.read"))
        );
        let account = make(&acme, &["usage.read", "usage.consume"]).await;
        let issued = node.grant(&account, Some("usage.read")).await.expect(200);
        let service = issued["access_token"].as_str().unwrap();
        let told = ask(&asker, service).await;
        assert_eq!(
            (&told["scope"], &told["sub"], &told["client_id"]),
            (&json!("usage.read"), &account["id"], &account["id"])
        );

        // Another tenant's is as inactive as one that never was; the platform knows all.
        let theirs = globex.key(&["usage.read"]).await;
        for token in [theirs.as_str(), "junk", "", "a.b.c", "rt_a_b"] {
            assert_eq!(ask(&asker, token).await, inactive, "{token}");
        }
        assert_eq!(ask(&platform, &theirs).await["tenant"], globex.tenant.as_str());

        // What ends is inactive at once on this node.
        for token in [access, refresh, key.as_str(), service] {
            assert_eq!(ask(&asker, token).await["active"], true);
            assert_eq!(ask(&platform, token).await["active"], true);
        }
        for token in [service, key.as_str(), access] {
            assert_eq!(
                node.anybody().form("/oauth/revoke", &[("token", token)]).await.status,
                200
            );
            assert_eq!(
                node.anybody().form("/oauth/revoke", &[("token", token)]).await.status,
                200
            );
        }
        for token in [access, refresh, key.as_str(), service] {
            assert_eq!(ask(&asker, token).await, inactive);
            assert_eq!(ask(&platform, token).await, inactive);
        }
        node.bearer(&key)
            .get("/tenants/current")
            .await
            .refused(401, "not_authenticated");
        let log = acme
            .caller
            .get("/tenants/current/audit-logs?action=api_key.revoked")
            .await
            .expect(200);
        assert_eq!(log["data"][0]["actor"]["type"], "api_key");

        // Who may not ask is told nothing.
        let nobody = node.bearer(&acme.key(&[]).await);
        nobody
            .form("/oauth/introspect", &[("token", access)])
            .await
            .refused(403, "permission_denied");
        assert_eq!(asker.form("/oauth/introspect", &[]).await.fields(), ["token"]);
        asker
            .post("/oauth/introspect", &json!({"token": access}))
            .await
            .refused(415, "unsupported_media_type");
        let no_form = node.anybody().post("/oauth/revoke", &json!({"token": access})).await;
        assert_eq!(
            (no_form.status, &no_form.json()["error"]),
            (400, &json!("invalid_request"))
        );
        assert_eq!(
            node.anybody().form("/oauth/revoke", &[("token", "junk")]).await.status,
            200
        );
    })
    .await;
}
