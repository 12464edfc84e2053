//! POST /auth/passkeys/login/finish: a passkey for tokens.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::Secret;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::{ByPasskey, SignInService};
use utoipa::ToSchema;

use crate::credential::{self, Credential};
use crate::error::Answer;
use crate::extract::{Addressed, CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::state::Api;
use crate::views::session::OutcomeView;

/// A passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FinishPasskeySignIn)]
struct Body {
    /// The state of the beginning.
    state: String,
    /// What `navigator.credentials.get` answered, as JSON.
    #[schema(value_type = Object)]
    credential: Credential,
    /// The tenant wanted, by id or slug; the subdomain's or the person's first one when absent.
    #[serde(default)]
    tenant: Option<String>,
}

/// Signs a person in with a passkey, which counts as two factors: the device has checked the person.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/login/finish", operation_id = "auth_passkeys_login_finish",
    tag = "auth", request_body = Body, responses((status = 200, description = "The tokens.", body = OutcomeView)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    Addressed(address): Addressed,
    CalledFrom(origin): CalledFrom,
    api: web::Data<Api>,
    sign_in: web::Data<SignInService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let addressed = api.doorman.public_tenant(&address).await?;
    let request = ByPasskey {
        state: Secret::new(body.state),
        credential: credential::answer(&body.credential),
        tenant: body.tenant.or_else(|| addressed.map(|tenant| tenant.to_string())),
    };
    let outcome = sign_in.by_passkey(request, origin).await?;
    Ok(render::ok(&OutcomeView::of(&outcome, &catalog)?))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "invalid_credentials")
        .refuses(401, "ceremony_over")
        .refuses(403, "email_unverified")
        .refuses(403, "sign_in_method_not_allowed")
}
