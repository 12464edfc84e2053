//! POST /me/step-up: proves again who one is.

use actix_web::web;
use serde::{Deserialize, Serialize};
use tenantry_identity::factor::{ChallengeOf, Shown};
use tenantry_identity::step_up::{StepUpProof, StepUpService};
use tenantry_kernel::Secret;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::identified;
use crate::auth::missing;
use crate::credential::{self, Credential};
use crate::error::{Answer, ApiError};
use crate::extract::{CalledFrom, JsonBody, SignedIn};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// How it is proved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StepUp, example = json!({"method": "password", "password": "correct horse battery"}))]
struct Body {
    /// How: `password`, `totp`, `recovery_code` or `passkey`.
    method: String,
    /// The password, where it is the method.
    #[serde(default)]
    #[schema(format = Password)]
    password: Option<String>,
    /// The code, where one is the method.
    #[serde(default)]
    code: Option<String>,
    /// The state of `POST /auth/passkeys/login/start`, where a passkey is the method.
    #[serde(default)]
    state: Option<String>,
    /// What the browser answered to its options, as JSON.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    credential: Option<Credential>,
}

impl Body {
    fn proof(self) -> Result<StepUpProof, ApiError> {
        let proof = match self.method.as_str() {
            "password" => StepUpProof::Password(Secret::new(self.password.ok_or_else(|| missing("password"))?)),
            "totp" => StepUpProof::Factor(Shown::Totp(self.code.ok_or_else(|| missing("code"))?)),
            "recovery_code" => StepUpProof::Factor(Shown::RecoveryCode(self.code.ok_or_else(|| missing("code"))?)),
            "passkey" => {
                let (state, credential) = match (self.state, self.credential) {
                    (Some(state), Some(credential)) => (state, credential),
                    (None, _) => return Err(missing("state")),
                    (_, None) => return Err(missing("credential")),
                };
                StepUpProof::Factor(Shown::Passkey {
                    credential: credential::answer(&credential),
                    challenge: ChallengeOf::Ceremony(state),
                })
            }
            _ => {
                return Err(ApiError::invalid(
                    "method",
                    &"must be password, totp, recovery_code or passkey",
                ));
            }
        };
        Ok(proof)
    }
}

/// Until when it holds.
#[derive(Serialize, ToSchema)]
#[schema(as = SteppedUp)]
struct View {
    /// Delicate changes need no further proof until then.
    #[serde(with = "time::serde::rfc3339")]
    stepped_up_until: OffsetDateTime,
}

/// Proves again who one is, for delicate changes.
///
/// Routes that answer 403 `step_up_required` want a proof that is ten minutes old at most; signing in is one. The
/// tokens in hand go on as they are.
#[utoipa::path(post, path = "/api/v1/me/step-up", operation_id = "me_step_up", tag = "me", request_body = Body,
    responses((status = 200, description = "Proved.", body = View)))]
async fn handler(
    SignedIn(person): SignedIn,
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    step_ups: web::Data<StepUpService>,
) -> Answer {
    let proof = body.proof()?;
    let stepped_up_until = step_ups.prove(&identified(&person, origin), proof).await?;
    Ok(render::ok(&View { stepped_up_until }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .pace(PaceClass::Guessable)
        .refuses(401, "invalid_code")
        .refuses(401, "ceremony_over")
        .refuses(429, "too_many_attempts")
}
