//! Client data: what the browser says it did (WebAuthn level 2, section 5.8.1).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use tenantry_identity::passkey::{CeremonyRefused, Challenge};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Create,
    Get,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: Option<bool>,
}

/// Checks that the browser did this, for this challenge, on one of these origins, and in a page of its own.
pub(crate) fn check(json: &[u8], deed: Deed, challenge: &Challenge, origins: &[String]) -> Result<(), CeremonyRefused> {
    let said: ClientData = serde_json::from_slice(json).map_err(|_| CeremonyRefused("the client data is not JSON"))?;
    let wanted = match deed {
        Deed::Create => "webauthn.create",
        Deed::Get => "webauthn.get",
    };
    if said.r#type != wanted {
        return Err(CeremonyRefused("the browser did something else"));
    }
    let signed = URL_SAFE_NO_PAD.decode(&said.challenge).unwrap_or_default();
    if verify_slices_are_equal(&signed, challenge.as_bytes()).is_err() {
        return Err(CeremonyRefused("another challenge was signed"));
    }
    if !origins.contains(&said.origin) {
        return Err(CeremonyRefused("it was done on another origin"));
    }
    if said.cross_origin == Some(true) {
        return Err(CeremonyRefused("it was done in a frame of another origin"));
    }
    Ok(())
}
