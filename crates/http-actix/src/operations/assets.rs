//! GET /docs/{file}: what the reference page is made of, from the binary itself.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;

use super::docs::POLICY;
use crate::error::{Answer, ApiError};
use crate::extract::PathText;
use crate::routes::Row;

const START: &str = r##"window.addEventListener("load", function () {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#reference",
    deepLinking: true,
    validatorUrl: null,
    persistAuthorization: false
  });
});
"##;

/// Answers a part of the reference page.
#[utoipa::path(get, path = "/docs/{file}", operation_id = "docs_asset", tag = "operations",
    responses((status = 200, description = "The file.", body = String, content_type = "*/*")))]
async fn handler(PathText(file): PathText) -> Answer {
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"));
    if file == "start.js" {
        return Ok(answer.content_type("text/javascript; charset=utf-8").body(START));
    }
    if !matches!(
        file.as_str(),
        "swagger-ui.css" | "swagger-ui-bundle.js" | "favicon-32x32.png"
    ) {
        return Err(ApiError::not_found());
    }
    let found = utoipa_swagger_ui::serve(&file, Arc::new(utoipa_swagger_ui::Config::from("/openapi.json")));
    match found {
        Ok(Some(found)) => Ok(answer.content_type(found.content_type).body(found.bytes.into_owned())),
        Ok(None) => Err(ApiError::not_found()),
        Err(failed) => Err(ApiError::internal(format!("the reference page is broken: {failed}"))),
    }
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
}
