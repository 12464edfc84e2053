//! What strangers can do to others, or to the installation, without being anybody: bounded.

use serde_json::{Value, json};
use time::Duration;

use crate::harness::{Node, PASSWORD, Reply, Setup, on_each_database};

fn founding(slug: &str, email: &str) -> Value {
    json!({"name": slug, "slug": slug, "owner_email": email, "owner_name": "Ada", "owner_password": PASSWORD})
}

async fn found(node: &Node, slug: &str) -> Reply {
    let body = founding(slug, &format!("{slug}@example.com"));
    node.anybody().post("/tenants", &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_network_founds_so_many_tenants_an_hour() {
    let setup = Setup::catalog("default").with("sign_ups_per_hour", "3");
    on_each_database(&setup, async |node| {
        // What breaks a rule is refused before it counts.
        for _ in 0..5 {
            let wrong = founding("x", "no address");
            node.anybody()
                .post("/tenants", &wrong)
                .await
                .refused(422, "validation_failed");
        }
        for slug in ["one-co", "two-co", "three-co"] {
            found(node, slug).await.expect(201);
        }
        let refused = found(node, "four-co").await;
        let wait: i64 = refused.header("retry-after").parse().unwrap();
        refused.refused(429, "rate_limited");
        assert!((1_000..=1_200).contains(&wait), "{wait}");
        let free = node.anybody().get("/slugs/four-co/availability").await.expect(200);
        assert_eq!(free["available"], true, "nothing was written");

        // A signed-in person has a budget of their own.
        let owner = node.log_in("one-co@example.com").await;
        let own = |slug: &str| founding(slug, "one-co@example.com");
        for slug in ["five-co", "six-co", "seven-co"] {
            let mut body = own(slug);
            body.as_object_mut().unwrap().remove("owner_password");
            owner.post("/tenants", &body).await.expect(201);
        }
        let mut body = own("eight-co");
        body.as_object_mut().unwrap().remove("owner_password");
        owner.post("/tenants", &body).await.refused(429, "rate_limited");

        node.clock.advance(Duration::seconds(wait));
        found(node, "four-co").await.expect(201);
        found(node, "nine-co").await.refused(429, "rate_limited");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throw_away_mailbox_founds_nothing() {
    let setup = Setup::catalog("default").with("disposable_mail", "refuse");
    on_each_database(&setup, async |node| {
        for address in ["eve@mailinator.com", "eve@inbox.mailinator.com"] {
            let refused = node.anybody().post("/tenants", &founding("acme", address)).await;
            let told = refused.refused(422, "validation_failed");
            assert_eq!(told["errors"][0]["field"], "owner_email");
            assert_eq!(told["errors"][0]["code"], "disposable_mail_domain");
        }
        found(node, "acme").await.expect(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_floods_a_mailbox_through_us() {
    let setup = Setup::catalog("default").with("mails_per_hour", "4");
    on_each_database(&setup, async |node| {
        let owner = node.sign_up("acme", "pro").await; // One letter: the welcome.
        node.token_sent_to(&owner.email).await;
        let asked = json!({"email": owner.email});
        let forgot = async || node.anybody().post("/auth/password/forgot", &asked).await.expect(202);
        forgot().await;
        let first = node.token_sent_to(&owner.email).await;
        for _ in 0..12 {
            forgot().await;
        }
        // Letters to others go out behind them, in the order of the queue.
        let invitation = json!({"email": "bob@example.com", "role": "member"});
        owner
            .caller
            .post(&owner.path("/invitations"), &invitation)
            .await
            .expect(201);
        node.token_sent_to("bob@example.com").await;
        assert_eq!(node.letters_to(&owner.email).len(), 4);

        // What they wait for stays good, and what happened to their account is told all the same.
        let reset = json!({"token": first, "password": "another long passphrase"});
        node.anybody().post("/auth/password/reset", &reset).await.expect(204);
        let signed_in = json!({"email": owner.email, "password": "another long passphrase"});
        for agent in ["Firefox/133.0", "a device of another kind"] {
            let device = node.anybody().calling_from("192.0.2.7").with("user-agent", agent);
            device.post("/auth/login", &signed_in).await.expect(200);
        }
        node.letter_to(&owner.email, "from a new device").await;

        // It comes back evenly: one in a quarter of an hour.
        node.clock.advance(Duration::minutes(15));
        for _ in 0..3 {
            forgot().await;
        }
        node.token_sent_to(&owner.email).await;
        let again = node.anybody().post("/auth/login", &signed_in).await.expect(200);
        let again = node.bearer(again["access_token"].as_str().unwrap());
        let invitation = json!({"email": "eve@example.com", "role": "member"});
        again.post(&owner.path("/invitations"), &invitation).await.expect(201);
        node.token_sent_to("eve@example.com").await;
        let resets = node.letters_about(&owner.email, "/reset-password?token=");
        assert_eq!(resets, 4, "three at first, one of the three that were asked for now");
    })
    .await;
}
