//! GET /livez: the process answers. Depends on nothing.

use actix_web::HttpResponse;

use crate::error::Answer;
use crate::pace::PaceClass;
use crate::routes::Row;

/// Tells that the process is alive.
#[utoipa::path(get, path = "/livez", operation_id = "livez", tag = "operations",
    responses((status = 200, description = "Alive.", body = String, content_type = "text/plain", example = "ok")))]
async fn handler() -> Answer {
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok"))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).pace(PaceClass::Free)
}
