//! Members: how they came, the end of a wait, and owners who all want to leave.

use serde_json::{Value, json};
use time::Duration;

use crate::harness::{Caller, Node, PASSWORD, Setup, on_each_database};

async fn rows(caller: &Caller, query: &str) -> Vec<String> {
    let page = caller.get(&format!("/tenants/current/users{query}")).await.expect(200);
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["email"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_members_tells_how_they_came() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        node.member(&owner, "ina@acme.example", "member").await;
        let added = json!({"email": "abe@acme.example", "role": "viewer", "send_invite": false});
        let added = owner.caller.post("/tenants/current/users", &added).await.expect(201);

        assert_eq!(added["source"], "api");
        assert_eq!(rows(&owner.caller, "?source=sign_up").await, ["owner@acme.example"]);
        assert_eq!(rows(&owner.caller, "?source=invite").await, ["ina@acme.example"]);
        assert_eq!(
            rows(&owner.caller, "?source=api&status=active").await,
            ["abe@acme.example"]
        );
        assert_eq!(rows(&owner.caller, "?source=scim").await, Vec::<String>::new());
        let wrong = owner
            .caller
            .get("/tenants/current/users?source=birth&status=gone")
            .await;
        assert_eq!(wrong.fields(), ["status", "source"]);
    })
    .await;
}

async fn guess(node: &Node, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password});
    node.anybody().post("/auth/login", &body).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_manages_members_ends_their_wait_and_learns_nothing_by_it() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (id, viewer) = node.member(&owner, "ina@acme.example", "viewer").await;
        let (calm, _) = node.member(&owner, "cal@acme.example", "viewer").await;
        for _ in 0..6 {
            assert_eq!(guess(node, "ina@acme.example", "wrong horse battery").await, 401);
        }
        assert_eq!(guess(node, "ina@acme.example", PASSWORD).await, 401);
        let unlock = async |caller: &Caller, id: &str| {
            caller
                .post(&format!("/tenants/current/users/{id}/unlock"), &json!({}))
                .await
        };

        unlock(&viewer, &id).await.refused(403, "permission_denied");
        let locked = unlock(&owner.caller, &id).await.expect(200);
        let free = unlock(&owner.caller, &calm).await.expect(200);

        assert_eq!(guess(node, "ina@acme.example", PASSWORD).await, 200);
        let keys = |member: &Value| member.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!((keys(&locked), &locked["version"]), (keys(&free), &free["version"]));
        unlock(&owner.caller, &id).await.refused(409, "unlocked_recently");
        node.clock.advance(Duration::HOUR);
        // The hour has ended the owner's token.
        let owner = node.log_in("owner@acme.example").await;
        unlock(&owner, &id).await.expect(200);
        let log = owner
            .get("/tenants/current/audit-logs?action=membership.unlocked")
            .await
            .expect(200);
        assert_eq!(log["data"].as_array().unwrap().len(), 3);
        assert!(log["data"][0]["changes"].as_array().is_some_and(Vec::is_empty), "{log}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_joined_is_not_unlocked() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let invited = json!({"email": "ina@acme.example", "role": "member"});
        let invited = owner
            .caller
            .post("/tenants/current/invitations", &invited)
            .await
            .expect(201);

        let path = format!("/tenants/current/users/{}/unlock", invited["id"].as_str().unwrap());
        owner
            .caller
            .post(&path, &json!({}))
            .await
            .refused(409, "member_not_active");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_owners_who_leave_at_once_one_stays() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let first = node.sign_up("acme", "enterprise").await;
        let mut owners = vec![(first.membership.clone(), first.caller.clone())];
        for number in 1..6 {
            owners.push(node.member(&first, &format!("o{number}@acme.example"), "owner").await);
        }

        // Each leaves in a way of its own, three times over, all at the same moment.
        let ways = owners.iter().enumerate().flat_map(|(number, (id, caller))| {
            (0..3).map(move |_| async move {
                let path = format!("/tenants/current/users/{id}");
                let reply = match number % 3 {
                    0 => caller.delete(&path).await,
                    1 => caller.put(&format!("{path}/role"), &json!({"role": "admin"})).await,
                    _ => caller.post(&format!("{path}/deactivate"), &json!({})).await,
                };
                (reply.status, reply.json()["code"].clone())
            })
        });
        let told = futures_util::future::join_all(ways).await;

        let left = told.iter().filter(|(status, _)| *status < 300).count();
        assert!(left >= 5, "{told:?}");
        assert!(told.iter().all(|(status, _)| *status < 500), "{told:?}");
        assert!(told.iter().any(|(_, code)| code == "last_owner"), "{told:?}");
        let operator = node
            .platform_person("root@platform.example", tenantry_identity::user::PlatformRole::Operator)
            .await;
        let stayed = operator
            .get(&format!("/tenants/{}/users?role=owner&status=active", first.tenant))
            .await
            .expect(200);
        assert_eq!(stayed["data"].as_array().unwrap().len(), 1, "{told:?}");
    })
    .await;
}
