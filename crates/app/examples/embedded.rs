//! A program of its own with Tenantry inside: one route that needs a tenant and a feature, and uses up a quota.
//!
//! `cargo run -p tenantry-app --example embedded`, then sign up at <http://127.0.0.1:8090/docs>.

use actix_web::{App, HttpResponse, HttpServer, web};
use tenantry_app::embed::Tenantry;
use tenantry_app::embed::kernel::TenantScope;

/// Runs only when all three declarations of its route hold; what it uses is counted by then.
async fn export(scope: web::ReqData<TenantScope>) -> HttpResponse {
    HttpResponse::Ok().json(format!("everything of tenant {}", scope.tenant_id()))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tenantry = Tenantry::builder()
        .catalog_builtin("default")
        .data_dir("./embedded-data")
        .set("public_url", "http://127.0.0.1:8090")
        .open()
        .await?;
    tenantry.spawn_workers();

    let shared = tenantry.clone();
    HttpServer::new(move || {
        let exports = web::resource("/exports")
            // Needs a tenant, needs the feature, consumes the meter.
            .wrap(shared.protect().feature("audit_export").consumes("events", 10))
            .route(web::post().to(export));
        App::new().service(exports).configure(shared.api())
    })
    .bind("127.0.0.1:8090")?
    .run()
    .await?;

    tenantry.shut_down().await;
    Ok(())
}
