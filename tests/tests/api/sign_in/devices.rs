//! Remembered devices, sign-ins from elsewhere, and strangers who guess.

use serde_json::{Value, json};
use time::Duration;

use super::totp::pending;
use crate::harness::{App, Node, PASSWORD, Reply, Setup, has_python, on_each_database};

async fn log_in_on(node: &Node, email: &str, password: &str, device: &Value) -> Reply {
    let body = json!({"email": email, "password": password, "device_token": device});
    node.anybody().post("/auth/login", &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remembered_device_needs_no_second_factor_until_it_is_forgotten() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let app = App::enrol(node, &owner.caller).await;
        let waiting = pending(node, &owner.email).await;
        let body = json!({
            "mfa_token": waiting["mfa_token"], "method": "totp", "code": app.shows(node), "remember_device": true,
        });
        let signed_in = node.anybody().post("/auth/mfa/verify", &body).await.expect(200);
        let device = signed_in["device_token"].clone();
        assert!(device.as_str().unwrap().starts_with("dev_"));

        let again = log_in_on(node, &owner.email, PASSWORD, &device).await.expect(200);
        let caller = node.bearer(again["access_token"].as_str().unwrap());
        let sessions = caller.get("/me/sessions").await.expect(200);
        assert_eq!(sessions["data"][0]["methods"], json!(["pwd", "rba", "mfa"]));
        // Somebody else's is nobody's.
        let other = node.sign_up("globex", "free").await;
        let foreign = log_in_on(node, &other.email, PASSWORD, &device).await.expect(200);
        assert!(foreign["access_token"].is_string(), "globex has no second factor");

        let devices = caller.get("/me/devices").await.expect(200);
        let id = devices["data"][0]["id"].as_str().unwrap();
        // What is known of the person names both, and no secret.
        let export = caller.get("/me/export").await.expect(200);
        assert_eq!(export["remembered_devices"], devices["data"]);
        assert!(export["second_factors"]["totp_since"].is_string());
        assert_eq!(export["second_factors"]["recovery_codes"], 10);
        assert_eq!(export["second_factors"]["passkeys"], json!([]));
        assert!(!export.to_string().contains(device.as_str().unwrap()));
        caller.delete(&format!("/me/devices/{id}")).await.expect(204);
        caller
            .delete(&format!("/me/devices/{id}"))
            .await
            .refused(404, "not_found");
        let refused = log_in_on(node, &owner.email, PASSWORD, &device).await.expect(200);
        assert_eq!(refused["mfa_required"], true);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_ends_with_the_password_with_time_and_with_guesses() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let remembered = async |password: &str| {
            let body = json!({"email": owner.email, "password": password, "remember_device": true});
            node.anybody().post("/auth/login", &body).await.expect(200)["device_token"].clone()
        };
        let count = async || {
            let caller = node.log_in(&owner.email).await;
            caller.get("/me/devices").await.expect(200)["data"]
                .as_array()
                .unwrap()
                .len()
        };

        let device = remembered(PASSWORD).await;
        assert_eq!(count().await, 1);
        for _ in 0..5 {
            log_in_on(node, &owner.email, "a wrong one", &device)
                .await
                .refused(401, "invalid_credentials");
        }
        // Its guesses were not counted on the person, and it is worth nothing any more.
        node.log_in(&owner.email).await;
        for _ in 0..5 {
            log_in_on(node, &owner.email, "a wrong one", &device)
                .await
                .refused(401, "invalid_credentials");
        }
        log_in_on(node, &owner.email, PASSWORD, &device)
            .await
            .refused(401, "invalid_credentials");
        node.clock.advance(Duration::seconds(10));

        remembered(PASSWORD).await;
        assert_eq!(count().await, 2);
        let change = json!({"current_password": PASSWORD, "new_password": "another long passphrase"});
        owner.caller.post("/me/password", &change).await.expect(204);
        let body = json!({"email": owner.email, "password": "another long passphrase"});
        let signed_in = node.anybody().post("/auth/login", &body).await.expect(200);
        let caller = node.bearer(signed_in["access_token"].as_str().unwrap());
        assert_eq!(caller.get("/me/devices").await.expect(200)["data"], json!([]));

        let device = remembered("another long passphrase").await;
        node.clock.advance(Duration::days(30));
        let late = log_in_on(node, &owner.email, "another long passphrase", &device).await;
        assert!(
            late.expect(200)["access_token"].is_string(),
            "no second factor is wanted"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_who_guesses_keeps_out_nobody_whose_device_is_remembered() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let body = json!({"email": owner.email, "password": PASSWORD, "remember_device": true});
        let device = node.anybody().post("/auth/login", &body).await.expect(200)["device_token"].clone();
        let guess = json!({"email": owner.email, "password": "a wrong one"});
        for _ in 0..8 {
            let stranger = node.anybody().calling_from("198.51.100.7");
            stranger
                .post("/auth/login", &guess)
                .await
                .refused(401, "invalid_credentials");
        }

        let right = json!({"email": owner.email, "password": PASSWORD});
        let without = node.anybody().post("/auth/login", &right).await;
        without.refused(401, "invalid_credentials");
        log_in_on(node, &owner.email, PASSWORD, &device).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_guesses_at_many_people_is_held_back_and_others_are_not() {
    let setup = Setup::catalog("default").with("rate_limit_address", "10000");
    on_each_database(&setup, async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let stranger = node.anybody().calling_from("198.51.100.7");
        let mut refused = None;
        for number in 0..40 {
            let guess = json!({"email": format!("somebody{number}@example.com"), "password": "a wrong one"});
            let reply = stranger.post("/auth/login", &guess).await;
            if reply.status == 429 {
                refused = Some((number, reply));
                break;
            }
            reply.refused(401, "invalid_credentials");
        }

        let (after, reply) = refused.expect("guessing ends");
        assert!((30..36).contains(&after), "after {after}");
        assert!(!reply.header("retry-after").is_empty());
        reply.refused(429, "too_many_attempts");
        node.log_in(&owner.email).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_from_elsewhere_is_mailed_and_the_first_one_is_not() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let body = json!({"email": owner.email, "password": PASSWORD});
        let from = async |address: &str, agent: &str| {
            let caller = node.anybody().calling_from(address).with("user-agent", agent);
            caller.post("/auth/login", &body).await.expect(200);
        };
        from("192.0.2.7", "Firefox/133.0").await;
        from("192.0.2.99", "Firefox/134.0").await;
        from("198.51.100.7", "Firefox/134.0").await;
        from("198.51.100.8", "Firefox/135.0").await;

        let letter = node.letter_to(&owner.email, "from a new device").await;
        assert!(
            letter.contains("2026-03-01T12:00:00Z from 198.51.100.7 with Firefox/134.0"),
            "{letter}"
        );
        // The welcome, and this one: what came before and after is no news.
        assert_eq!(node.letters_about(&owner.email, "from a new device"), 1);
    })
    .await;
}
