//! Many at once, and several nodes.

use serde_json::json;
use tenantry_test_support::{Engine, FreshDatabase};

use super::{ROLES, define, id};
use crate::harness::{Node, PASSWORD, Setup, on_each_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_a_hundred_roles_and_no_more_however_many_ask_at_once() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        for number in 0..97 {
            define(&owner, &format!("Role {number}"), &[]).await;
        }

        let asked = (0..12).map(|number| {
            let body = json!({"name": format!("Late {number}"), "permissions": []});
            let caller = owner.caller.clone();
            async move { caller.post(ROLES, &body).await }
        });
        let told = futures_util::future::join_all(asked).await;

        let made = told.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(
            made,
            3,
            "{:?}",
            told.iter().map(|reply| reply.status).collect::<Vec<_>>()
        );
        for reply in told.into_iter().filter(|reply| reply.status != 201) {
            reply.refused(409, "too_many_roles");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_at_one_node_bites_at_every_node_within_a_second() {
    let setup = Setup::catalog("default").with("master_key", &"0a".repeat(32));
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(database) = FreshDatabase::on(engine).await else {
            continue;
        };
        let (one, two) = (
            Node::start(&setup, &database).await,
            Node::start(&setup, &database).await,
        );
        let owner = one.sign_up("acme", "enterprise").await;
        let role = define(&owner, "Hosts", &["domains.*"]).await;
        let path = format!("{ROLES}/{}", id(&role));
        // Somebody with a password already: which of the two nodes sends a letter is open.
        let other = one.sign_up("globex", "free").await;
        let added = json!({"email": other.email, "role": "viewer", "send_invite": false});
        let member = owner.caller.post("/tenants/current/users", &added).await.expect(201);
        let member = id(&member);
        let person = json!({"email": other.email, "password": PASSWORD, "tenant": "acme"});
        let person = one.anybody().post("/auth/login", &person).await.expect(200);
        let person = one.bearer(person["access_token"].as_str().unwrap());
        let there = person.at(&two.anybody());
        let within_a_second = async |status: u16| {
            let since = std::time::Instant::now();
            while there.get("/tenants/current/domains").await.status != status {
                assert!(since.elapsed() < std::time::Duration::from_secs(1), "not yet {status}");
            }
        };
        within_a_second(403).await;

        let given = json!({"role": "hosts"});
        let roles = format!("/tenants/current/users/{member}/roles");
        owner.caller.post(&roles, &given).await.expect(201);
        within_a_second(200).await;
        let nothing = json!({"name": "Hosts", "permissions": []});
        owner.caller.put(&path, &nothing).await.expect(200);
        within_a_second(403).await;
        let again = json!({"name": "Hosts", "permissions": ["domains.read"]});
        owner.caller.put(&path, &again).await.expect(200);
        within_a_second(200).await;
        owner
            .caller
            .delete(&format!("{path}?replace_with=viewer"))
            .await
            .expect(204);
        within_a_second(403).await;
        one.stop().await;
        two.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_who_gives_a_role_and_who_removes_it_at_once_one_is_refused() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (member, _) = node.member(&owner, "ina@acme.example", "viewer").await;
        let carry = format!("/tenants/current/users/{member}/role");
        let further = format!("/tenants/current/users/{member}/roles");
        for round in 0..6 {
            let role = define(&owner, &format!("Brief {round}"), &["tenant.read"]).await;
            let path = format!("{ROLES}/{}", id(&role));
            let body = json!({ "role": role["code"] });

            let (given, removed) = if round % 2 == 0 {
                tokio::join!(owner.caller.put(&carry, &body), owner.caller.delete(&path))
            } else {
                tokio::join!(owner.caller.post(&further, &body), owner.caller.delete(&path))
            };

            if removed.status == 204 {
                assert_eq!(given.fields(), ["role"], "round {round}");
            } else {
                removed.refused(409, "role_in_use");
                assert!(
                    given.status == 200 || given.status == 201,
                    "round {round}: {}",
                    given.text
                );
            }
        }
    })
    .await;
}
