//! How tenants show themselves: on the public card, and in the mails that speak for them.

use serde_json::{Value, json};

use crate::harness::{Node, Owner, Setup, on_each_database};

fn look() -> Value {
    json!({
        "display_name": "Acme 株式会社", "logo_url": "https://cdn.acme.example/logo.png",
        "primary_color": "#FFD60A", "support_email": "help@acme.example",
        "support_url": "https://acme.example/help", "footer": "1 High Street <London> & \"more\"",
    })
}

async fn invite(owner: &Owner, email: &str) {
    let body = json!({"email": email, "role": "member", "message": "<b>come</b>"});
    owner
        .caller
        .post("/tenants/current/invitations", &body)
        .await
        .expect(201);
}

/// The newest letter to an address, once its token has come.
async fn letter(node: &Node, email: &str) -> String {
    node.token_sent_to(email).await;
    node.letters_to(email).pop().expect("there is a letter")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looks_are_kept_by_version_and_shown_to_anybody() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "free").await;
        let path = "/tenants/current/branding";

        let empty = owner.caller.get(path).await;
        let first = empty.header("etag").to_owned();
        assert_eq!(empty.expect(200)["logo_url"], Value::Null);
        let stale = owner.caller.with("if-match", "\"0000000000000000-7\"");
        stale.put(path, &look()).await.refused(412, "precondition_failed");
        let mine = owner.caller.with("if-match", &first);
        let kept = mine.put(path, &look()).await.expect(200);
        mine.put(path, &json!({})).await.refused(412, "precondition_failed");

        assert_eq!(kept["primary_color"], "#ffd60a");
        assert_eq!(owner.caller.get(path).await.expect(200), kept);
        let card = node
            .anybody()
            .get("/tenants/by-domain/acme.localhost")
            .await
            .expect(200);
        assert_eq!((&card["name"], &card["branding"]), (&json!("acme"), &kept));
        let log = owner
            .caller
            .get("/tenants/current/audit-logs?action=branding.updated")
            .await
            .expect(200);
        assert_eq!(log["data"].as_array().unwrap().len(), 1);

        let wrong = json!({"logo_url": "http://acme.example/x.png", "primary_color": "blue", "mood": "good"});
        owner.caller.put(path, &wrong).await.refused(422, "validation_failed");
        let (_, viewer) = node.member(&owner, "vic@acme.example", "viewer").await;
        viewer.get(path).await.expect(200);
        viewer.put(path, &look()).await.refused(403, "permission_denied");

        owner.caller.put(path, &json!({})).await.expect(200);
        let card = node
            .anybody()
            .get("/tenants/by-domain/acme.localhost")
            .await
            .expect(200);
        assert_eq!(card["branding"]["primary_color"], Value::Null);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invitations_wear_the_looks_and_nothing_in_them_breaks_out() {
    let setup = Setup::catalog("default").with("mail_reply_to", "care@tenantry.example");
    on_each_database(&setup, async |node| {
        let owner = node.sign_up("acme", "pro").await;
        invite(&owner, "kim@acme.example").await;
        let plain = letter(node, "kim@acme.example").await;
        owner.caller.put("/tenants/current/branding", &look()).await.expect(200);
        invite(&owner, "lee@acme.example").await;
        let dressed = letter(node, "lee@acme.example").await;
        let forgotten = json!({"email": owner.email});
        node.anybody().post("/auth/password/forgot", &forgotten).await;
        let products = letter(node, &owner.email).await;

        let (head, _) = plain.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains("From: \"acme via ") || head.contains("From: acme via "),
            "{head}"
        );
        assert!(!head.contains("Reply-To"), "{head}");
        let (head, body) = dressed.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("Reply-To: help@acme.example"), "{head}");
        for header in [
            "Auto-Submitted: auto-generated",
            "Message-ID: <",
            "Date: ",
            "Content-Language: en",
        ] {
            assert!(head.contains(header), "{header}: {head}");
        }
        assert!(
            head.contains("multipart/alternative") || body.contains("multipart/alternative"),
            "{dressed}"
        );
        for shown in [
            "src=\"https://cdn.acme.example/logo.png\"",
            "bgcolor=\"#ffd60a\"",
            "1 High Street &lt;London&gt; &amp; &quot;more&quot;",
            "&lt;b&gt;come&lt;/b&gt;",
            "mailto:help@acme.example",
        ] {
            assert!(body.contains(shown), "{shown}: {body}");
        }
        assert!(
            !body.contains("<b>come") || body.matches("<b>come").count() == 1,
            "only in the text part"
        );
        assert!(products.contains("Reply-To: care@tenantry.example"), "{products}");
    })
    .await;
}
