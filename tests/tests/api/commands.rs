//! The commands of the program, as a shell runs them.

use serde_json::{Value, json};
use tenantry_http_actix::routes;
use tenantry_test_support::TestRedis;

use crate::harness::{Engine, FreshDatabase, PASSWORD, Process, Setup, Shell, eventually, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_is_brought_up_to_date_once() {
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(database) = FreshDatabase::empty_on(engine).await else {
            continue;
        };
        let shell = Shell::new(&Setup::catalog("default"), Some(&database));

        let before = shell.run(&["migrate", "--status"]);
        assert!(
            before.well && before.out.contains("pending  m2026"),
            "{}{}",
            before.out,
            before.complaint
        );
        assert!(!before.out.contains("applied"), "{}", before.out);
        let done = shell.run(&["migrate"]);
        assert!(
            done.well && done.out.contains("applied  m2026"),
            "{}{}",
            done.out,
            done.complaint
        );
        let again = shell.run(&["migrate"]);
        assert_eq!((again.well, again.out.trim()), (true, "The schema is up to date."));
        let after = shell.run(&["migrate", "--status"]);
        assert!(!after.out.contains("pending"), "{}", after.out);
        assert_eq!(
            after.out.matches("applied").count(),
            before.out.matches("pending").count()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_is_made_at_the_console_and_signs_in_over_http() {
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(database) = FreshDatabase::on(engine).await else {
            continue;
        };
        let key = "0f0e0d0c0b0a09080706050403020100000102030405060708090a0b0c0d0e0f";
        let setup = Setup::catalog("rentroll").with("master_key", key);
        let shell = Shell::new(&setup, Some(&database));

        let create = [
            "admin",
            "create",
            "--email",
            "root@rentroll.example",
            "--password-stdin",
        ];
        let weak = shell.run_with(&create, "short\n");
        assert!(!weak.well && weak.complaint.contains("password"), "{}", weak.complaint);
        let unknown = shell.run_with(
            &[&create[..], &["--role", "emperor"]].concat(),
            &format!("{PASSWORD}\n"),
        );
        assert!(
            !unknown.well && unknown.complaint.contains("super_admin or support"),
            "{}",
            unknown.complaint
        );
        let made = shell.run_with(
            &[&create[..], &["--role", "SuperAdmin"]].concat(),
            &format!("{PASSWORD}\n"),
        );
        assert!(made.well, "{}", made.complaint);
        assert!(!made.out.contains(PASSWORD) && !made.complaint.contains(PASSWORD));

        let node = Process::start(&setup, database.url()).await;
        let body = json!({"email": "root@rentroll.example", "password": PASSWORD});
        let signed_in = node.anybody().post("/auth/login", &body).await.expect(200);
        assert_eq!(signed_in["tenant"], Value::Null);
        // As this catalog calls it.
        assert_eq!(signed_in["user"]["platform_role"], "super_admin");
        let operator = node.bearer(signed_in["access_token"].as_str().unwrap());
        let client = json!({"organization_name": "Acme", "tenant_tier": "basic", "billing_email": "a@acme.example"});
        operator.post("/admin/tenants", &client).await.expect(201);
        assert_eq!(operator.get("/me").await.expect(200)["platform_role"], "super_admin");

        // Tenantry's own name is understood too.
        let helper = [
            "admin",
            "create",
            "--email",
            "help@rentroll.example",
            "--role",
            "Support",
            "--password-stdin",
        ];
        let made = shell.run_with(&helper, &format!("{PASSWORD}\n"));
        assert!(
            made.well && made.out.contains("support"),
            "{}{}",
            made.out,
            made.complaint
        );
        let body = json!({"email": "help@rentroll.example", "password": PASSWORD});
        let signed_in = node.anybody().post("/auth/login", &body).await.expect(200);
        assert_eq!(signed_in["user"]["platform_role"], "support");
        let helper = node.bearer(signed_in["access_token"].as_str().unwrap());
        helper.get("/admin/tenants").await.expect(200);
        helper
            .post("/admin/tenants", &client)
            .await
            .refused(403, "permission_denied");

        // Who is dismissed is out everywhere within a second, and nobody any more.
        let dismiss = ["admin", "dismiss", "--email", "help@rentroll.example"];
        let dismissed = shell.run(&dismiss);
        assert!(
            dismissed.well && dismissed.out.contains("it was support"),
            "{}{}",
            dismissed.out,
            dismissed.complaint
        );
        eventually("the helper is out", async || {
            (helper.get("/admin/tenants").await.status == 401).then_some(())
        })
        .await;
        let signed_in = node.anybody().post("/auth/login", &body).await.expect(200);
        assert_eq!(signed_in["user"]["platform_role"], Value::Null);
        let again = shell.run(&dismiss);
        assert!(
            !again.well && again.complaint.contains("nobody with this address"),
            "{}",
            again.complaint
        );

        // The billing run by hand beside it has nothing to do, and says so.
        let billed = shell.run(&["billing", "run"]);
        assert!(billed.well, "{}", billed.complaint);
        assert!(
            billed.out.starts_with("0 period ends settled, 0 invoices issued"),
            "{}",
            billed.out
        );
        let later = shell.run(&["billing", "run", "--as-of", "tomorrow"]);
        assert!(
            !later.well && later.complaint.contains("2026-01-31T00:00:00Z"),
            "{}",
            later.complaint
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn catalogs_are_shown_and_checked_with_line_and_column() {
    let shell = Shell::new(&Setup::catalog("default"), None);

    for name in ["default", "secure-ai-chat", "apex", "securenet", "pytake", "rentroll"] {
        let shown = shell.run(&["catalog", "show", name]);
        assert!(
            shown.well && shown.out.contains(&format!("name = \"{name}\"")),
            "{}",
            shown.complaint
        );
        // What is shown can be begun with.
        let file = shell.file("own.toml", &shown.out);
        let checked = shell.run(&["catalog", "check", text(&file)]);
        assert!(checked.well, "{}", checked.complaint);
    }

    let shown = shell.run(&["catalog", "show", "pytake"]).out;
    let wrong = shown
        .replace("messages = 1_000\n", "mesages = 1_000\n")
        .replace("USD = \"29.00\"", "USD = \"29.001\"");
    let file = shell.file("wrong.toml", &wrong);
    let refused = shell.run(&["catalog", "check", text(&file)]);
    assert!(!refused.well);
    for (mistake, hint) in [("mesages", "messages"), ("29.001", "")] {
        let line = 1 + wrong.lines().position(|line| line.contains(mistake)).unwrap();
        let told = refused
            .complaint
            .lines()
            .find(|told| told.contains(&format!("wrong.toml:{line}:")));
        let told = told.unwrap_or_else(|| panic!("line {line} is not named:\n{}", refused.complaint));
        assert!(refused.complaint.contains(hint), "{told}");
    }
    let unknown = shell.run(&["catalog", "show", "pytaek"]);
    assert!(
        !unknown.well && unknown.complaint.contains("pytake"),
        "{}",
        unknown.complaint
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_openapi_document_is_printed_as_it_is_served() {
    let database = FreshDatabase::on(Engine::SqliteFile).await.unwrap();
    let setup = Setup::catalog("default");
    let shell = Shell::new(&setup, None);

    let printed = shell.run(&["openapi"]);
    assert!(printed.well, "{}", printed.complaint);
    let printed: Value = serde_json::from_str(&printed.out).unwrap();
    let node = Process::start(&setup, database.url()).await;
    let served = node.anybody().get("//openapi.json").await.expect(200);

    assert_eq!(printed, served);
    assert_eq!(printed["openapi"], "3.1.0");
    for row in routes::rows() {
        let method = row.method().as_str().to_ascii_lowercase();
        assert_eq!(
            printed["paths"][row.path()][&method]["operationId"],
            row.operation_id(),
            "{row:?}"
        );
    }
    // The page that shows it loads nothing from elsewhere.
    let page = node.anybody().get("//docs").await;
    assert_eq!(page.status, 200);
    for elsewhere in ["src=\"http", "href=\"http", "src=\"//", "@import"] {
        assert!(!page.text.contains(elsewhere), "{elsewhere}: {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mistakes_in_the_configuration_are_named_with_what_was_meant() {
    let shell = |key: &'static str, value: &str| {
        let mut shell = Shell::new(&Setup::catalog("default"), None);
        shell.settings.push((key, value.to_owned()));
        shell
    };
    for (key, value, told) in [
        ("catalgo", "default", "TENANTRY_CATALOG"),
        ("catalog", "pytaek", "pytake"),
        ("listen", "here", "TENANTRY_LISTEN"),
        ("mode", "production", "master"),
    ] {
        let refused = shell(key, value).run(&["serve"]);
        assert!(!refused.well, "{key} = {value}");
        assert!(
            refused.complaint.contains(told),
            "{key} = {value}: {}",
            refused.complaint
        );
    }
    let doctor = shell("pool_size", "4").run(&["doctor"]);
    assert!(
        doctor.out.contains("pool_size = 4"),
        "{}{}",
        doctor.out,
        doctor.complaint
    );
    assert!(doctor.well, "{}{}", doctor.out, doctor.complaint);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_asks_redis_what_a_call_would() {
    let doctor = |url: &str| {
        let mut shell = Shell::new(&Setup::catalog("default"), None);
        shell.settings.push(("redis_url", url.to_owned()));
        shell.settings.push(("redis_timeout_ms", "2000".to_owned()));
        shell.run(&["doctor"])
    };

    let nobody = doctor("redis://127.0.0.1:1");
    assert!(
        !nobody.well && nobody.out.contains("WRONG    rate limits"),
        "{}",
        nobody.out
    );
    if let Some(redis) = TestRedis::start() {
        let answered = doctor(redis.url());
        assert!(answered.well, "{}{}", answered.out, answered.complaint);
        assert!(answered.out.contains("ok       rate limits"), "{}", answered.out);
    }
}
