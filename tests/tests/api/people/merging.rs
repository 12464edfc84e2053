//! Two accounts of one human become one.

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;

use super::{add_address, addresses_of, founder, sign_in, tenants_of};
use crate::harness::{App, PASSWORD, Setup, has_python, on_each_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_takes_another_one_in_with_all_it_has() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (founder(node, "acme").await, founder(node, "globex").await);
        let initech = founder(node, "initech").await;
        // Both accounts are members of initech: the one as a viewer, the other as an admin with a key.
        node.member(&initech, "side@initech.example", "viewer").await;
        let side = node.log_in("side@initech.example").await;
        let (_, main) = node.member(&initech, "owner@acme.example", "viewer").await;
        let switched = globex.caller.clone();
        add_address(node, &switched, "bob@home.example").await;
        let invite = json!({"email": "bob@home.example", "role": "admin"});
        initech
            .caller
            .post(&initech.path("/invitations"), &invite)
            .await
            .expect(201);
        let accept = json!({"token": node.token_sent_to("bob@home.example").await});
        node.anybody().post("/invitations/accept", &accept).await.expect(200);
        let admin = globex
            .caller
            .post("/me/tenants/initech/switch", &json!({}))
            .await
            .expect(200);
        let admin = node.bearer(admin["access_token"].as_str().unwrap());
        let key = json!({"name": "ci", "permissions": ["*"]});
        let key = admin.post("/tenants/current/api-keys", &key).await.expect(201);
        let key = node.bearer(key["key"].as_str().unwrap());
        let seats = initech.quota("users").await["used"].as_i64().unwrap();

        let wrong = json!({"email": "owner@globex.example", "password": "wrong horse"});
        assert_eq!(main.post("/me/merge", &wrong).await.fields(), ["password"]);
        let unknown = json!({"email": "nobody@globex.example", "password": PASSWORD});
        assert_eq!(main.post("/me/merge", &unknown).await.fields(), ["password"]);
        let own = json!({"email": "owner@acme.example", "password": PASSWORD});
        main.post("/me/merge", &own).await.refused(409, "same_account");
        let proof = json!({"email": "bob@home.example", "password": PASSWORD});
        main.post("/me/merge", &proof).await.expect(204);

        assert_eq!(
            addresses_of(&main).await,
            ["bob@home.example", "owner@acme.example*", "owner@globex.example"]
        );
        let mut mine = tenants_of(&main).await;
        mine.sort();
        let role = |slug: &str, role: &str| (slug.to_owned(), role.to_owned());
        assert_eq!(
            mine,
            [role("acme", "owner"), role("globex", "owner"), role("initech", "admin")]
        );
        globex.caller.get("/me").await.refused(401, "not_authenticated");
        let signed_in = sign_in(node, "owner@globex.example").await.expect(200);
        assert_eq!(signed_in["user"]["email"], "owner@acme.example");
        // One seat is free, and what the other membership made goes on.
        assert_eq!(initech.quota("users").await["used"], json!(seats - 1));
        key.get("/tenants/current").await.expect(200);
        side.get("/me").await.expect(200);
        // No tenant is told of another, nor which accounts there were.
        let log = initech
            .caller
            .get(&initech.path("/audit-logs?limit=200"))
            .await
            .expect(200);
        assert!(!log.to_string().contains("globex"), "{log}");
        let actions = |log: &Value| -> Vec<String> {
            let rows = log["data"].as_array().unwrap().iter();
            rows.map(|row| row["action"].as_str().unwrap().to_owned()).collect()
        };
        assert!(actions(&log).contains(&"membership.absorbed".to_owned()));
        assert!(actions(&log).contains(&"membership.role_changed".to_owned()));
        let switched = main.post("/me/tenants/globex/switch", &json!({})).await.expect(200);
        let in_globex = node.bearer(switched["access_token"].as_str().unwrap());
        let log = in_globex.get("/tenants/current/audit-logs").await.expect(200);
        assert!(actions(&log).contains(&"membership.account_merged".to_owned()));
        let members = in_globex.get("/tenants/current/users").await.expect(200);
        assert_eq!(members["data"][0]["email"], "owner@globex.example");
        assert_eq!(acme.membership.len(), 36);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_proves_an_account_to_whoever_asked_for_it_alone() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (founder(node, "acme").await, founder(node, "globex").await);
        let eve = founder(node, "evil").await;
        let ask = json!({"email": "owner@globex.example"});
        let unknown = json!({"email": "nobody@globex.example"});
        assert_eq!(acme.caller.post("/me/merge/start", &unknown).await.status, 202);
        assert_eq!(acme.caller.post("/me/merge/start", &ask).await.status, 202);
        let proof = json!({"token": node.token_sent_to("owner@globex.example").await});

        eve.caller.post("/me/merge", &proof).await.refused(401, "token_invalid");
        globex
            .caller
            .post("/me/merge", &proof)
            .await
            .refused(401, "token_invalid");
        let both = json!({"token": "merge_x_y", "password": "x"});
        assert_eq!(acme.caller.post("/me/merge", &both).await.fields(), ["password"]);
        assert_eq!(
            acme.caller.post("/me/merge", &json!({})).await.fields(),
            ["email", "password"]
        );
        acme.caller.post("/me/merge", &proof).await.expect(204);

        assert_eq!(tenants_of(&acme.caller).await.len(), 2);
        acme.caller
            .post("/me/merge", &proof)
            .await
            .refused(401, "token_invalid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_is_not_passed_by_taking_the_account_in() {
    if !has_python() {
        return;
    }
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (founder(node, "acme").await, founder(node, "globex").await);
        App::enrol(node, &globex.caller).await;

        let proof = json!({"email": globex.email, "password": PASSWORD});
        let refused = acme.caller.post("/me/merge", &proof).await;

        refused.refused(409, "account_not_mergeable");
        globex.caller.delete("/me/mfa/totp").await.expect(204);
        acme.caller.post("/me/merge", &proof).await.expect(204);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_account_is_taken_in_by_nobody() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let acme = founder(node, "acme").await;
        node.platform_person("root@platform.example", PlatformRole::Operator)
            .await;

        let proof = json!({"email": "root@platform.example", "password": PASSWORD});
        acme.caller
            .post("/me/merge", &proof)
            .await
            .refused(409, "account_not_mergeable");
    })
    .await;
}
