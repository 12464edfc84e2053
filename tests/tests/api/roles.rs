//! A tenant's own roles and what follows from them: for people, and for their keys.

#[path = "roles/at_once.rs"]
mod at_once;
#[path = "roles/further.rs"]
mod further;

use serde_json::{Value, json};

use crate::harness::{Owner, PASSWORD, Setup, on_each_database};

const ROLES: &str = "/tenants/current/roles";

async fn define(owner: &Owner, name: &str, permissions: &[&str]) -> Value {
    let body = json!({"name": name, "permissions": permissions});
    owner.caller.post(ROLES, &body).await.expect(201)
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_defines_roles_beside_the_installations() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let body = json!({"name": "Billing clerk", "description": "Sees invoices", "permissions": ["invoices.*", "MEMBERS.READ"]});

        let made = owner.caller.post(ROLES, &body).await.expect(201);

        assert_eq!((&made["code"], &made["system"]), (&json!("billing_clerk"), &json!(false)));
        assert_eq!(texts(&made["permissions"]), ["invoices.*", "members.read"]);
        assert_eq!(texts(&made["effective_permissions"]), ["invoices.read", "members.read"]);
        let path = format!("{ROLES}/{}", id(&made));
        let shown = owner.caller.get(&path).await;
        let tag = shown.header("etag").to_owned();
        assert_eq!(shown.expect(200), made);
        let all = owner.caller.get(ROLES).await.expect(200);
        let codes: Vec<_> = all["data"].as_array().unwrap().iter().map(|role| role["code"].clone()).collect();
        assert_eq!(codes, ["owner", "admin", "manager", "member", "viewer", "billing_clerk"]);
        let admin = owner.caller.get(&format!("{ROLES}/admin")).await.expect(200);
        assert_eq!((&admin["id"], &admin["system"], &admin["base"]), (&json!("admin"), &json!(true), &json!("admin")));

        let rewritten = json!({"name": "Clerk", "permissions": ["*"]});
        let stale = owner.caller.with("if-match", "\"0000000000000000-9\"");
        stale.put(&path, &rewritten).await.refused(412, "precondition_failed");
        let now = owner.caller.with("if-match", &tag).put(&path, &rewritten).await.expect(200);
        assert_eq!((&now["code"], &now["name"], &now["description"]), (&json!("billing_clerk"), &json!("Clerk"), &Value::Null));
        let star = texts(&now["effective_permissions"]);
        assert!(star.contains(&"members.manage") && !star.contains(&"billing.read") && !star.contains(&"tenant.delete"));
        owner.caller.with("if-match", &tag).put(&path, &rewritten).await.refused(412, "precondition_failed");

        owner.caller.delete(&path).await.expect(204);
        owner.caller.get(&path).await.refused(404, "not_found");
        let log = owner.caller.get("/tenants/current/audit-logs?resource=role").await.expect(200);
        let actions: Vec<_> = log["data"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
        assert_eq!(actions, ["role.deleted", "role.updated", "role.created"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_installations_roles_are_changed_by_nobody() {
    on_each_database(&Setup::catalog("apex"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let listed = owner.caller.get(ROLES).await.expect(200);
        let codes: Vec<String> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|role| role["code"].as_str().unwrap().to_owned())
            .collect();
        assert!(!codes.is_empty());

        for code in &codes {
            let path = format!("{ROLES}/{code}");
            let body = json!({"name": "Mine", "permissions": []});
            owner.caller.put(&path, &body).await.refused(409, "system_role");
            owner.caller.delete(&path).await.refused(409, "system_role");
            owner
                .caller
                .post(&format!("{path}/preview"), &body)
                .await
                .refused(409, "system_role");
            let same = json!({"name": code.to_uppercase(), "permissions": []});
            owner.caller.post(ROLES, &same).await.refused(409, "role_name_taken");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_role_is_told_field_by_field() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        define(&owner, "Clerk", &[]).await;

        let wrong = json!({"name": " ", "code": "Not A Code", "description": "", "permissions": ["x"]});
        assert_eq!(
            owner.caller.post(ROLES, &wrong).await.fields(),
            ["name", "description", "code"]
        );
        let wrong = json!({"name": "営業", "permissions": ["tenant.read", "no.such", "ownership.transfer"]});
        assert_eq!(
            owner.caller.post(ROLES, &wrong).await.fields(),
            ["code", "permissions[1]", "permissions[2]"]
        );
        let wrong = json!({"name": "x", "permissions": [], "system": true});
        assert_eq!(owner.caller.post(ROLES, &wrong).await.fields(), ["system"]);
        for taken in [
            json!({"name": "cLeRk", "permissions": []}),
            json!({"name": "New", "code": "clerk", "permissions": []}),
        ] {
            owner.caller.post(ROLES, &taken).await.refused(409, "role_name_taken");
        }
        let named = json!({"name": "営業", "code": "sales", "permissions": []});
        let sales = owner.caller.post(ROLES, &named).await.expect(201);
        assert_eq!((&sales["code"], &sales["name"]), (&json!("sales"), &json!("営業")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_through_a_role_what_they_lack() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (_, admin) = node.member(&owner, "admin@acme.example", "admin").await;
        let (viewer, _) = node.member(&owner, "viewer@acme.example", "viewer").await;
        let treasurer = define(&owner, "Treasurer", &["billing.*"]).await;
        let path = format!("{ROLES}/{}", id(&treasurer));
        let viewer = format!("/tenants/current/users/{viewer}");

        let beyond = json!({"name": "Thief", "permissions": ["billing.manage"]});
        admin.post(ROLES, &beyond).await.refused(403, "permission_denied");
        admin
            .put(&path, &json!({"name": "Treasurer", "permissions": []}))
            .await
            .refused(403, "permission_denied");
        admin.delete(&path).await.refused(403, "permission_denied");
        let carried = json!({"role": "treasurer"});
        admin
            .put(&format!("{viewer}/role"), &carried)
            .await
            .refused(403, "permission_denied");
        admin
            .post(&format!("{viewer}/roles"), &carried)
            .await
            .refused(403, "permission_denied");
        let invited = json!({"email": "new@acme.example", "role": "treasurer"});
        admin
            .post("/tenants/current/invitations", &invited)
            .await
            .refused(403, "permission_denied");
        // A star is what they hold: admins may give it.
        let deputy = json!({"name": "Deputy", "permissions": ["*"]});
        admin.post(ROLES, &deputy).await.expect(201);

        owner.caller.put(&format!("{viewer}/role"), &carried).await.expect(200);
        // Whoever may more than they is out of their reach, by whichever role.
        admin.delete(&viewer).await.refused(403, "permission_denied");
        owner
            .caller
            .put(&format!("{viewer}/role"), &json!({"role": "viewer"}))
            .await
            .expect(200);
        let narrow = json!({"role": "treasurer", "resource": "team:sales"});
        owner.caller.post(&format!("{viewer}/roles"), &narrow).await.expect(201);
        admin
            .post(&format!("{viewer}/deactivate"), &json!({}))
            .await
            .refused(403, "permission_denied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_to_a_role_bites_people_and_their_keys_at_once() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let role = define(&owner, "Integrator", &["api_keys.*", "members.read", "domains.read"]).await;
        let path = format!("{ROLES}/{}", id(&role));
        let (member, person) = node.member(&owner, "ina@acme.example", "integrator").await;
        let made = json!({"name": "hers", "permissions": ["*"]});
        let key = person.post("/tenants/current/api-keys", &made).await.expect(201);
        let key = node.bearer(key["key"].as_str().unwrap());
        person.get("/tenants/current/domains").await.expect(200);
        key.get("/tenants/current/domains").await.expect(200);
        let both = [&person, &key];

        let narrower = json!({"name": "Integrator", "permissions": ["api_keys.*", "members.read"]});
        owner.caller.put(&path, &narrower).await.expect(200);
        for caller in both {
            caller
                .get("/tenants/current/domains")
                .await
                .refused(403, "permission_denied");
            caller.get("/tenants/current/users").await.expect(200);
        }
        let wider = json!({"name": "Integrator", "permissions": ["api_keys.*", "members.read", "domains.*"]});
        owner.caller.put(&path, &wider).await.expect(200);
        person.get("/tenants/current/domains").await.expect(200);
        person
            .post("/tenants/current/domains", &json!({"domain": "a.acme.org"}))
            .await
            .expect(201);
        // A key holds what it was given when it was made, as far as its maker still does.
        key.get("/tenants/current/domains").await.expect(200);
        key.post("/tenants/current/domains", &json!({"domain": "b.acme.org"}))
            .await
            .refused(403, "permission_denied");

        owner.caller.delete(&path).await.refused(409, "role_in_use");
        let replaced = format!("{path}?replace_with=Viewer");
        owner.caller.delete(&replaced).await.expect(204);
        let now = owner
            .caller
            .get(&format!("/tenants/current/users/{member}"))
            .await
            .expect(200);
        assert_eq!(now["role"], "viewer");
        for caller in both {
            caller
                .get("/tenants/current/domains")
                .await
                .refused(403, "permission_denied");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_somebody_is_invited_with_stays() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let role = define(&owner, "Guest", &["tenant.read", "members.read"]).await;
        let path = format!("{ROLES}/{}", id(&role));
        let invited = json!({"email": "gus@acme.example", "role": "GUEST"});
        let invited = owner
            .caller
            .post("/tenants/current/invitations", &invited)
            .await
            .expect(201);
        assert_eq!(invited["role"], "guest");
        let added = json!({"email": "ada@acme.example", "role": "guest", "send_invite": false});
        owner.caller.post("/tenants/current/users", &added).await.expect(201);

        let held = owner.caller.delete(&path).await.refused(409, "role_in_use");

        assert_eq!(held["holders"], 2);
        let found = owner.caller.get("/tenants/current/users?role=Guest").await.expect(200);
        assert_eq!(found["data"].as_array().unwrap().len(), 2);
        let accepted =
            json!({"token": node.token_sent_to("gus@acme.example").await, "name": "Gus", "password": PASSWORD});
        node.anybody().post("/invitations/accept", &accepted).await.expect(200);
        node.log_in("gus@acme.example")
            .await
            .get("/tenants/current/users")
            .await
            .expect(200);
        for (replacement, field) in [
            ("nobody", "replace_with"),
            ("guest", "replace_with"),
            ("owner", "replace_with"),
        ] {
            let refused = owner.caller.delete(&format!("{path}?replace_with={replacement}")).await;
            assert_eq!(refused.fields(), [field], "{replacement}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_counts_who_would_gain_and_lose_and_writes_nothing() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let role = define(&owner, "Clerk", &["invoices.read", "tenant.read"]).await;
        let path = format!("{ROLES}/{}", id(&role));
        for number in 0..14 {
            let body = json!({"email": format!("c{number}@acme.example"), "role": "clerk", "send_invite": false});
            owner.caller.post("/tenants/current/users", &body).await.expect(201);
        }
        let extra =
            json!({"email": "x@acme.example", "role": "clerk", "permissions": ["invoices.read"], "send_invite": false});
        owner.caller.post("/tenants/current/users", &extra).await.expect(201);
        let before = owner
            .caller
            .get("/tenants/current/audit-logs?limit=200")
            .await
            .expect(200);

        let preview = format!("{path}/preview");
        let body = json!({"name": "Clerk", "permissions": ["tenant.read", "domains.read"]});
        let seen = owner.caller.post(&preview, &body).await.expect(200);
        assert_eq!((&seen["holders"], &seen["affected"]), (&json!(15), &json!(15)));
        let told: Vec<_> = seen["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| change["summary"].clone())
            .collect();
        assert_eq!(told, ["15 members gain domains.read", "14 members lose invoices.read"]);
        assert_eq!(seen["changes"][1]["sample"].as_array().unwrap().len(), 14);

        let gone = json!({"delete": true, "replace_with": "viewer"});
        let gone = owner.caller.post(&preview, &gone).await.expect(200);
        let told: Vec<_> = gone["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| change["summary"].clone())
            .collect();
        assert!(
            told.contains(&json!("14 members lose invoices.read"))
                && told.contains(&json!("15 members gain members.read")),
            "{told:?}"
        );
        let nothing = owner.caller.post(&preview, &json!({"delete": true})).await.expect(200);
        assert_eq!(nothing["changes"].as_array().unwrap().len(), 2);
        assert_eq!(
            owner
                .caller
                .post(&preview, &json!({"delete": true, "name": "x"}))
                .await
                .fields(),
            ["name"]
        );
        assert_eq!(
            owner
                .caller
                .post(&preview, &json!({"replace_with": "x"}))
                .await
                .fields(),
            ["replace_with", "name", "permissions"]
        );
        assert_eq!(
            owner
                .caller
                .get("/tenants/current/audit-logs?limit=200")
                .await
                .expect(200),
            before
        );
        assert_eq!(owner.caller.get(&path).await.expect(200), role);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_permission_is_listed_with_its_area() {
    on_each_database(&Setup::catalog("pytake"), async |node| {
        let owner = node.sign_up("acme", "free").await;

        let all = owner.caller.get("/tenants/current/permissions").await.expect(200);

        let all = all["data"].as_array().unwrap();
        let find = |name: &str| all.iter().find(|row| row["permission"] == name).unwrap();
        assert!(all.iter().all(|row| !row["description"].as_str().unwrap().is_empty()));
        assert!(all.iter().any(|row| row["application"] == true));
        let read = find("invoices.read");
        assert_eq!(
            (
                &read["area"],
                &read["application"],
                &read["in_wildcard"],
                &read["grantable"]
            ),
            (&json!("invoices"), &json!(false), &json!(false), &json!(true))
        );
        assert_eq!(find("ownership.transfer")["grantable"], false);
    })
    .await;
}
