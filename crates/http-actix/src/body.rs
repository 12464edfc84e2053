//! Reads the body of a request, never more than allowed.

use actix_web::web::{Bytes, Payload};

use crate::error::ApiError;
use crate::gate::too_large;

/// The whole body.
pub(crate) async fn read(payload: Payload, limit_bytes: usize) -> Result<Bytes, ApiError> {
    match payload.to_bytes_limited(limit_bytes).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(ApiError::malformed("malformed_request", "the body could not be read")),
        Err(_) => Err(too_large(limit_bytes)),
    }
}
