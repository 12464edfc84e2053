//! Tenants that ask for their consent.

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;

use super::ends::{over_within_a_second, two_nodes};
use super::{asked, log, operator, visit};
use crate::harness::{NOWHERE, Owner, Setup, on_each_database};

const CONSENTS: &str = "/tenants/current/support-access";

async fn ask_for_consent(owner: &Owner) -> Value {
    let mut policy = owner.caller.get("/tenants/current/security-policy").await.expect(200);
    policy["support_access"] = json!("with_consent");
    let changed = owner.caller.put("/tenants/current/security-policy", &policy).await;
    changed.expect(200);
    policy
}

fn path_of(consent: &Value) -> String {
    format!("{CONSENTS}/{}", consent["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_policy_asks_for_it_nobody_comes_in_without_consent() {
    let Some((_database, here, there)) = two_nodes().await else {
        return;
    };
    let owner = here.sign_up("acme", "enterprise").await;
    let operator = operator(&here).await;
    let elsewhere = operator.at(&there.anybody());
    elsewhere.get(&owner.path("")).await.expect(200);
    ask_for_consent(&owner).await;

    let body = asked(&owner, &owner.membership, true);
    let refused = operator.post("/admin/impersonate", &body).await;
    refused.refused(403, "support_access_not_agreed");
    over_within_a_second("the policy", &elsewhere.with("x-tenant-id", "acme"), 403).await;
    let refused = elsewhere.get(&owner.path("")).await;
    refused.refused(403, "support_access_not_agreed");
    // What is the installation's to do from outside needs none.
    let tenant = format!("/admin/tenants/{}", owner.tenant);
    let closed = json!({"reason": "unpaid"});
    operator.post(&format!("{tenant}/suspend"), &closed).await.expect(200);
    operator
        .post(&format!("{tenant}/reactivate"), &json!({}))
        .await
        .expect(200);

    let consent = owner.caller.post(CONSENTS, &json!({"hours": 2})).await.expect(201);
    assert_eq!(
        (&consent["active"], &consent["given_by"]),
        (&json!(true), &json!(owner.membership))
    );
    let (_, support) = visit(&here, &operator, &body).await;
    let support = support.at(&there.anybody());
    support.get("/tenants/current").await.expect(200);
    operator.get(&owner.path("")).await.expect(200);
    assert_eq!(owner.caller.delete(&path_of(&consent)).await.status, 204);
    over_within_a_second("the end of a consent", &support, 401).await;
    let refused = operator.get(&owner.path("")).await;
    refused.refused(403, "support_access_not_agreed");
    owner.caller.delete(&path_of(&consent)).await.refused(404, "not_found");
    // The visit ended with it: what is agreed to later is no consent to what was before.
    assert_eq!(log(&owner, "support_access.ended").await.len(), 1);
    owner.caller.post(CONSENTS, &json!({"hours": 1})).await.expect(201);
    support.get("/tenants/current").await.refused(401, "not_authenticated");
    // And a consent ends by itself.
    operator.get(&owner.path("")).await.expect(200);
    here.clock.advance(time::Duration::hours(1));
    let again = here.log_in("root@platform.example").await;
    again
        .get(&owner.path(""))
        .await
        .refused(403, "support_access_not_agreed");
    here.stop().await;
    there.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_and_admins_agree_and_the_installations_people_never_for_them() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let operator = operator(node).await;
        let helper = node
            .platform_person("help@platform.example", PlatformRole::Support)
            .await;
        let (id, admin) = node.member(&owner, "admin@acme.example", "admin").await;
        let (_, manager) = node.member(&owner, "manager@acme.example", "manager").await;
        let policy = ask_for_consent(&owner).await;

        let hours = json!({"hours": 24});
        for refused in [manager.post(CONSENTS, &hours).await, manager.get(CONSENTS).await] {
            refused.refused(403, "permission_denied");
        }
        for wrong in [0, 337] {
            let refused = owner.caller.post(CONSENTS, &json!({"hours": wrong})).await;
            assert_eq!(refused.fields(), ["hours"]);
        }
        assert_eq!(owner.caller.post(CONSENTS, &json!({})).await.fields(), ["hours"]);
        let key = node.bearer(&owner.key(&["*"]).await);
        key.post(CONSENTS, &hours).await.refused(403, "permission_denied");
        let consent = admin.post(CONSENTS, &hours).await.expect(201);
        assert_eq!(consent["given_by"], id.as_str());
        helper.get(&owner.path("")).await.expect(200);

        // Inside, nobody of the installation agrees in the tenant's name, nor asks for nothing from now on.
        let refused = operator.post(&owner.path("/support-access"), &hours).await;
        refused.refused(403, "permission_denied");
        let mut open = policy.clone();
        open["support_access"] = json!("allowed");
        let refused = operator.put(&owner.path("/security-policy"), &open).await;
        refused.refused(403, "permission_denied");
        owner
            .caller
            .put("/tenants/current/security-policy", &open)
            .await
            .expect(200);
        operator.put(&owner.path("/security-policy"), &policy).await.expect(200);

        let seen = owner.caller.get(CONSENTS).await.expect(200);
        assert_eq!(seen["consents"], json!([consent]));
        assert_eq!(log(&owner, "support_access.agreed").await.len(), 1);
        let nowhere = format!("{CONSENTS}/{NOWHERE}");
        owner.caller.delete(&nowhere).await.refused(404, "not_found");
        assert_eq!(owner.caller.delete(&path_of(&consent)).await.status, 204);
        assert_eq!(log(&owner, "support_access.withdrawn").await.len(), 1);
        helper
            .get(&owner.path(""))
            .await
            .refused(403, "support_access_not_agreed");
    })
    .await;
}
