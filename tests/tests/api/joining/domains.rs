//! Domains of addresses: claimed, proved, given up.

use serde_json::json;

use super::{join, letting_in, person, policy, row, setup, suggested};
use crate::harness::{Dns, on_each_database};

const AREA: &str = "/tenants/current/email-domains";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_is_proved_by_its_record_and_lets_nobody_in_before() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        policy(&owner.caller, json!({"domain_join": {"mode": "auto"}})).await;
        let ada = person(node, "ada@acme.example").await;
        let claimed = owner
            .caller
            .post(AREA, &json!({"domain": "@Acme.Example"}))
            .await
            .expect(201);
        let path = format!("{AREA}/{}", claimed["id"].as_str().unwrap());

        assert_eq!(
            (&claimed["domain"], &claimed["verified"]),
            (&json!("acme.example"), &json!(false))
        );
        assert_eq!(claimed["verification"]["name"], "_tenantry.acme.example");
        let verify = async || owner.caller.post(&format!("{path}/verify"), &json!({})).await;
        verify().await.refused(409, "domain_not_verified");
        assert!(suggested(&ada).await.is_empty());
        join(&ada, "acme").await.refused(404, "not_found");
        dns.says(
            "_tenantry.acme.example",
            claimed["verification"]["value"].as_str().unwrap(),
        );
        assert_eq!(verify().await.expect(200)["verified"], true);
        verify().await.expect(200);

        assert_eq!(suggested(&ada).await, [row(["acme", "domain", "automatic", "-"])]);
        let twice = owner.caller.post(AREA, &json!({"domain": "acme.example"})).await;
        twice.refused(409, "domain_taken");
        assert_eq!(
            owner.caller.get(AREA).await.expect(200)["data"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        owner.caller.delete(&path).await.expect(204);
        assert!(suggested(&ada).await.is_empty());
        join(&ada, "acme").await.refused(404, "not_found");
        for action in ["email_domain.added", "email_domain.verified", "email_domain.removed"] {
            assert_eq!(super::logged(&owner.caller, action).await, 1, "{action}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_anybody_can_have_an_address_nobody_proves_anything() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;

        for domain in ["gmail.com", "YAHOO.co.jp", "docomo.ne.jp", "a.mailinator.com"] {
            let refused = owner.caller.post(AREA, &json!({"domain": domain})).await;
            let problem = refused.refused(422, "validation_failed");
            assert_eq!(problem["errors"][0]["code"], "free_mail_domain", "{domain}");
        }
        for domain in ["", "localhost", "a b.example", "x@y.example", "bücher.example"] {
            let refused = owner.caller.post(AREA, &json!({"domain": domain})).await;
            assert_eq!(refused.fields(), ["domain"], "{domain}");
        }
        let gmail = person(node, "ada@gmail.com").await;
        assert!(suggested(&gmail).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_tenants_prove_one_domain_and_the_person_chooses() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        letting_in(node, &dns, "acme", "auto").await;
        letting_in(node, &dns, "globex", "suggest").await;
        letting_in(node, &dns, "initech", "off").await;
        let hooli = letting_in(node, &dns, "hooli", "auto").await;
        let (ada, bob) = (
            person(node, "ada@acme.example").await,
            person(node, "bob@other.example").await,
        );

        // Two let people in by themselves: nobody knows which one is meant.
        assert_eq!(
            suggested(&ada).await,
            [
                row(["acme", "domain", "automatic", "-"]),
                row(["globex", "domain", "request", "-"]),
                row(["hooli", "domain", "automatic", "-"]),
            ]
        );
        assert!(suggested(&bob).await.is_empty());
        join(&ada, "hooli").await.expect(201);
        join(&ada, "globex").await.expect(202);
        assert_eq!(
            suggested(&ada).await,
            [
                row(["acme", "domain", "automatic", "-"]),
                row(["globex", "domain", "request", "pending"]),
            ]
        );
        let joined = super::member(&hooli.caller, "ada@acme.example").await.unwrap();
        assert_eq!(
            (&joined["role"], &joined["source"]),
            (&json!("member"), &json!("domain"))
        );
        // Whoever has no claim is told what they are told of a tenant that does not exist.
        for tenant in ["globex", "initech", hooli.tenant.as_str(), "nowhere"] {
            join(&bob, tenant).await.refused(404, "not_found");
        }
        join(&ada, "initech").await.refused(404, "not_found");
    })
    .await;
}
