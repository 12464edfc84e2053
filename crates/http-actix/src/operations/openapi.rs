//! GET /openapi.json: this API, described.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;

use crate::error::Answer;
use crate::routes::Row;
use crate::state::Api;

/// Answers the OpenAPI 3.1 document of this API.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "operations",
    responses((status = 200, description = "The document.", body = Object, content_type = "application/json")))]
async fn handler(api: Data<Api>) -> Answer {
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(api.document()))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
}
