//! Many at once.

use futures_util::future::join_all;
use serde_json::json;

use super::{join, letting_in, member, person, policy, setup, suggested, waiting};
use crate::harness::{Caller, Dns, on_each_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_join_no_more_come_in_than_there_are_seats() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        // The free plan has few seats; its domain is proved before anybody is let in by it.
        let owner = node.sign_up("acme", "free").await;
        dns.prove(&owner.caller, "acme.example").await;
        let seats = owner.quota("users").await;
        let (limit, used) = (seats["limit"].as_i64().unwrap(), seats["used"].as_i64().unwrap());
        let free = usize::try_from(limit - used).unwrap();
        let mut people: Vec<Caller> = Vec::new();
        for number in 0..free + 4 {
            people.push(person(node, &format!("p{number}@acme.example")).await);
        }
        policy(&owner.caller, json!({"domain_join": {"mode": "auto"}})).await;

        let replies = join_all(people.iter().map(|person| join(person, "acme"))).await;

        let joined = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(joined, free);
        for reply in replies.into_iter().filter(|reply| reply.status != 201) {
            reply.refused(429, "quota_exceeded");
        }
        assert_eq!(owner.quota("users").await["used"], limit);
        // Without a seat an address that is proved stays a suggestion.
        let late = person(node, "late@acme.example").await;
        assert_eq!(suggested(&late).await.len(), 1);
        assert!(member(&owner.caller, "late@acme.example").await.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_many_times_at_once_is_one_member_with_one_seat() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        dns.prove(&owner.caller, "acme.example").await;
        let ada = person(node, "ada@acme.example").await;
        policy(&owner.caller, json!({"domain_join": {"mode": "auto"}})).await;

        let replies = join_all((0..8).map(|_| join(&ada, "acme"))).await;

        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
        for reply in replies.into_iter().filter(|reply| reply.status != 201) {
            reply.refused(409, "already_member");
        }
        assert_eq!(owner.quota("users").await["used"], 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_asked_approved_declined_and_taken_back_at_once_has_one_end() {
    let dns = Dns::start().await;
    on_each_database(&setup(&dns), async |node| {
        let owner = letting_in(node, &dns, "acme", "suggest").await;
        for round in 0..3 {
            let email = format!("p{round}@acme.example");
            let person = person(node, &email).await;
            let asked = join_all((0..4).map(|_| join(&person, "acme"))).await;
            assert!(asked.iter().all(|reply| reply.status == 202), "{}", asked[0].text);
            let (_, id) = waiting(&owner.caller).await[0].clone();
            let answer = async |action: &str| {
                let path = format!("/tenants/current/join-requests/{id}/{action}");
                owner.caller.post(&path, &json!({})).await
            };

            let replies = tokio::join!(
                answer("approve"),
                person.delete("/me/tenants/acme/join"),
                answer("decline"),
                answer("approve"),
            );

            let mut ended = 0;
            for reply in [replies.0, replies.1, replies.2, replies.3] {
                assert!([201, 204, 404].contains(&reply.status), "{}", reply.text);
                ended += usize::from(reply.status != 404);
            }
            assert_eq!(ended, 1);
            assert!(waiting(&owner.caller).await.is_empty());
        }
    })
    .await;
}
