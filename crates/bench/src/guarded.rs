//! The bare answer behind Tenantry: an actix-web app of somebody else's that asks, embedded, who calls before it answers.
//!
//! What it costs beyond the bare answer is the check of a credential alone, with everything warm: signature or
//! fingerprint, session, tenant, membership, pace.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use actix_web::web::Data;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use tenantry_app::embed::Tenantry;
use tenantry_app::embed::http::ApiError;

use crate::hello::hello;
use crate::installation::CATALOG;
use crate::process::{Server, free_address};
use crate::{Outcome, Plan};

async fn guarded(request: HttpRequest, tenantry: Data<Tenantry>) -> Result<HttpResponse, ApiError> {
    tenantry.enter(&request).await?;
    Ok(hello().await)
}

/// Serves until it is stopped, with an installation of its own in this folder.
pub fn serve(listen: SocketAddr, folder: &Path) -> Outcome<()> {
    let catalog = folder.join("catalog.toml");
    std::fs::create_dir_all(folder)?;
    std::fs::write(&catalog, CATALOG)?;
    let system = actix_web::rt::System::new();
    system.block_on(async {
        let tenantry = Tenantry::builder()
            .catalog_file(&catalog)
            .data_dir(folder.join("data"))
            .set("mode", "development")
            .set("rate_limit_person", "off")
            .set("rate_limit_address", "off")
            .open()
            .await?;
        let shared = tenantry.clone();
        let server = move || {
            App::new()
                .route("/guarded", web::get().to(guarded))
                .configure(shared.api())
        };
        HttpServer::new(server).bind(listen)?.run().await?;
        tenantry.shut_down().await;
        Ok(())
    })
}

/// Starts it as a process of its own.
pub async fn start(plan: &Plan, folder: PathBuf) -> Outcome<Server> {
    std::fs::create_dir_all(&folder)?;
    let address = free_address()?;
    let mut command = plan.cores.for_server(&std::env::current_exe()?);
    command.args(["guarded", "--listen", &address.to_string(), "--folder"]);
    command.arg(&folder);
    Server::start(command, address, &folder.join("log.txt")).await
}
