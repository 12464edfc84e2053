//! The log: it tells who did what in which tenant, and never a secret, however much it is told to say.

use serde_json::{Value, json};

use crate::harness::{Engine, FreshDatabase, PASSWORD, Process, Setup, token_sent_to};

const MASTER_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_ever_logged() {
    let database = FreshDatabase::on(Engine::SqliteFile).await.unwrap();
    let setup = Setup::catalog("default")
        .with("log", "trace")
        .with("master_key", MASTER_KEY);
    let node = Process::start(&setup, database.url()).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut secrets = vec![PASSWORD.to_owned(), MASTER_KEY.to_owned()];

    let sign_up = json!({
        "name": "Acme", "slug": "acme", "owner_email": "ada@acme.example", "owner_password": PASSWORD,
    });
    let anybody = node.anybody().with("x-request-id", "the-sign-up");
    let made = anybody.once("sign-up").post("/tenants", &sign_up).await.expect(201);
    secrets.extend([
        text(&made["tokens"]["access_token"]),
        text(&made["tokens"]["refresh_token"]),
    ]);
    let log_in = json!({"email": "ada@acme.example", "password": PASSWORD});
    let signed_in = node.anybody().post("/auth/login", &log_in).await.expect(200);
    secrets.extend([text(&signed_in["access_token"]), text(&signed_in["refresh_token"])]);
    let refresh = json!({"refresh_token": signed_in["refresh_token"]});
    let renewed = node.anybody().post("/auth/refresh", &refresh).await.expect(200);
    secrets.extend([text(&renewed["access_token"]), text(&renewed["refresh_token"])]);
    let wrong = json!({"email": "ada@acme.example", "password": "a-wrong-password-of-hers"});
    node.anybody()
        .post("/auth/login", &wrong)
        .await
        .refused(401, "invalid_credentials");
    secrets.push("a-wrong-password-of-hers".to_owned());

    let owner = node.bearer(&text(&renewed["access_token"]));
    let key = json!({"name": "key", "permissions": ["*"]});
    let key = text(
        &owner
            .once("key")
            .post("/tenants/current/api-keys", &key)
            .await
            .expect(201)["key"],
    );
    node.bearer(&key)
        .post("/tenants/current/usage", &json!({"meter": "events"}))
        .await
        .expect(201);
    node.anybody()
        .with("x-api-key", &key)
        .get("/tenants/current")
        .await
        .expect(200);
    node.bearer(&key)
        .post("/api-keys/verify", &json!({"key": key}))
        .await
        .expect(200);
    node.bearer(&format!("{key}x"))
        .get("/tenants/current")
        .await
        .refused(401, "not_authenticated");
    secrets.push(key);
    let invitation = json!({"email": "bob@acme.example", "role": "member"});
    owner
        .post("/tenants/current/invitations", &invitation)
        .await
        .expect(201);
    let token = token_sent_to(node.data_dir(), "bob@acme.example", &[]).await;
    let accept = json!({"token": token, "password": "bobs-own-long-password"});
    node.anybody().post("/invitations/accept", &accept).await.expect(200);
    secrets.extend([token, "bobs-own-long-password".to_owned()]);
    let forgot = json!({"email": "ada@acme.example"});
    node.anybody().post("/auth/password/forgot", &forgot).await;
    node.anybody()
        .send(
            reqwest::Method::POST,
            "/auth/login",
            Some(b"{\"password\": \"half-a-pass".to_vec()),
        )
        .await;
    secrets.push("half-a-pass".to_owned());

    let log = node.log();
    for secret in &secrets {
        assert!(secret.len() > 8);
        let place = log.lines().find(|line| line.contains(secret.as_str()));
        assert!(place.is_none(), "{secret} is in the log: {place:?}");
    }
    // It does say what an operator needs.
    let tenant = text(&made["tenant"]["id"]);
    for told in ["the-sign-up", tenant.as_str(), "/api/v1/tenants/{tenant}/usage"] {
        assert!(log.contains(told), "{told} is not in the log:\n{log}");
    }
}
