//! GET /metrics: for scrapers on this machine, and for operators elsewhere.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::error::{Answer, ApiError};
use crate::extract::{CalledFrom, Local};
use crate::gate;
use crate::pace::PaceClass;
use crate::routes::Row;
use crate::state::Api;

/// Answers the metrics in Prometheus' text format.
///
/// From the machine itself, without a proxy between, no credential is needed; from elsewhere a platform role is.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "operations",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain",
        example = "# TYPE http_requests_total counter")))]
async fn handler(Local(local): Local, CalledFrom(origin): CalledFrom, request: HttpRequest, api: Data<Api>) -> Answer {
    if !local {
        let credential = gate::credential(request.headers())?.ok_or_else(ApiError::not_authenticated)?;
        let caller = api.doorman.authenticate(&credential, &origin).await?;
        api.doorman.enter_system(&caller, origin).await?;
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(api.health.metrics()))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Free)
        .refuses(401, "not_authenticated")
        .refuses(403, "permission_denied")
}
