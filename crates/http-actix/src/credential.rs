//! What browsers give and take for passkeys: documents of WebAuthn, passed on as they are.

use serde_json::{Map, Value};

use crate::error::ApiError;

/// What a browser is asked, to be put into an answer.
pub(crate) fn options(text: &str) -> Result<Value, ApiError> {
    serde_json::from_str(text).map_err(|cause| ApiError::internal(format!("options of a passkey are no JSON: {cause}")))
}

/// What a browser answered: `PublicKeyCredential.toJSON()`.
pub(crate) type Credential = Map<String, Value>;

/// The text of what a browser answered.
pub(crate) fn answer(credential: &Credential) -> String {
    // What was read as JSON is always written as JSON.
    serde_json::to_string(credential).unwrap_or_default()
}
