//! GET /me/mfa/recovery-codes: how many are left.

use actix_web::web;
use serde::Serialize;
use tenantry_identity::factor::FactorService;
use utoipa::ToSchema;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render;
use crate::routes::Row;

/// What the person has.
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodesLeft)]
struct View {
    /// How many recovery codes are left.
    #[schema(example = 10)]
    remaining: u64,
    /// What a sign-in may show: `totp`, `passkey`, `recovery_code`.
    methods: Vec<&'static str>,
}

/// Tells how many recovery codes are left, and which factors there are. The codes themselves are shown once only.
#[utoipa::path(get, path = "/api/v1/me/mfa/recovery-codes", operation_id = "me_recovery_codes_left", tag = "me",
    responses((status = 200, description = "The number.", body = View)))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    factors: web::Data<FactorService>,
) -> Answer {
    let factors = factors.of(&identified(&person, origin)).await?;
    Ok(render::ok(&View {
        remaining: factors.recovery_codes,
        methods: factors.methods(),
    }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
