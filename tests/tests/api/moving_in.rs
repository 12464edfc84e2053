//! Moving in: people from another system, with their passwords.

use reqwest::Method;
use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;

use crate::harness::{Caller, Engine, FreshDatabase, Node, PASSWORD, Process, Setup, Shell, on_each_database};

/// Hashes of everybody's password: by libxcrypt (bcrypt) and Python's hashlib.
const BCRYPT: &str = "$2y$06$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK";
const DJANGO: &str = "pbkdf2_sha256$1200$seasalt12345$I5wmaPS+XT+gE+MA3kJXRtef2ufUkYWavUAnE1eKqww=";
const WERKZEUG: &str = "scrypt:1024:8:1$Fe7nKq3xZa9$45178f246bd121ba172de042926cb725e289a33eb4b17e6669fb8306de6170306fdb0060c28c623ff5bfe497c66886dd97f005fa2b61c651ebba14772099219f";

async fn signs_in(node: &Node, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password});
    node.anybody().post("/auth/login", &body).await.status
}

async fn import(caller: &Caller, tenant: &str, rows: Value) -> Value {
    let path = format!("/tenants/{tenant}/users/import");
    caller.post(&path, &json!({"users": rows})).await.expect(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_come_along_with_their_passwords_roles_and_places() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "pro").await;
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let file = format!(
            "email,name,role,status,department,position,password_hash,verified\r\n\
             ada@acme.example,Ada,admin,active,R&D,Lead,{BCRYPT},true\r\n\
             bob@acme.example,ボブ,member,active,,,{DJANGO},yes\r\n\
             cat@acme.example,Cat,viewer,,,,{WERKZEUG},1\r\n\
             dan@acme.example,Dan,member,deactivated,,,,\r\n\
             eve@acme.example,Eve,member,invited,,,,\r\n\
             fay@acme.example,Fay,member,active,,,$2b$31$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK,true\r\n\
             gus@acme.example,Gus,member,asleep,,,,maybe\r\n"
        );
        let path = format!("/tenants/{}/users/import", owner.tenant);
        let csv = operator.with("content-type", "text/csv");
        let send = async |query: &str| {
            let body = Some(file.as_bytes().to_vec());
            csv.send(Method::POST, &format!("{path}{query}"), body)
                .await
                .expect(200)
        };

        let dry = send("?dry_run=true").await;
        assert_eq!(signs_in(node, "ada@acme.example", PASSWORD).await, 401);
        let report = send("").await;

        assert_eq!(
            (&dry["imported"], &report["imported"], &report["invited"]),
            (&json!(4), &json!(4), &json!(1))
        );
        assert_eq!(report["data"][5]["errors"][0]["code"], "hash_too_dear");
        assert_eq!(report["data"][6]["errors"][0]["field"], "verified");
        for email in ["ada@acme.example", "bob@acme.example", "cat@acme.example"] {
            assert_eq!(signs_in(node, email, "wrong password").await, 401, "{email}");
            assert_eq!(signs_in(node, email, PASSWORD).await, 200, "{email}");
            // By now it is a hash of ours.
            assert_eq!(signs_in(node, email, PASSWORD).await, 200, "{email}");
        }
        let ada = node.log_in("ada@acme.example").await;
        let me = ada.get("/tenants/current/users?q=ada").await.expect(200);
        assert_eq!(
            (&me["data"][0]["role"], &me["data"][0]["department"]),
            (&json!("admin"), &json!("R&D"))
        );
        let gone = ada.get("/tenants/current/users?status=deactivated").await.expect(200);
        assert_eq!(gone["data"].as_array().unwrap().len(), 1);
        // Dan takes no seat; the invited one does.
        assert_eq!(owner.quota("users").await["used"], 5);
        node.token_sent_to("eve@acme.example").await;
        assert!(
            node.letters_to("ada@acme.example").is_empty(),
            "nobody is written to who was not invited"
        );
    })
    .await;
}

/// Whoever runs a tenant brings a victim's address along, and waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_address_or_password_lets_nobody_into_anothers_account() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let evil = node.sign_up("evil", "pro").await;
        let acme = node.sign_up("acme", "pro").await;
        let victim = node.sign_up("globex", "pro").await;
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;

        // A tenant's own people bring no passwords and vouch for no address.
        let row = json!([{"email": "vic@people.example", "role": "member", "password_hash": BCRYPT, "verified": true}]);
        let refused = import(&evil.caller, "current", row).await;
        let codes: Vec<_> = refused["data"][0]["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| &error["code"])
            .collect();
        assert_eq!(codes, [&json!("operators_only"), &json!("operators_only")]);

        // Not even an operator replaces the password of somebody who is known.
        let row = json!([{"email": victim.email, "role": "member", "password_hash": DJANGO, "verified": true}]);
        let known = import(&operator, &evil.tenant, row).await;
        assert_eq!(known["data"][0]["status"], "imported");
        assert_eq!(known["data"][0]["errors"][0]["code"], "not_taken");

        // An operator was talked into a hash, but not into vouching: the victim's first mail makes an end of it.
        let row = json!([{"email": "vic@people.example", "role": "member", "password_hash": BCRYPT}]);
        assert_eq!(import(&operator, &evil.tenant, row).await["imported"], 1);
        let planted = node.log_in("vic@people.example").await;
        let body = json!({"email": "vic@people.example", "role": "admin"});
        acme.caller
            .post("/tenants/current/invitations", &body)
            .await
            .expect(201);
        let token = node.token_sent_to("vic@people.example").await;
        let stolen = json!({"token": "invite_x", "password": PASSWORD});
        node.anybody()
            .post("/invitations/accept", &stolen)
            .await
            .refused(401, "invitation_invalid");
        let without = json!({"token": token});
        assert_eq!(
            node.anybody().post("/invitations/accept", &without).await.fields(),
            ["password"]
        );
        let own = json!({"token": token, "password": "chosen by the victim"});
        node.anybody().post("/invitations/accept", &own).await.expect(200);

        assert_eq!(signs_in(node, "vic@people.example", PASSWORD).await, 401);
        assert_eq!(signs_in(node, "vic@people.example", "chosen by the victim").await, 200);
        planted.get("/me").await.refused(401, "not_authenticated");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_brings_a_file_along() {
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(database) = FreshDatabase::on(engine).await else {
            continue;
        };
        let key = "0f0e0d0c0b0a09080706050403020100000102030405060708090a0b0c0d0e0f";
        let setup = Setup::catalog("secure-ai-chat").with("master_key", key);
        let node = Process::start(&setup, database.url()).await;
        let sign_up = json!({
            "name": "Acme", "slug": "acme", "plan": "enterprise",
            "owner_email": "owner@acme.example", "owner_name": "Olive", "owner_password": PASSWORD,
        });
        node.anybody().post("/tenants", &sign_up).await.expect(201);
        let file = crate::harness::folder("import").join("people.csv");
        let rows: Vec<String> = (0..1_200)
            .map(|number| format!("p{number}@acme.example;USER;{BCRYPT};true\n"))
            .collect();
        let rows = rows.concat();
        std::fs::write(
            &file,
            format!("email;role;password_hash;verified\n{rows}x@acme.example;WIZARD;;\n"),
        )
        .unwrap();
        let shell = Shell::new(&setup, Some(&database));
        let path = file.display().to_string();

        let dry = shell.run(&["import", "--tenant", "acme", "--dry-run", &path]);
        let done = shell.run(&["import", "--tenant", "acme", &path]);
        let nowhere = shell.run(&["import", "--tenant", "nowhere", &path]);
        std::fs::write(&file, "email;colour\n").unwrap();
        let no_file = shell.run(&["import", "--tenant", "acme", &path]);

        assert!(
            dry.out.contains("1200 would be imported, 0 would be invited, 1 not"),
            "{}{}",
            dry.out,
            dry.complaint
        );
        assert!(
            done.out.contains("1200 imported, 0 invited, 1 not"),
            "{}{}",
            done.out,
            done.complaint
        );
        assert!(
            done.out.contains("row 1201, x@acme.example: invalid (role: "),
            "{}",
            done.out
        );
        assert!(
            !done.well && !nowhere.well && !no_file.well,
            "what did not land is a failure"
        );
        assert!(
            nowhere.complaint.contains("there is no tenant \"nowhere\""),
            "{}",
            nowhere.complaint
        );
        assert!(
            no_file.complaint.contains("colour") && no_file.complaint.contains("role is needed"),
            "{}",
            no_file.complaint
        );
        let body = json!({"email": "p1199@acme.example", "password": PASSWORD});
        let signed_in = node.anybody().post("/auth/login", &body).await.expect(200);
        assert_eq!(signed_in["tenant"]["slug"], "acme");
    }
}
