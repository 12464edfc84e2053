//! Which tenant a request is about: six ways to say so, and what happens when they disagree.

#[path = "tenants/name_server.rs"]
mod name_server;

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;

use crate::harness::{Caller, Setup, on_each_database};
use name_server::NameServer;

/// The id of the tenant that the request is about.
async fn named(caller: &Caller, path: &str) -> String {
    caller.get(path).await.expect(200)["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_ways_name_a_tenant() {
    let names = NameServer::start().await;
    let setup = Setup::catalog("default").with("dns_servers", &names.address());
    on_each_database(&setup, async |node| {
        let acme = node.sign_up("acme", "pro").await;
        let key = node.bearer(&acme.key(&["*"]).await);
        let id = acme.tenant.as_str();

        // A custom domain names nobody before its owner has shown that it is theirs.
        let host = format!("app-{}.acme.example", id.get(..8).unwrap());
        let claimed = json!({"domain": host});
        let claimed = acme.caller.post("/tenants/current/domains", &claimed).await.expect(201);
        let verify = format!("/tenants/current/domains/{}/verify", claimed["id"].as_str().unwrap());
        acme.caller
            .post(&verify, &json!({}))
            .await
            .refused(409, "domain_not_verified");
        let by_domain = acme.caller.with("host", &host);
        by_domain.get("/tenants/current").await.refused(404, "not_found");
        let record = |field: &str| claimed["verification"][field].as_str().unwrap().to_owned();
        names.publish(&record("name"), &record("value"));
        let verified = acme.caller.post(&verify, &json!({})).await.expect(200);
        assert_eq!(verified["verified"], true);

        let ways = [
            ("the token", acme.caller.clone(), "/tenants/current"),
            ("the key", key.clone(), "/tenants/current"),
            ("the path, by slug", acme.caller.clone(), "/tenants/acme"),
            (
                "the header, by slug",
                acme.caller.with("x-tenant-id", "acme"),
                "/tenants/current",
            ),
            (
                "the header, by id",
                acme.caller.with("x-tenant-id", id),
                "/tenants/current",
            ),
            (
                "the subdomain",
                acme.caller.with("host", "ACME.localhost:8080"),
                "/tenants/current",
            ),
            ("the custom domain", acme.caller.with("host", &host), "/tenants/current"),
            ("the custom domain, for a key", key.with("host", &host), "/tenants/me"),
            (
                "all at once",
                key.with("host", &host).with("x-tenant-id", id),
                "/tenants/acme",
            ),
            (
                "an address of the machine",
                acme.caller.with("host", "127.0.0.1"),
                "/tenants/current",
            ),
            (
                "the base domain",
                acme.caller.with("host", "localhost"),
                "/tenants/current",
            ),
        ];
        for (way, caller, path) in ways {
            assert_eq!(named(&caller, path).await, id, "{way}");
        }
        let card = node
            .anybody()
            .get(&format!("/tenants/by-domain/{host}"))
            .await
            .expect(200);
        assert_eq!(card["slug"], "acme");

        // A host that is verified is one tenant's.
        let globex = node.sign_up("globex", "pro").await;
        let taken = json!({"domain": host.to_uppercase()});
        let again = globex.caller.post("/tenants/current/domains", &taken).await;
        if again.status == 201 {
            let id = again.json()["id"].as_str().unwrap().to_owned();
            let verify = format!("/tenants/current/domains/{id}/verify");
            let refused = globex.caller.post(&verify, &json!({})).await;
            assert_eq!(refused.status, 409, "{}", refused.text);
        } else {
            again.refused(409, "domain_taken");
        }
        globex
            .caller
            .with("host", &host)
            .get("/tenants/current")
            .await
            .refused(404, "not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_disagrees_with_the_credential_is_refused() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let acme = node.sign_up("acme", "pro").await;
        let globex = node.sign_up("globex", "pro").await;
        // One person in both tenants, signed in to the first.
        let (_, both) = node.member(&acme, "both@people.example", "admin").await;
        let invited = json!({"email": "both@people.example", "role": "viewer"});
        let invited = globex
            .caller
            .post("/tenants/current/invitations", &invited)
            .await
            .expect(201);
        let accepted = json!({"token": node.token_sent_to("both@people.example").await});
        node.anybody().post("/invitations/accept", &accepted).await.expect(200);
        assert_eq!(named(&both, "/tenants/current").await, acme.tenant);

        for caller in [
            both.with("x-tenant-id", "globex"),
            both.with("host", "globex.localhost"),
        ] {
            caller.get("/tenants/current").await.refused(400, "tenant_mismatch");
        }
        both.get("/tenants/globex").await.refused(400, "tenant_mismatch");
        both.with("x-tenant-id", "globex")
            .get("/tenants/acme")
            .await
            .refused(400, "tenant_mismatch");
        // To everybody else the other tenant is not there.
        acme.caller.get("/tenants/globex").await.refused(404, "not_found");
        let key = node.bearer(&acme.key(&["*"]).await);
        key.get("/tenants/globex").await.refused(404, "not_found");
        key.with("host", "globex.localhost")
            .get("/tenants/acme")
            .await
            .refused(404, "not_found");

        // Switching is the way, and the rights are those of the other role.
        let tenants = both.get("/me/tenants").await.expect(200);
        assert_eq!(tenants["data"].as_array().unwrap().len(), 2);
        let switched = both.post("/me/tenants/globex/switch", &json!({})).await.expect(200);
        let there = node.bearer(switched["access_token"].as_str().unwrap());
        assert_eq!(named(&there, "/tenants/current").await, globex.tenant);
        there
            .get("/tenants/current/audit-logs")
            .await
            .refused(403, "permission_denied");
        both.post("/me/tenants/initech/switch", &json!({}))
            .await
            .refused(404, "not_found");

        // Neither tenant learns of the other: the ids of the memberships differ, and nothing else is told.
        let listed = acme.caller.get("/tenants/current/users").await.text;
        assert!(
            !listed.contains(invited["id"].as_str().unwrap()) && !listed.contains("globex"),
            "{listed}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_suspend_and_look_and_are_seen_doing_so() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let acme = node.sign_up("acme", "pro").await;
        let key = node.bearer(&acme.key(&["*"]).await);
        key.get("/tenants/current").await.expect(200);
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let support = node
            .platform_person("help@platform.example", PlatformRole::Support)
            .await;
        let path = format!("/admin/tenants/{}/suspend", acme.tenant);

        support
            .post(&path, &json!({"reason": "unpaid"}))
            .await
            .refused(403, "permission_denied");
        operator.post(&path, &json!({"reason": "unpaid"})).await.expect(200);
        operator
            .post(&path, &json!({"reason": "unpaid"}))
            .await
            .refused(409, "tenant_already_suspended");

        for caller in [&acme.caller, &key] {
            let refused = caller.get("/tenants/current").await.refused(423, "tenant_suspended");
            assert_eq!(refused["reason"], "unpaid");
        }
        let shown = support.get(&format!("/tenants/{}", acme.tenant)).await.expect(200);
        assert_eq!(shown["status"], "suspended");
        support
            .patch(&format!("/tenants/{}", acme.tenant), &json!({"name": "x"}))
            .await
            .refused(403, "permission_denied");
        operator
            .post(&path.replace("suspend", "reactivate"), &json!({}))
            .await
            .expect(200);
        acme.caller.get("/tenants/current").await.expect(200);
        key.get("/tenants/current").await.expect(200);

        let log = acme
            .caller
            .get("/tenants/current/audit-logs?limit=200")
            .await
            .expect(200);
        let told: Vec<(&str, &str)> = log["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                (
                    entry["action"].as_str().unwrap(),
                    entry["actor"]["type"].as_str().unwrap(),
                )
            })
            .collect();
        for action in ["tenant.suspended", "tenant.entered", "tenant.reactivated"] {
            assert!(told.contains(&(action, "operator")), "{told:?}");
        }
        // The log can be asked for one thing, one actor, one time.
        let only = acme
            .caller
            .get("/tenants/current/audit-logs?action=tenant.suspended&actor=operator")
            .await;
        let only = only.expect(200)["data"].as_array().unwrap().clone();
        assert_eq!(only.len(), 1);
        assert_eq!(only[0]["action"], "tenant.suspended");
        let none = acme
            .caller
            .get("/tenants/current/audit-logs?from=2030-01-01T00:00:00Z")
            .await
            .expect(200);
        assert_eq!(none["data"], Value::Array(Vec::new()));
    })
    .await;
}
