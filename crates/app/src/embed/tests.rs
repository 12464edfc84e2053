use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use actix_web::{App, web};
use serde_json::{Value, json};
use tenantry_kernel::TenantScope;
use tenantry_kernel::testing::FixedClock;
use time::macros::datetime;

use sea_orm::Set;
use sea_orm_migration::{MigrationTrait, SchemaManager};
use tenantry_kernel::Transaction as _;
use tenantry_kernel::uuid::Uuid;
use tenantry_migrations::ddl::{tenant_owned, tenant_table, text, to_tenant};
use tenantry_store_seaorm::TenantOwned;
use tenantry_test_support::{Engine, FreshDatabase};

use super::{OpenError, Tenantry};

/// A table of the embedding program.
mod note {
    #![expect(
        clippy::disallowed_methods,
        reason = "`sea_orm::model` expands to calls that the fence forbids elsewhere"
    )]

    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub text: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantOwned for note::Entity {
    const TENANT: note::Column = note::Column::TenantId;
    const KEY: note::Column = note::Column::Id;
}

/// The migration that makes it.
#[derive(sea_orm_migration::prelude::DeriveMigrationName)]
struct Notes;

#[async_trait::async_trait]
impl MigrationTrait for Notes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), sea_orm::DbErr> {
        let table = tenant_table("note")
            .col(text("text"))
            .foreign_key(&mut to_tenant("note"))
            .take();
        manager.create_table(table).await?;
        tenant_owned(manager, "note").await
    }
}

/// An installation in memory, whose files go to a folder of the test's own.
async fn open(test: &str) -> Tenantry {
    let folder = std::env::temp_dir().join(format!("tenantry-embed-{}-{test}", std::process::id()));
    let now = datetime!(2026-03-01 12:00 UTC);
    Tenantry::builder()
        .catalog_builtin("default")
        .database_url("sqlite::memory:")
        .data_dir(folder)
        .set("password_cost", "fast")
        .clock(Arc::new(FixedClock::at(now)))
        .open()
        .await
        .unwrap()
}

/// Asks the API, as an embedding app mounts it.
async fn ask(tenantry: &Tenantry, request: TestRequest) -> (StatusCode, Value) {
    let protected = web::resource("/own/{tenant}/exports")
        .wrap(tenantry.protect().feature("audit_export").consumes("events", 400))
        .route(
            web::post().to(|scope: web::ReqData<TenantScope>| async move { web::Json(scope.tenant_id().to_string()) }),
        );
    let broken = web::resource("/own/broken")
        .wrap(tenantry.protect().consumes("no_such_meter", 1))
        .route(web::post().to(|| async { web::Json("never") }));
    let app = init_service(App::new().service(protected).service(broken).configure(tenantry.api())).await;
    let peer = "127.0.0.1:1".parse().unwrap();
    let answer = call_service(&app, request.peer_addr(peer).to_request()).await;
    let status = answer.status();
    (status, read_body_json(answer).await)
}

/// Signs up; answers the tenant's id and the owner's token.
async fn sign_up(tenantry: &Tenantry, slug: &str, plan: &str) -> (String, String) {
    let body = json!({"name": slug, "slug": slug, "plan": plan,
        "owner_email": format!("owner@{slug}.example"), "owner_name": "Olive", "owner_password": "correct horse battery"});
    let (status, made) = ask(tenantry, TestRequest::post().uri("/api/v1/tenants").set_json(body)).await;
    assert_eq!(status, 201, "{made}");
    let text = |pointer: &str| made.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    (text("/tenant/id"), text("/tokens/access_token"))
}

fn export(tenant: &str, token: &str) -> TestRequest {
    let uri = format!("/own/{tenant}/exports");
    TestRequest::post()
        .uri(&uri)
        .insert_header(("authorization", format!("Bearer {token}")))
}

#[actix_web::test]
async fn a_route_of_ones_own_runs_when_tenant_feature_and_quota_allow_it_and_is_counted() {
    let tenantry = open("declarations").await;
    let (free, on_free) = sign_up(&tenantry, "acme", "free").await;
    let (pro, on_pro) = sign_up(&tenantry, "globex", "pro").await;

    let unknown = ask(&tenantry, TestRequest::post().uri("/own/acme/exports")).await;
    let foreign = ask(&tenantry, export("globex", &on_free)).await;
    let without_feature = ask(&tenantry, export("acme", &on_free)).await;
    let allowed = ask(&tenantry, export("globex", &on_pro)).await;
    let by_id = ask(&tenantry, export(&pro, &on_pro)).await;

    assert_eq!(
        (unknown.0.as_u16(), &unknown.1["code"]),
        (401, &json!("not_authenticated"))
    );
    assert_eq!((foreign.0.as_u16(), &foreign.1["code"]), (404, &json!("not_found")));
    assert_eq!(without_feature.0, 402, "{}", without_feature.1);
    assert_eq!(without_feature.1["code"], "feature_not_in_plan");
    assert_eq!(without_feature.1["upgrade_to"], "pro");
    assert_eq!((allowed.0.as_u16(), &allowed.1), (200, &json!(pro)));
    assert_eq!(by_id.0, 200);
    let usage = |token: &str| {
        let bearer = ("authorization", format!("Bearer {token}"));
        TestRequest::get()
            .uri("/api/v1/tenants/current/quotas")
            .insert_header(bearer)
    };
    let used = |rows: &Value| {
        let rows = rows["data"].as_array().unwrap();
        rows.iter().find(|row| row["meter"] == "events").unwrap()["used"].clone()
    };
    assert_eq!(used(&ask(&tenantry, usage(&on_pro)).await.1), 800);
    assert_eq!(
        used(&ask(&tenantry, usage(&on_free)).await.1),
        0,
        "a refused call of {free} counts nothing"
    );
    tenantry.shut_down().await;
}

#[actix_web::test]
async fn a_quota_refuses_exactly_and_the_caller_needs_no_permission_to_be_counted() {
    let tenantry = open("quota").await;
    let (_, token) = sign_up(&tenantry, "acme", "free").await;
    let bearer = ("authorization", format!("Bearer {token}"));
    let body = json!({"name": "reader", "permissions": ["tenant.read"]});
    let create = TestRequest::post()
        .uri("/api/v1/tenants/current/api-keys")
        .insert_header(bearer)
        .set_json(body);
    let (_, minted) = ask(&tenantry, create).await;
    let request = TestRequest::get()
        .insert_header(("x-api-key", minted["key"].as_str().unwrap()))
        .to_http_request();
    let scope = tenantry.enter(&request).await.unwrap();

    let first = tenantry.consume(&scope, "events", 1_000).await.unwrap();
    let refused = tenantry.consume(&scope, "Events", 1).await.unwrap_err();

    assert_eq!(first.remaining(), Some(0));
    assert_eq!((refused.status().as_u16(), refused.code()), (429, "quota_exceeded"));
    tenantry.shut_down().await;
}

#[actix_web::test]
async fn a_mistake_of_the_program_is_not_blamed_on_the_caller() {
    let tenantry = open("mistake").await;
    let (_, token) = sign_up(&tenantry, "acme", "free").await;
    let bearer = ("authorization", format!("Bearer {token}"));

    let (status, problem) = ask(&tenantry, TestRequest::post().uri("/own/broken").insert_header(bearer)).await;

    assert_eq!((status.as_u16(), &problem["code"]), (500, &json!("internal_error")));
    assert!(!problem.to_string().contains("no_such_meter"));
    tenantry.shut_down().await;
}

#[actix_web::test]
async fn a_resolver_names_the_tenant_and_the_credential_still_decides() {
    let folder = std::env::temp_dir().join(format!("tenantry-embed-{}-resolver", std::process::id()));
    let tenantry = Tenantry::builder()
        .database_url("sqlite::memory:")
        .data_dir(folder)
        .set("password_cost", "fast")
        .resolver(|request| request.query_string().strip_prefix("team=").map(str::to_owned))
        .open()
        .await
        .unwrap();
    let (acme, token) = sign_up(&tenantry, "acme", "free").await;
    sign_up(&tenantry, "globex", "free").await;
    let at = |uri: &str| {
        let bearer = ("authorization", format!("Bearer {token}"));
        TestRequest::get().uri(uri).insert_header(bearer).to_http_request()
    };

    let own = tenantry.enter(&at("/x?team=acme")).await.unwrap();
    let foreign = tenantry.enter(&at("/x?team=globex")).await.unwrap_err();

    assert_eq!(own.tenant_id().to_string(), acme);
    assert_eq!(foreign.status(), 404);
    tenantry.shut_down().await;
}

#[actix_web::test]
async fn an_unknown_setting_names_the_nearest_known_one() {
    let refused = Tenantry::builder().set("databse_url", "sqlite::memory:").open().await;

    let Err(OpenError::Config(wrong)) = refused else {
        panic!("it was accepted");
    };
    assert!(wrong.to_string().contains("did you mean \"database_url\""), "{wrong}");
}

#[test]
fn the_page_shows_the_example_as_it_is() {
    let page = include_str!("../../../../docs/embedding.md");
    let example = include_str!("../../examples/embedded.rs");

    assert!(
        page.contains(&format!("```rust,no_run\n{example}```")),
        "docs/embedding.md shows another example"
    );
}

#[actix_web::test]
async fn a_table_of_ones_own_is_as_separate_as_ours() {
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(database) = FreshDatabase::on(engine).await else {
            continue;
        };
        let folder = std::env::temp_dir().join(format!("tenantry-embed-{}-notes", std::process::id()));
        let tenantry = Tenantry::builder()
            .database_url(database.url())
            .data_dir(folder)
            .set("password_cost", "fast")
            .open()
            .await
            .unwrap();
        Notes
            .up(&SchemaManager::new(tenantry.store().schema_connection()))
            .await
            .unwrap();
        let mut scopes = Vec::new();
        for slug in ["acme", "globex"] {
            let (id, _) = sign_up(&tenantry, slug, "free").await;
            scopes.push(tenantry.enter_as_system(id.parse().unwrap(), "notes").await.unwrap());
        }
        let (acme, globex) = (&scopes[0], &scopes[1]);
        let id = Uuid::from_u128(1);

        let unit = tenantry.store().unit_for(acme).await.unwrap();
        // What the row itself says about its tenant does not count.
        let row = note::ActiveModel {
            tenant_id: Set(globex.tenant_id().as_uuid()),
            id: Set(id),
            text: Set("ours".to_owned()),
        };
        unit.add(row).await.unwrap();
        Box::new(unit).commit(vec![]).await.unwrap();

        for (scope, seen) in [(acme, 1), (globex, 0)] {
            let unit = tenantry.store().read_for(scope).await.unwrap();
            let found = unit.row::<note::Entity>(id).all(unit.txn()).await.unwrap();
            assert_eq!(found.len(), seen, "{engine}");
        }
        tenantry.shut_down().await;
    }
}
