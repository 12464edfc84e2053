//! What a tenant asks of those who enter it.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;
use time::Duration;

use crate::harness::{Caller, Node, PASSWORD, Setup, on_each_database};

const POLICY: &str = "/tenants/current/security-policy";

async fn ask(caller: &Caller, policy: Value) {
    caller.put(POLICY, &policy).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_is_written_whole_by_version_and_the_log_tells_what_changed() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let first = owner.caller.get(POLICY).await;
        let tag = first.header("etag").to_owned();
        let first = first.expect(200);
        assert_eq!(
            (&first["mfa_required"], &first["who_may_invite"]),
            (&json!(false), &json!("managers"))
        );

        let stricter = json!({"session": {"idle_minutes": 30}, "allowed_email_domains": ["@ACME.example"]});
        let seen = owner.caller.clone().with("if-match", &tag);
        let written = seen.put(POLICY, &stricter).await.expect(200);
        seen.put(POLICY, &json!({})).await.refused(412, "precondition_failed");

        assert_eq!(written["session"]["idle_minutes"], 30);
        assert_eq!(written["allowed_email_domains"], json!(["acme.example"]));
        assert_eq!(owner.caller.get(POLICY).await.expect(200), written);
        let log = "/tenants/current/audit-logs?action=security_policy.changed";
        let log = owner.caller.get(log).await.expect(200);
        assert_eq!(log["data"].as_array().unwrap().len(), 1);
        let fields: Vec<_> = log["data"][0]["changes"].as_array().unwrap().iter().collect();
        assert_eq!(fields.len(), 2, "{log}");
        assert_eq!((&fields[0]["before"], &fields[0]["after"]), (&json!(null), &json!(30)));
        let wrong = json!({"ip_allowlist": ["10.0.0.1/8"], "session": {"idle_minutes": 1}, "sign_in_methods": []});
        let wrong = owner.caller.put(POLICY, &wrong).await;
        assert_eq!(
            wrong.fields(),
            ["ip_allowlist[0]", "session.idle_minutes", "sign_in_methods"]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_addresses_holds_for_members_keys_and_log_ins_and_for_nobody_who_runs_the_place() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let key = node.bearer(&owner.key(&["*"]).await);
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let at = |caller: &Caller, address: &str| caller.clone().with("x-forwarded-for", address);
        let (home, away) = ("192.0.2.9", "198.51.100.9");
        let list = json!({"ip_allowlist": ["192.0.2.0/24", "2001:db8::/32"]});

        let refused = at(&owner.caller, away).put(POLICY, &list).await;
        refused.refused(422, "would_lock_you_out");
        ask(&at(&owner.caller, home), list).await;

        for caller in [&owner.caller, &key] {
            at(caller, home).get("/tenants/current").await.expect(200);
            at(caller, "2001:db8::9").get("/tenants/current").await.expect(200);
            let outside = at(caller, away).get("/tenants/current").await;
            outside.refused(403, "address_not_allowed");
        }
        let path = format!("/tenants/{}", owner.tenant);
        at(&operator, away).get(&path).await.expect(200);
        let log_in = json!({"email": owner.email, "password": PASSWORD});
        let outside = at(&node.anybody(), away).post("/auth/login", &log_in).await;
        outside.refused(403, "address_not_allowed");
        at(&node.anybody(), home).post("/auth/login", &log_in).await.expect(200);

        let list = json!({"ip_allowlist": ["203.0.113.0/24"]});
        at(&operator, away)
            .put(&format!("{path}/security-policy"), &list)
            .await
            .expect(200);
        let moved = at(&owner.caller, home).get("/tenants/current").await;
        moved.refused(403, "address_not_allowed");
    })
    .await;
}

/// Signs in and answers the refresh token.
async fn refresh_token(node: &Node, email: &str) -> Value {
    let body = json!({"email": email, "password": PASSWORD});
    node.anybody().post("/auth/login", &body).await.expect(200)["refresh_token"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_end_when_the_tenant_says_also_those_that_began_before_it_did() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let other = node.sign_up("globex", "enterprise").await;
        let (early, elsewhere) = (
            refresh_token(node, &owner.email).await,
            refresh_token(node, &other.email).await,
        );
        ask(
            &owner.caller,
            json!({"session": {"absolute_hours": 2, "idle_minutes": 30}}),
        )
        .await;
        let refresh = async |token: &Value| {
            node.anybody()
                .post("/auth/refresh", &json!({"refresh_token": token}))
                .await
        };

        let mut token = early;
        let idle = refresh_token(node, &owner.email).await;
        for _ in 0..4 {
            node.clock.advance(Duration::minutes(29));
            token = refresh(&token).await.expect(200)["refresh_token"].clone();
        }
        refresh(&idle).await.refused(401, "invalid_refresh_token");
        node.clock.advance(Duration::minutes(5));
        refresh(&token).await.refused(401, "invalid_refresh_token");
        refresh(&elsewhere).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_from_allowed_domains_and_by_those_who_may_invite() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (_, manager) = node.member(&owner, "mia@acme.example", "manager").await;
        let (_, admin) = node.member(&owner, "ada@acme.example", "admin").await;
        let invite = async |caller: &Caller, email: &str| {
            let body = json!({"email": email, "role": "member"});
            caller.post("/tenants/current/invitations", &body).await
        };
        let pending = invite(&manager, "guest@globex.example").await.expect(201);
        let token = node.token_sent_to("guest@globex.example").await;
        ask(
            &owner.caller,
            json!({"allowed_email_domains": ["acme.example"], "who_may_invite": "admins"}),
        )
        .await;

        invite(&manager, "a@acme.example")
            .await
            .refused(403, "permission_denied");
        invite(&admin, "a@acme.example").await.expect(201);
        for email in ["a@globex.example", "a@mail.acme.example"] {
            assert_eq!(invite(&admin, email).await.fields(), ["email"]);
            let added = json!({"email": email, "role": "member", "send_invite": false});
            assert_eq!(admin.post("/tenants/current/users", &added).await.fields(), ["email"]);
        }
        let again = format!(
            "/tenants/current/invitations/{}/resend",
            pending["id"].as_str().unwrap()
        );
        assert_eq!(admin.post(&again, &json!({})).await.fields(), ["email"]);
        let accepted = json!({"token": token, "name": "Guest", "password": PASSWORD});
        assert_eq!(
            node.anybody().post("/invitations/accept", &accepted).await.fields(),
            ["email"]
        );
        ask(&owner.caller, json!({"who_may_invite": "owners"})).await;
        invite(&admin, "b@acme.example").await.refused(403, "permission_denied");
        invite(&owner.caller, "b@acme.example").await.expect(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_passwords_are_as_long_as_the_strictest_tenant_asks() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (_, member) = node.member(&owner, "mia@acme.example", "member").await;
        ask(&owner.caller, json!({"password": {"min_length": 24}})).await;
        let change = async |new: &str| {
            let body = json!({"current_password": PASSWORD, "new_password": new});
            member.post("/me/password", &body).await
        };
        let (short, long) = ("quiet marble lantern", "quiet marble lantern seven");

        let refused = change(short).await;
        assert_eq!(
            refused.json()["errors"][0]["code"],
            "password_too_short",
            "{}",
            refused.text
        );
        assert!(refused.text.contains("24"), "{}", refused.text);
        assert_eq!(refused.fields(), ["new_password"]);
        assert_eq!(change(long).await.status, 204);

        let invited = json!({"email": "new@acme.example", "role": "member"});
        owner
            .caller
            .post("/tenants/current/invitations", &invited)
            .await
            .expect(201);
        let token = node.token_sent_to("new@acme.example").await;
        let accept = async |password: &str| {
            let body = json!({"token": token, "name": "New", "password": password});
            node.anybody().post("/invitations/accept", &body).await
        };
        assert_eq!(accept(short).await.fields(), ["password"]);
        accept(long).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_at_once_take_no_more_seats_than_there_are() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let row = owner.quota("users").await;
        let left = row["remaining"].as_u64().unwrap();
        assert!(left > 0 && left < 32, "{row}");

        let told = join_all((0..32).map(|number| {
            let caller = &owner.caller;
            async move {
                let body = json!({"email": format!("m{number}@acme.example"), "role": "member"});
                let reply = caller.post("/tenants/current/invitations", &body).await;
                (reply.status, reply.json()["code"].clone())
            }
        }))
        .await;

        let seated = told.iter().filter(|(status, _)| *status == 201).count();
        let full = told.iter().filter(|(_, code)| code == "quota_exceeded").count();
        let busy = told.iter().filter(|(status, _)| *status == 503).count();
        assert_eq!(seated + full + busy, 32, "{told:?}");
        assert!(u64::try_from(seated).unwrap() <= left, "{told:?}");
        assert!(busy > 0 || u64::try_from(seated).unwrap() == left, "{told:?}");
        let used = owner.quota("users").await["used"].as_u64().unwrap();
        assert_eq!(used, 1 + u64::try_from(seated).unwrap());
    })
    .await;
}
