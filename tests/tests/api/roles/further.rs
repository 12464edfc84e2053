//! Further roles, for everything or for one thing, and why somebody may do something or not.

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;

use super::{ROLES, define, id, texts};
use crate::harness::{Caller, Reply, Setup, on_each_database};

/// The kinds of the reasons of an answer.
fn kinds(value: &Value) -> Vec<&str> {
    let reasons = value["reasons"].as_array().unwrap().iter();
    reasons.map(|reason| reason["kind"].as_str().unwrap()).collect()
}

async fn access(caller: &Caller, member: &str, query: &str) -> Reply {
    caller
        .get(&format!("/tenants/current/users/{member}/access{query}"))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn further_roles_add_up_and_narrow_ones_hold_for_their_thing_alone() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        define(&owner, "Hosts", &["domains.*"]).await;
        let (member, person) = node.member(&owner, "ina@acme.example", "viewer").await;
        let roles = format!("/tenants/current/users/{member}/roles");
        let domains = "/tenants/current/domains";
        person.get(domains).await.refused(403, "permission_denied");

        let narrow = json!({"role": "hosts", "resource": "team:sales"});
        let narrow = owner.caller.post(&roles, &narrow).await.expect(201);
        person.get(domains).await.refused(403, "permission_denied");
        let asked = "?permission=domains.read&resource=team:";
        let there = access(&owner.caller, &member, &format!("{asked}sales"))
            .await
            .expect(200);
        assert_eq!((&there["allowed"], kinds(&there)), (&json!(true), vec!["assignment"]));
        assert_eq!(there["reasons"][0]["through"], "domains.*");
        for query in [format!("{asked}support"), "?permission=domains.read".to_owned()] {
            let elsewhere = access(&owner.caller, &member, &query).await.expect(200);
            assert_eq!(elsewhere["allowed"], false);
            assert_eq!(kinds(&elsewhere), ["narrowed_elsewhere", "not_granted"]);
            assert_eq!(elsewhere["reasons"][0]["resource"], "team:sales");
            assert_eq!(
                texts(&elsewhere["reasons"][1]["would"]),
                ["owner", "admin", "manager", "hosts"]
            );
        }

        let wide = owner.caller.post(&roles, &json!({"role": "hosts"})).await.expect(201);
        assert_eq!(wide["resource"], Value::Null);
        person.get(domains).await.expect(200);
        owner
            .caller
            .post(&roles, &json!({"role": "Hosts"}))
            .await
            .refused(409, "role_already_assigned");
        let listed = owner.caller.get(&roles).await.expect(200);
        assert_eq!(listed["data"], json!([narrow, wide]));
        let all = access(&owner.caller, &member, "").await.expect(200);
        let held = |name: &str| {
            all["permissions"]
                .as_array()
                .unwrap()
                .iter()
                .find(|held| held["permission"] == name)
                .cloned()
        };
        assert_eq!(held("domains.manage").unwrap()["sources"].as_array().unwrap().len(), 2);
        assert_eq!(held("domains.manage").unwrap()["narrowed"], false);
        assert!(held("billing.read").is_none() && held("usage.read").is_some());

        owner.caller.delete(&format!("{roles}/{}", id(&wide))).await.expect(204);
        owner
            .caller
            .delete(&format!("{roles}/{}", id(&wide)))
            .await
            .refused(404, "not_found");
        person.get(domains).await.refused(403, "permission_denied");
        for wrong in [json!({"role": "owner"}), json!({"role": "emperor"})] {
            assert_eq!(owner.caller.post(&roles, &wrong).await.fields(), ["role"]);
        }
        for bad in ["sales", "Team:sales", "team:", "team:a b"] {
            let body = json!({"role": "hosts", "resource": bad});
            assert_eq!(owner.caller.post(&roles, &body).await.fields(), ["resource"], "{bad}");
        }
        assert_eq!(
            access(&owner.caller, &member, "?resource=team:sales").await.fields(),
            ["permission"]
        );
        assert_eq!(
            access(&owner.caller, &member, "?permission=no.such").await.fields(),
            ["permission"]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn further_roles_go_with_the_member_and_those_of_other_tenants_stay() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let (acme, globex) = (
            node.sign_up("acme", "enterprise").await,
            node.sign_up("globex", "enterprise").await,
        );
        let mut members = Vec::new();
        for owner in [&acme, &globex] {
            define(owner, "Hosts", &["domains.*"]).await;
            let (member, _) = node
                .member(owner, &format!("m@{}.example", owner.tenant), "viewer")
                .await;
            let roles = format!("/tenants/current/users/{member}/roles");
            let given = owner.caller.post(&roles, &json!({"role": "hosts"})).await.expect(201);
            members.push((member, roles, id(&given)));
        }

        // Another tenant's member, role and further role are as none.
        acme.caller.get(&members[1].1).await.refused(404, "not_found");
        acme.caller
            .delete(&format!("{}/{}", members[0].1, members[1].2))
            .await
            .refused(404, "not_found");
        acme.caller
            .delete(&format!("/tenants/current/users/{}", members[0].0))
            .await
            .expect(204);

        let theirs = globex.caller.get(&members[1].1).await.expect(200);
        assert_eq!(theirs["data"].as_array().unwrap().len(), 1);
        acme.caller.get(&members[0].1).await.refused(404, "not_found");
        let role = acme.caller.get(ROLES).await.expect(200)["data"][5].clone();
        acme.caller.delete(&format!("{ROLES}/{}", id(&role))).await.expect(204);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_not_is_answered_also_for_who_is_shut_out() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let (member, person) = node.member(&owner, "ina@acme.example", "member").await;
        let extra = json!({"role": "member", "permissions": ["audit.read"]});
        owner
            .caller
            .put(&format!("/tenants/current/users/{member}/role"), &extra)
            .await
            .expect(200);

        let own = access(&person, &member, "?permission=Audit.Read").await.expect(200);
        assert_eq!((&own["allowed"], kinds(&own)), (&json!(true), vec!["extra_permission"]));
        owner
            .caller
            .post(&format!("/tenants/current/users/{member}/deactivate"), &json!({}))
            .await
            .expect(200);
        let out = access(&owner.caller, &member, "?permission=members.read")
            .await
            .expect(200);
        assert_eq!(
            (&out["allowed"], kinds(&out)),
            (&json!(false), vec!["role", "not_active"])
        );
        assert_eq!(out["reasons"][1]["status"], "deactivated");
        let suspend = json!({"reason": "unpaid"});
        operator
            .post(&format!("/admin/tenants/{}/suspend", owner.tenant), &suspend)
            .await
            .expect(200);
        let closed = operator
            .get(&format!(
                "/tenants/{}/users/{}/access?permission=tenant.read",
                owner.tenant, owner.membership
            ))
            .await
            .expect(200);
        assert_eq!(
            (&closed["allowed"], kinds(&closed)),
            (&json!(false), vec!["role", "tenant_suspended"])
        );
    })
    .await;
}
