//! What new passwords must be like: as strong as tenants ask, in no breach, as long as the installation says.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Caller, Node, Owner, PASSWORD, Reply, Setup, on_each_database};

/// In the list of breaches that is in the program, and not among the most common ones.
const LEAKED: &str = "quicksilver";
/// Nowhere but at the service of these tests.
const KNOWN_OUTSIDE: &str = "kestrel over moor nine";
/// Its SHA-1.
const KNOWN_HASH: &str = "A52351EA5E91B86EFA50D51ED2053DEA38D57658";
const GOOD: &str = "quiet marble lantern seven";

async fn ask(owner: &Owner, password: Value) {
    let policy = json!({"password": password});
    owner
        .caller
        .put("/tenants/current/security-policy", &policy)
        .await
        .expect(200);
}

async fn change(caller: &Caller, current: &str, new: &str) -> Reply {
    let body = json!({"current_password": current, "new_password": new});
    caller.post("/me/password", &body).await
}

/// The one thing that is wrong: where, which code, and what is told.
fn fault(reply: Reply) -> (String, String, String) {
    let told = reply.refused(422, "validation_failed");
    let faults = told["errors"].as_array().unwrap();
    assert_eq!(faults.len(), 1, "{told}");
    let text = |name: &str| faults[0][name].as_str().unwrap().to_owned();
    (text("field"), text("code"), text("detail"))
}

async fn sign_up(node: &Node, slug: &str, password: &str) -> Reply {
    let body = json!({
        "name": slug, "slug": slug, "plan": "pro", "owner_email": format!("owner@{slug}.example"),
        "owner_name": "Olive Owner", "owner_password": password,
    });
    node.anybody().post("/tenants", &body).await
}

/// Invites somebody, and answers how they accept with a password.
async fn invited<'a>(node: &'a Node, owner: &Owner, email: &str) -> impl AsyncFn(&str) -> Reply + 'a {
    let body = json!({"email": email, "role": "member"});
    owner.caller.post(&owner.path("/invitations"), &body).await.expect(201);
    let token = node.token_sent_to(email).await;
    async move |password: &str| {
        let body = json!({"token": token, "name": "Mia Member", "password": password});
        node.anybody().post("/invitations/accept", &body).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_are_as_hard_to_guess_as_the_strictest_tenant_asks_and_the_refusal_helps() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let weak = "dragonmonkey99";
        let lax = node.sign_up("lax", "enterprise").await;
        let owner = node.sign_up("brightwater", "enterprise").await;
        let (_, member) = node.member(&owner, "mia@brightwater.example", "member").await;
        assert_eq!(change(&member, PASSWORD, weak).await.status, 204);
        ask(&owner, json!({"min_strength": 3})).await;

        let (field, code, detail) = fault(change(&member, weak, "monkeydragon99").await);
        assert_eq!((field.as_str(), code.as_str()), ("new_password", "password_too_weak"));
        assert!(detail.contains("must be 3 of 4"), "{detail}");
        assert!(detail.contains("Add another word or two."), "{detail}");
        assert!(!detail.contains("monkey"), "{detail}");
        // What whoever guesses knows: the tenant's name, and the person's.
        let known = "brightwater mia";
        let (_, code, _) = fault(change(&member, weak, known).await);
        assert_eq!(code, "password_too_weak");
        assert_eq!(change(&member, weak, GOOD).await.status, 204);

        let accept = invited(node, &owner, "new@brightwater.example").await;
        let (field, code, _) = fault(accept(weak).await);
        assert_eq!((field.as_str(), code.as_str()), ("password", "password_too_weak"));
        accept(GOOD).await.expect(200);

        let forgot = json!({"email": "mia@brightwater.example"});
        node.anybody().post("/auth/password/forgot", &forgot).await;
        let token = node.token_sent_to("mia@brightwater.example").await;
        let reset = async |password: &str| {
            let body = json!({"token": token, "password": password});
            node.anybody().post("/auth/password/reset", &body).await
        };
        assert_eq!(fault(reset(weak).await).1, "password_too_weak");
        assert_eq!(reset("seven lanterns of marble").await.status, 204);
        // Nobody else is asked for more.
        assert_eq!(change(&lax.caller, PASSWORD, weak).await.status, 204);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_in_the_list_of_breaches_is_refused_where_a_tenant_forbids_it() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (_, member) = node.member(&owner, "mia@acme.example", "member").await;
        assert_eq!(change(&member, PASSWORD, LEAKED).await.status, 204);
        ask(&owner, json!({"forbid_breached": true})).await;
        let shown = owner.caller.get("/tenants/current/security-policy").await.expect(200);
        assert_eq!(shown["password"]["forbid_breached"], true);

        let (field, code, detail) = fault(change(&member, LEAKED, "QuickSilver").await);
        assert_eq!((field.as_str(), code.as_str()), ("new_password", "password_breached"));
        assert!(!detail.to_lowercase().contains("quick"), "{detail}");
        let accept = invited(node, &owner, "new@acme.example").await;
        assert_eq!(fault(accept(LEAKED).await).1, "password_breached");
        assert_eq!(fault(accept("password123").await).1, "password_common");
        accept(GOOD).await.expect(200);

        let wrong = json!({"password": {"min_strength": 5, "min_length": 7}});
        let wrong = owner.caller.put("/tenants/current/security-policy", &wrong).await;
        assert_eq!(wrong.fields(), ["password.min_length", "password.min_strength"]);
    })
    .await;
}

/// A service that knows one password from a breach, until it is told to be away.
struct Service {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    away: Arc<Mutex<bool>>,
}

impl Service {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Self {
            url: format!("http://{}/range/", listener.local_addr().unwrap()),
            asked: Arc::default(),
            away: Arc::default(),
        };
        let (asked, away) = (Arc::clone(&service.asked), Arc::clone(&service.away));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(Self::answer(socket, Arc::clone(&asked), Arc::clone(&away)));
            }
        });
        service
    }

    async fn answer(mut socket: TcpStream, asked: Arc<Mutex<Vec<String>>>, away: Arc<Mutex<bool>>) {
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.ends_with(b"\r\n\r\n") {
            let read = socket.read(&mut buffer).await.unwrap_or(0);
            if read == 0 {
                return;
            }
            request.extend_from_slice(&buffer[..read]);
        }
        asked.lock().unwrap().push(String::from_utf8(request).unwrap());
        // Padding has the count 0: what it would name is in no breach.
        let padding = "0018A45C4D1DEF81644B54AB7F969B88D65:0\r\n";
        let body = format!("{padding}{}:7\r\n", &KNOWN_HASH[5..]);
        let status = if *away.lock().unwrap() { "503 Away" } else { "200 OK" };
        let answer = format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let _ = socket.write_all(answer.as_bytes()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_is_asked_about_every_new_password_and_learns_five_digits() {
    let service = Service::open().await;
    let setup = Setup::catalog("default").with("password_breach_url", &service.url);
    on_each_database(&setup, async |node| {
        *service.away.lock().unwrap() = false;
        let (field, code, _) = fault(sign_up(node, "acme", KNOWN_OUTSIDE).await);
        assert_eq!((field.as_str(), code.as_str()), ("owner_password", "password_breached"));
        let owner = node.sign_up("acme", "pro").await;
        let accept = invited(node, &owner, "new@acme.example").await;
        assert_eq!(fault(accept(KNOWN_OUTSIDE).await).1, "password_breached");
        assert_eq!(
            fault(change(&owner.caller, PASSWORD, KNOWN_OUTSIDE).await).1,
            "password_breached"
        );
        // It knows this one of no breach, and nobody asked for the list.
        assert_eq!(change(&owner.caller, PASSWORD, LEAKED).await.status, 204);

        // Signing in asks nobody.
        let before = service.asked.lock().unwrap().len();
        let log_in = json!({"email": owner.email, "password": LEAKED});
        node.anybody().post("/auth/login", &log_in).await.expect(200);
        assert_eq!(service.asked.lock().unwrap().len(), before);

        // While it is away the list in the program decides, for everybody.
        *service.away.lock().unwrap() = true;
        assert_eq!(fault(accept(LEAKED).await).1, "password_breached");
        accept(KNOWN_OUTSIDE).await.expect(200);
    })
    .await;

    let asked = service.asked.lock().unwrap().clone();
    assert!(asked.len() >= 12, "{}", asked.len());
    for request in asked {
        let (line, headers) = request.split_once("\r\n").unwrap();
        let digits = line
            .strip_prefix("GET /range/")
            .and_then(|line| line.strip_suffix(" HTTP/1.1"));
        let digits = digits.unwrap_or_else(|| panic!("{line}"));
        assert!(
            digits.len() == 5 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
            "{line}"
        );
        for secret in [KNOWN_OUTSIDE, LEAKED, PASSWORD, &KNOWN_HASH[5..11], "Olive", "acme"] {
            assert!(!headers.contains(secret), "{request}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_installation_asks_for_more_where_the_password_is_all_that_is_asked_for() {
    let setup = Setup::catalog("default").with("password_min_length", "15");
    on_each_database(&setup, async |node| {
        let short = "eleven char";
        let (_, code, detail) = fault(sign_up(node, "acme", short).await);
        assert_eq!(code, "password_too_short");
        assert!(detail.contains("15"), "{detail}");
        let owner = node.sign_up("acme", "enterprise").await;
        let accept = invited(node, &owner, "new@acme.example").await;
        assert_eq!(fault(accept(short).await).1, "password_too_short");

        // Where every tenant of somebody wants two factors, the password is never all.
        let policy = "/tenants/current/security-policy";
        owner
            .caller
            .put(policy, &json!({"mfa_required": true}))
            .await
            .expect(200);
        accept(short).await.expect(200);
        let log_in = json!({"email": "new@acme.example", "password": short});
        let waiting = node.anybody().post("/auth/login", &log_in).await.expect(200);
        assert_eq!(waiting["mfa_enrolment_required"], true, "{waiting}");

        // Once it is all, it does not do any more.
        owner.caller.put(policy, &json!({})).await.expect(200);
        let waiting = node.anybody().post("/auth/login", &log_in).await.expect(200);
        assert_eq!(waiting["password_change_required"], true, "{waiting}");
        assert_eq!(waiting["reason"], "password_too_short");
    })
    .await;
}
