//! Invitations: many at once, by JSON and by file; for how long; answers by people who are signed in; races for seats.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::harness::{Caller, Node, Owner, PASSWORD, Setup, on_each_database};

const BULK: &str = "/tenants/current/invitations/bulk";

async fn by_file(caller: &Caller, path: &str, file: &str) -> crate::harness::Reply {
    let caller = caller.with("content-type", "text/csv; charset=utf-8");
    caller.send(Method::POST, path, Some(file.as_bytes().to_vec())).await
}

fn statuses(report: &Value) -> Vec<&str> {
    let rows = report["data"].as_array().unwrap();
    rows.iter().map(|row| row["status"].as_str().unwrap()).collect()
}

async fn accept(node: &Node, email: &str) -> crate::harness::Reply {
    let body = json!({"token": node.token_sent_to(email).await, "password": PASSWORD});
    node.anybody().post("/invitations/accept", &body).await
}

async fn used(owner: &Owner) -> i64 {
    owner.quota("users").await["used"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_invited_row_by_row_and_once() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let body = json!({"invitations": [
            {"email": "kim@acme.example", "role": "member", "name": "=1+1", "department": "営業", "locale": "ja"},
            {"email": "nobody", "role": "member", "name": ""},
            {"email": "KIM@acme.example", "role": "viewer"},
            {"email": owner.email, "role": "viewer"},
            {"email": "lee@acme.example", "role": "wizard"},
            {"email": "max@acme.example", "role": "member", "tenant_id": "1"},
            {"email": "ray@acme.example", "role": 7},
            {"role": "member"},
            {"email": "zoe@acme.example", "role": "viewer", "expires_in_days": 30},
        ]});

        let dry = owner
            .caller
            .post(&format!("{BULK}?dry_run=true"), &body)
            .await
            .expect(200);
        let nobody_yet = used(&owner).await;
        let once = owner.caller.once("list-1");
        let done = once.post(BULK, &body).await.expect(200);
        let replayed = once.post(BULK, &body).await;
        let again = owner.caller.post(BULK, &body).await.expect(200);

        let wanted = [
            "invited",
            "invalid",
            "duplicate",
            "already_member",
            "invalid",
            "invalid",
            "invalid",
            "invalid",
            "invited",
        ];
        assert_eq!((statuses(&dry), nobody_yet), (wanted.to_vec(), 1));
        assert_eq!((&dry["dry_run"], &dry["data"][0]["id"]), (&json!(true), &Value::Null));
        assert_eq!(statuses(&done), wanted);
        assert_eq!((&done["invited"], &done["failed"]), (&json!(2), &json!(7)));
        let fields = |row: usize| -> Vec<String> {
            let errors = done["data"][row]["errors"].as_array().unwrap();
            errors
                .iter()
                .map(|error| format!("{}:{}", error["field"], error["code"]).replace('"', ""))
                .collect()
        };
        assert_eq!(fields(1), ["email:invalid_value", "name:invalid_value"]);
        assert_eq!(fields(4), ["role:unknown_role"]);
        assert_eq!(fields(5), ["tenant_id:unknown_field"]);
        assert_eq!(fields(6), ["role:invalid_type"]);
        assert_eq!(fields(7), ["email:missing_field"]);
        assert_eq!(replayed.header("idempotency-replayed"), "true");
        assert_eq!(replayed.expect(200), done);
        assert_eq!(again["data"][0]["status"], "already_invited");
        assert_eq!(again["data"][0]["id"], done["data"][0]["id"]);
        assert_eq!(used(&owner).await, 3);

        accept(node, "kim@acme.example").await.expect(200);
        let kim = node.letters_to("kim@acme.example").pop().unwrap();
        assert!(kim.contains("Content-Language: ja"), "{kim}");
        let members = owner.caller.get("/tenants/current/users?q=kim").await.expect(200);
        assert_eq!(members["data"][0]["name"], "=1+1");
        assert_eq!(members["data"][0]["department"], "営業");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_invited_as_spreadsheets_write_it() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let file = "\u{feff}Email;Role;Name;Message\r\n\
                    kim@acme.example;member;\"山田; \"\"太郎\"\"\";\"=HYPERLINK(\"\"https://evil.example\"\")\"\r\n\
                    lee@acme.example;MEMBER;;\r\n\
                    zoe@acme.example;member\r\n";

        let report = by_file(&owner.caller, BULK, file).await.expect(200);

        assert_eq!(statuses(&report), ["invited", "invited", "invalid"]);
        assert_eq!(report["data"][2]["errors"][0]["code"], "wrong_number_of_cells");
        let listed = owner.caller.get("/tenants/current/invitations").await.expect(200);
        assert_eq!(listed["data"][0]["name"], "山田; \"太郎\"");
        for (file, code) in [("", "malformed_csv"), ("email,role\na@x.example,\"m", "malformed_csv")] {
            by_file(&owner.caller, BULK, file).await.refused(400, code);
        }
        let unknown = by_file(&owner.caller, BULK, "email,role,tenant_id\na@x.example,member,1\n").await;
        assert_eq!(unknown.fields(), ["tenant_id"]);
        assert_eq!(
            by_file(&owner.caller, BULK, "email,role\n").await.fields(),
            ["invitations"]
        );
        let typed = owner.caller.with("content-type", "application/xml");
        typed
            .send(Method::POST, BULK, Some(b"<a/>".to_vec()))
            .await
            .refused(415, "unsupported_media_type");
        let many: Vec<Value> = (0..1_001)
            .map(|n| json!({"email": format!("p{n}@x.example"), "role": "viewer"}))
            .collect();
        let refused = owner.caller.post(BULK, &json!({"invitations": many})).await;
        assert_eq!(refused.fields(), ["invitations"]);
        assert_eq!(used(&owner).await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_are_invited_in_one_call_with_a_letter_each() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let known = node.sign_up("globex", "free").await;
        node.token_sent_to(&known.email).await;
        // Somebody who has an account already is invited like everybody else. Letters go out in the order of the rows.
        let mut rows = vec![json!({"email": known.email, "role": "viewer"})];
        rows.extend((0..999).map(|number| json!({"email": format!("person{number}@acme.example"), "role": "member"})));

        let report = owner.caller.post(BULK, &json!({"invitations": rows})).await.expect(200);

        assert_eq!((&report["invited"], &report["failed"]), (&json!(1_000), &json!(0)));
        assert_eq!(used(&owner).await, 1_001);
        accept(node, &known.email).await.expect(200);
        accept(node, "person0@acme.example").await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_seats_go_to_as_many_as_fit_whatever_happens_at_once() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let limit = owner.quota("users").await["limit"].as_i64().unwrap();
        let clients = 32;

        // Half of them bring lists, half single people, and all of them too many together.
        let calls = (0..clients).map(|client| {
            let caller = owner.caller.clone();
            async move {
                if client % 2 == 0 {
                    let rows: Vec<Value> = (0..3)
                        .map(|row| json!({"email": format!("c{client}r{row}@acme.example"), "role": "member"}))
                        .collect();
                    let reply = caller.post(BULK, &json!({"invitations": rows})).await;
                    if reply.status == 503 {
                        return 0;
                    }
                    reply.expect(200)["invited"].as_i64().unwrap()
                } else {
                    let body = json!({"email": format!("c{client}@acme.example"), "role": "member"});
                    let reply = caller.post("/tenants/current/invitations", &body).await;
                    assert!([201, 429, 503].contains(&reply.status), "{}", reply.text);
                    i64::from(reply.status == 201)
                }
            }
        });
        let invited: i64 = join_all(calls).await.into_iter().sum();
        // Whoever was told to come again does, until the plan is full.
        let mut total = invited;
        for round in 0..limit {
            let rows = json!({"invitations": [{"email": format!("late{round}@acme.example"), "role": "member"}]});
            let report = owner.caller.post(BULK, &rows).await.expect(200);
            total += report["invited"].as_i64().unwrap();
            if report["invited"] == 0 {
                assert_eq!(report["data"][0]["status"], "quota_exceeded");
                break;
            }
        }

        assert_eq!((total, used(&owner).await), (limit - 1, limit));
        let listed = owner
            .caller
            .get("/tenants/current/invitations?limit=200")
            .await
            .expect(200);
        assert_eq!(
            listed["data"].as_array().unwrap().len(),
            usize::try_from(limit - 1).unwrap()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_accepted_once_by_thirty_two_at_once() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let body = json!({"email": "kim@acme.example", "role": "member"});
        owner
            .caller
            .post("/tenants/current/invitations", &body)
            .await
            .expect(201);
        let token = node.token_sent_to("kim@acme.example").await;

        let answers = join_all((0..32).map(|_| {
            let anybody = node.anybody();
            let body = json!({"token": token, "password": PASSWORD});
            async move { anybody.post("/invitations/accept", &body).await.status }
        }))
        .await;

        assert_eq!(
            answers.iter().filter(|status| **status == 200).count(),
            1,
            "{answers:?}"
        );
        assert!(
            answers.iter().all(|status| [200, 410, 503].contains(status)),
            "{answers:?}"
        );
        assert_eq!(used(&owner).await, 2);
        node.log_in("kim@acme.example").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_signed_in_needs_no_password_and_takes_only_what_is_theirs() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let acme = node.sign_up("acme", "pro").await;
        let globex = node.sign_up("globex", "pro").await;
        node.token_sent_to(&globex.email).await;
        let (_, kim) = node.member(&globex, "kim@people.example", "member").await;
        let invite = async |email: &str| {
            let body = json!({"email": email, "role": "viewer"});
            acme.caller
                .post("/tenants/current/invitations", &body)
                .await
                .expect(201);
            json!({"token": node.token_sent_to(email).await})
        };
        let kims = invite("kim@people.example").await;
        let lees = invite("lee@people.example").await;
        let owners = invite(&globex.email).await;

        kim.post("/invitations/accept", &lees)
            .await
            .refused(403, "invitation_not_yours");
        // The owner signed up and never confirmed the address: a session alone is not enough.
        globex
            .caller
            .post("/invitations/accept", &owners)
            .await
            .refused(403, "email_unverified");
        node.anybody()
            .bearer("forged")
            .post("/invitations/accept", &kims)
            .await
            .refused(401, "not_authenticated");
        kim.post("/invitations/accept", &kims).await.expect(200);
        kim.post("/invitations/accept", &kims)
            .await
            .refused(410, "invitation_gone");

        let tenants = kim.get("/me/tenants").await.expect(200);
        assert_eq!(tenants["data"].as_array().unwrap().len(), 2);
        let entered = kim.post("/me/tenants/acme/switch", &json!({})).await;
        assert_eq!(entered.status, 200, "{}", entered.text);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_expires_when_it_was_asked_to_and_comes_back_when_it_is_sent_again() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let path = "/tenants/current/invitations";
        for days in [json!(0), json!(31), json!(-1)] {
            let body = json!({"email": "kim@acme.example", "role": "member", "expires_in_days": days});
            assert_eq!(owner.caller.post(path, &body).await.fields(), ["expires_in_days"]);
        }
        let body = json!({"email": "kim@acme.example", "role": "member", "expires_in_days": 1, "locale": "ja"});
        let kim = owner.caller.post(path, &body).await.expect(201);
        let first = node.token_sent_to("kim@acme.example").await;
        let body = json!({"email": "lee@acme.example", "role": "member", "expires_in_days": 30});
        owner.caller.post(path, &body).await.expect(201);
        node.clock.advance(Duration::days(2));
        let owner_again = node.log_in(&owner.email).await;

        let count = async |query: &str| {
            let listed = owner_again.get(&format!("{path}{query}")).await.expect(200);
            let rows = listed["data"].as_array().unwrap().clone();
            rows.iter()
                .map(|row| row["invitation_status"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(count("").await, ["expired", "pending"]);
        assert_eq!(count("?status=pending").await, ["pending"]);
        assert_eq!(count("?status=expired").await, ["expired"]);
        assert_eq!(
            owner_again.get(&format!("{path}?status=lost")).await.fields(),
            ["status"]
        );
        let late = json!({"token": first, "password": PASSWORD});
        node.anybody()
            .post("/invitations/accept", &late)
            .await
            .refused(401, "invitation_invalid");

        let resend = format!("{path}/{}/resend", kim["id"].as_str().unwrap());
        assert_eq!(
            owner_again
                .post(&resend, &json!({"expires_in_days": 99}))
                .await
                .fields(),
            ["expires_in_days"]
        );
        owner_again
            .post(&resend, &json!({"expires_in_days": 3, "message": "まだ間に合います"}))
            .await
            .expect(200);
        let letter = {
            accept(node, "kim@acme.example").await.expect(200);
            node.letters_to("kim@acme.example").pop().unwrap()
        };
        assert!(letter.contains("Content-Language: ja"), "{letter}");
        owner_again
            .post(&resend, &json!({}))
            .await
            .refused(409, "invitation_not_pending");
    })
    .await;
}
