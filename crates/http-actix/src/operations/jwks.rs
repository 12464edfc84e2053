//! GET /.well-known/jwks.json: the public keys that check our tokens.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;

use crate::error::{Answer, ApiError};
use crate::pace::PaceClass;
use crate::routes::Row;
use crate::state::Api;

/// Answers the JSON Web Key Set.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "jwks", tag = "operations",
    responses((status = 200, description = "The keys.", body = Object, content_type = "application/json",
        example = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "use": "sig", "alg": "EdDSA", "x": "…"}]}))))]
async fn handler(api: Data<Api>) -> Answer {
    let keys = api
        .health
        .jwks()
        .await
        .map_err(|missing| ApiError::unavailable("unavailable", format!("not available: {missing}"), 1))?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(keys))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).pace(PaceClass::Free)
}
