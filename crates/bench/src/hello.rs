//! The bare answer: an actix-web app that does nothing but answer JSON.

use std::net::SocketAddr;

use actix_web::{App, HttpResponse, HttpServer, web};
use serde::Serialize;

use crate::Outcome;

#[derive(Serialize)]
struct Hello {
    message: &'static str,
}

/// The answer.
pub async fn hello() -> HttpResponse {
    HttpResponse::Ok().json(Hello { message: "hello" })
}

/// Serves until it is stopped.
pub fn serve(listen: SocketAddr) -> Outcome<()> {
    let system = actix_web::rt::System::new();
    let server = || {
        App::new()
            .route("/readyz", web::get().to(hello))
            .route("/hello", web::get().to(hello))
    };
    system.block_on(HttpServer::new(server).bind(listen)?.run())?;
    Ok(())
}
