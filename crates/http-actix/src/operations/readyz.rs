//! GET /readyz: requests can be served, the database included.

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::error::{Answer, ApiError};
use crate::pace::PaceClass;
use crate::routes::Row;
use crate::state::Api;

/// Tells whether requests can be served now.
///
/// Says no while the process shuts down, so that a balancer sends new requests elsewhere.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "operations",
    responses((status = 200, description = "Ready.", body = String, content_type = "text/plain", example = "ok")))]
async fn handler(api: Data<Api>) -> Answer {
    if api.is_draining() {
        return Err(ApiError::unavailable("not_ready", "shutting down", 1));
    }
    match api.health.ready().await {
        Ok(()) => Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok")),
        Err(missing) => Err(ApiError::unavailable(
            "not_ready",
            format!("not available: {missing}"),
            1,
        )),
    }
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Free)
        .refuses(503, "not_ready")
}
