//! Support access: an operator acts on behalf of a member, for a reason, for a while, and never on what is the
//! member's own.

#[path = "support_access/consent.rs"]
mod consent;
#[path = "support_access/ends.rs"]
mod ends;
#[path = "support_access/walk.rs"]
mod walk;

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;

use crate::harness::{Caller, NOWHERE, Node, Owner, Setup, on_each_database};

const REASON: &str = "Ticket 17: the customer sees no invoices";

/// A visit on behalf of a member.
fn asked(owner: &Owner, membership: &str, read_only: bool) -> Value {
    json!({"tenant": owner.tenant, "user": membership, "reason": REASON, "read_only": read_only})
}

/// Begins a visit; also whoever has its token.
async fn visit(node: &Node, operator: &Caller, body: &Value) -> (Value, Caller) {
    let started = operator.post("/admin/impersonate", body).await.expect(201);
    let caller = node.bearer(started["access_token"].as_str().unwrap());
    (started, caller)
}

async fn operator(node: &Node) -> Caller {
    node.platform_person("root@platform.example", PlatformRole::Operator)
        .await
}

fn end_of(visit: &Value) -> String {
    let id = visit["impersonation"]["id"].as_str().unwrap();
    format!("/admin/impersonate/{id}/end")
}

/// The tenant's entries about this.
async fn log(owner: &Owner, action: &str) -> Vec<Value> {
    let path = format!("/tenants/current/audit-logs?action={action}");
    let log = owner.caller.get(&path).await.expect(200);
    log["data"].as_array().unwrap().clone()
}

fn said<'a>(entry: &'a Value, field: &str) -> &'a Value {
    let changes = entry["changes"].as_array().unwrap();
    let change = changes.iter().find(|change| change["field"] == field);
    &change.unwrap_or_else(|| panic!("{field} is not in {entry}"))["after"]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_what_the_member_sees_and_both_stand_in_the_log() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let operator = operator(node).await;
        let by = operator.get("/me").await.expect(200)["id"].clone();
        let (started, support) = visit(node, &operator, &asked(&owner, &owner.membership, true)).await;
        assert_eq!(started["expires_in"], 900);
        assert!(started.get("refresh_token").is_none());

        // As the member, with a banner.
        let me = support.get("/me").await.expect(200);
        assert_eq!((&me["email"], &me["emails"]), (&json!(owner.email), &json!([])));
        let banner = &me["impersonation"];
        assert_eq!(
            (&banner["by"], &banner["reason"], &banner["read_only"], &banner["until"]),
            (
                &by,
                &json!(REASON),
                &json!(true),
                &started["impersonation"]["expires_at"]
            )
        );
        assert_eq!(owner.caller.get("/me").await.expect(200)["impersonation"], Value::Null);
        support.get("/tenants/current/invoices").await.expect(200);
        support.get("/tenants/current/users").await.expect(200);
        // Read-only is read-only; nothing of the person's own, and no other tenant.
        let change = json!({"name": "Other"});
        let refused = support.patch("/tenants/current", &change).await;
        refused.refused(403, "permission_denied");
        let consumed = json!({"meter": "events"});
        let refused = support.post("/tenants/current/usage", &consumed).await;
        refused.refused(403, "permission_denied");
        support.patch("/me", &change).await.refused(403, "permission_denied");
        support.get("/me/sessions").await.refused(403, "permission_denied");
        support.get("/admin/tenants").await.refused(403, "permission_denied");
        let other = node.sign_up("globex", "free").await;
        let refused = support.get(&format!("/tenants/{}", other.tenant)).await;
        refused.refused(404, "not_found");

        // The tenant's own log names both, with the reason.
        let entries = log(&owner, "support_access.started").await;
        let both = json!({"type": "operator", "id": by, "on_behalf_of": owner.membership});
        assert_eq!(entries[0]["actor"], both);
        assert_eq!(said(&entries[0], "reason"), REASON);
        let seen = owner.caller.get("/tenants/current/support-access").await.expect(200);
        assert_eq!(seen["visits"][0], started["impersonation"]);

        // A visit that may change things does so in both names.
        let (_, active) = visit(node, &operator, &asked(&owner, &owner.membership, false)).await;
        let etag = active.get("/tenants/current").await.header("etag").to_owned();
        let changed = active.with("if-match", &etag).patch("/tenants/current", &change).await;
        changed.expect(200);
        assert_eq!(log(&owner, "tenant.updated").await[0]["actor"], both);
        active.post("/tenants/current/usage", &consumed).await.expect(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_are_told_by_mail_in_their_language_who_came_why_and_for_how_long() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (mia, _) = node.member(&owner, "mia@acme.example", "member").await;
        let operator = operator(node).await;

        visit(node, &operator, &asked(&owner, &mia, true)).await;
        let subject = "Support access to acme has begun";
        let letter = node.letter_to(&owner.email, subject).await;
        for words in [
            "Otto Operator",
            "on behalf of Mia",
            REASON,
            "They can only look",
            "settings/support-access",
            "text/html",
        ] {
            assert!(letter.contains(words), "{words}: {letter}");
        }
        assert_eq!(node.letters_about("mia@acme.example", subject), 0);

        let etag = owner.caller.get("/me").await.header("etag").to_owned();
        let japanese = json!({"locale": "ja"});
        owner
            .caller
            .with("if-match", &etag)
            .patch("/me", &japanese)
            .await
            .expect(200);
        visit(node, &operator, &asked(&owner, &mia, false)).await;
        let letter = node.letter_to(&owner.email, "閲覧に加えて変更もできます").await;
        assert!(
            letter.contains("Otto Operator さん") && letter.contains("Mia さん"),
            "{letter}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_visit_whom_and_for_how_long() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let other = node.sign_up("globex", "free").await;
        let operator = operator(node).await;
        let helper = node
            .platform_person("help@platform.example", PlatformRole::Support)
            .await;

        // Support only looks; operators may act; nobody else may.
        let acts = asked(&owner, &owner.membership, false);
        for caller in [&helper, &owner.caller] {
            let refused = caller.post("/admin/impersonate", &acts).await;
            refused.refused(403, "permission_denied");
        }
        let body = json!({"tenant": "ACME", "user": owner.membership, "reason": REASON});
        let (theirs, _) = visit(node, &helper, &body).await;
        assert_eq!(theirs["impersonation"]["read_only"], true);

        // Every wrong field at once; nobody of another tenant, nobody inactive.
        let wrong = json!({"tenant": "acme", "user": "nobody", "reason": "because", "minutes": 61});
        let refused = operator.post("/admin/impersonate", &wrong).await;
        assert_eq!(refused.fields(), ["user", "reason", "minutes"]);
        for user in [other.membership.as_str(), NOWHERE] {
            let reply = operator.post("/admin/impersonate", &asked(&owner, user, true)).await;
            assert_eq!(reply.fields(), ["user"]);
        }
        let nowhere = json!({"tenant": "nowhere", "user": owner.membership, "reason": REASON});
        assert_eq!(operator.post("/admin/impersonate", &nowhere).await.fields(), ["tenant"]);

        // Asked again with the same key, it is the same visit.
        let again = operator.once("visit-1");
        let (one, _) = visit(node, &again, &asked(&owner, &owner.membership, true)).await;
        let replayed = again
            .post("/admin/impersonate", &asked(&owner, &owner.membership, true))
            .await;
        assert_eq!(replayed.header("idempotency-replayed"), "true");
        assert_eq!(replayed.expect(201), one);

        // Visits that go on are listed; one's own are ended, and others' by operators.
        let running = helper.get("/admin/impersonate").await.expect(200);
        assert_eq!(running["data"].as_array().unwrap().len(), 2);
        let refused = helper.post(&end_of(&one), &json!({})).await;
        refused.refused(403, "permission_denied");
        for visit in [&one, &theirs] {
            assert_eq!(operator.post(&end_of(visit), &json!({})).await.status, 204);
            operator
                .post(&end_of(visit), &json!({}))
                .await
                .refused(404, "not_found");
        }
        let ended = log(&owner, "support_access.ended").await;
        assert_eq!(ended.len(), 2);
        assert!(ended.iter().all(|entry| said(entry, "reason") == REASON));
        // Who ended it is the operator, as themself.
        assert_eq!(ended[0]["actor"]["on_behalf_of"], Value::Null);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_learns_of_a_visits_token_who_acts_and_what_it_may_do() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let operator = operator(node).await;
        let by = operator.get("/me").await.expect(200)["id"].clone();
        let asker = node.bearer(&owner.key(&["tokens.introspect"]).await);
        let (started, support) = visit(node, &operator, &asked(&owner, &owner.membership, true)).await;
        let token = started["access_token"].as_str().unwrap();

        let told = asker.form("/oauth/introspect", &[("token", token)]).await.expect(200);
        assert_eq!((&told["active"], &told["act"]["sub"]), (&json!(true), &by));
        assert_eq!(told["membership"], owner.membership.as_str());
        let scope = told["scope"].as_str().unwrap();
        assert!(scope.contains("invoices.read") && !scope.contains("manage"), "{scope}");

        let revoked = node.anybody().form("/oauth/revoke", &[("token", token)]).await;
        assert_eq!(revoked.status, 200);
        let told = asker.form("/oauth/introspect", &[("token", token)]).await.expect(200);
        assert_eq!(told, json!({"active": false}));
        support.get("/me").await.refused(401, "not_authenticated");
        assert_eq!(log(&owner, "support_access.ended").await.len(), 1);
    })
    .await;
}
