//! Joining at once.

use serde_json::json;
use tenantry_identity::user::PlatformRole;

use super::{join, letting_in, logged, member, person, policy, prove, row, setup, suggested, unproved};
use crate::harness::{Dns, PASSWORD, on_each_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_proves_an_address_joins_the_one_tenant_that_lets_them_in() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "auto").await;
        let role = json!({"domain_join": {"mode": "auto", "role": "viewer"}});
        policy(&owner.caller, role).await;
        let ada = unproved(node, "ada@acme.example").await;
        assert!(suggested(&ada).await.is_empty());
        join(&ada, "acme").await.refused(404, "not_found");

        let before = logged(&owner.caller, "membership.created").await;
        prove(node, &ada, "ada@acme.example").await;

        let joined = member(&owner.caller, "ada@acme.example").await.unwrap();
        assert_eq!(
            (&joined["role"], &joined["source"]),
            (&json!("viewer"), &json!("domain"))
        );
        assert_eq!(logged(&owner.caller, "membership.created").await, before + 1);
        assert!(suggested(&ada).await.is_empty());
        join(&ada, "acme").await.refused(409, "already_member");
        let inside = ada.post("/me/tenants/acme/switch", &json!({})).await.expect(200);
        let inside = node.bearer(inside["access_token"].as_str().unwrap());
        inside.get("/tenants/current").await.expect(200);

        // So does another address of somebody.
        let bob = person(node, "bob@home.example").await;
        bob.post("/me/emails", &json!({"email": "bob@acme.example"}))
            .await
            .expect(202);
        prove(node, &bob, "bob@acme.example").await;
        assert!(member(&owner.caller, "bob@acme.example").await.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_belongs_nowhere_signs_in_and_chooses() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        // A member of another tenant, whom that removes, from before there was anything to join.
        let other = node.sign_up("globex", "enterprise").await;
        let (id, _) = node.member(&other, "ada@acme.example", "member").await;
        let owner = letting_in(node, &dns, "acme", "auto").await;
        other
            .caller
            .delete(&format!("/tenants/current/users/{id}"))
            .await
            .expect(204);

        let log_in = json!({"email": "ada@acme.example", "password": PASSWORD});
        let signed_in = node.anybody().post("/auth/login", &log_in).await.expect(200);
        let ada = node.bearer(signed_in["access_token"].as_str().unwrap());

        assert_eq!(signed_in["tenant"], json!(null));
        assert_eq!(suggested(&ada).await, [row(["acme", "domain", "automatic", "-"])]);
        let joined = join(&ada, "acme").await.expect(201);
        assert_eq!(
            (&joined["status"], &joined["tenant_id"]),
            (&json!("joined"), &json!(owner.tenant))
        );
        let inside = ada.post("/me/tenants/acme/switch", &json!({})).await.expect(200);
        assert_eq!(inside["tenant"]["slug"], "acme");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_tenant_removed_or_closed_out_does_not_come_back_by_themselves() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "auto").await;
        let (ada, bob) = (
            person(node, "ada@acme.example").await,
            person(node, "bob@acme.example").await,
        );
        let eve = person(node, "eve@acme.example").await;
        let of = async |email: &str| {
            let found = member(&owner.caller, email).await.unwrap();
            format!("/tenants/current/users/{}", found["id"].as_str().unwrap())
        };
        owner.caller.delete(&of("ada@acme.example").await).await.expect(204);
        let bobs = of("bob@acme.example").await;
        owner
            .caller
            .post(&format!("{bobs}/deactivate"), &json!({}))
            .await
            .expect(200);
        eve.post("/me/tenants/acme/leave", &json!({})).await.expect(204);

        assert_eq!(suggested(&ada).await, [row(["acme", "domain", "request", "-"])]);
        assert!(suggested(&bob).await.is_empty());
        join(&bob, "acme").await.refused(409, "already_member");
        join(&ada, "acme").await.expect(202);
        assert!(member(&owner.caller, "ada@acme.example").await.is_none());
        // Who left by themself was never shut out.
        join(&eve, "acme").await.expect(201);
        let (_, id) = super::waiting(&owner.caller).await[0].clone();
        let approve = format!("/tenants/current/join-requests/{id}/approve");
        owner.caller.post(&approve, &json!({})).await.expect(201);
        assert!(member(&owner.caller, "ada@acme.example").await.is_some());
        ada.post("/me/tenants/acme/leave", &json!({})).await.expect(204);
        join(&ada, "acme").await.expect(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rest_of_the_policy_holds_for_those_who_join() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "auto").await;
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let write = async |policy| {
            let path = format!("/tenants/{}/security-policy", owner.tenant);
            operator.put(&path, &policy).await.expect(200);
        };
        write(json!({"domain_join": {"mode": "auto"}, "ip_allowlist": ["192.0.2.0/24"]})).await;
        // Proved from elsewhere: it stays a suggestion.
        let ada = person(node, "ada@acme.example").await;
        join(&ada, "acme").await.refused(403, "address_not_allowed");
        let there = ada.clone().with("x-forwarded-for", "192.0.2.9");
        join(&there, "acme").await.expect(201);

        write(json!({"domain_join": {"mode": "auto"}, "allowed_email_domains": ["hq.acme.example"]})).await;
        let bob = person(node, "bob@acme.example").await;
        assert!(suggested(&bob).await.is_empty());
        let refused = join(&bob, "acme").await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["code"], "email_domain_not_allowed");

        write(json!({"domain_join": {"mode": "auto"}})).await;
        let suspend = format!("/admin/tenants/{}/suspend", owner.tenant);
        operator.post(&suspend, &json!({"reason": "unpaid"})).await.expect(200);
        assert!(suggested(&bob).await.is_empty());
        join(&bob, "acme").await.refused(404, "not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_suggested_first_and_accepted_without_its_mail() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "suggest").await;
        let ada = person(node, "ada@acme.example").await;
        let invite = json!({"email": "ada@acme.example", "role": "manager"});
        owner
            .caller
            .post("/tenants/current/invitations", &invite)
            .await
            .expect(201);
        let mailed = json!({"token": node.token_sent_to("ada@acme.example").await});
        // Invited by an address that they claim and never proved.
        let bob = unproved(node, "bob@acme.example").await;
        let invite = json!({"email": "bob@acme.example", "role": "member"});
        owner
            .caller
            .post("/tenants/current/invitations", &invite)
            .await
            .expect(201);

        assert_eq!(suggested(&ada).await, [row(["acme", "invitation", "automatic", "-"])]);
        assert!(suggested(&bob).await.is_empty());
        join(&bob, "acme").await.refused(403, "email_unverified");
        let joined = join(&ada, "acme").await.expect(201);

        assert_eq!(
            (&joined["user"]["role"], &joined["user"]["status"]),
            (&json!("manager"), &json!("active"))
        );
        assert!(suggested(&ada).await.is_empty());
        ada.post("/invitations/accept", &mailed)
            .await
            .refused(410, "invitation_gone");
    })
    .await;
}
