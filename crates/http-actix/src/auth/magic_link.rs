//! POST /auth/magic-link: asks for a mail to sign in with.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use tenantry_kernel::EmailAddress;
use tenantry_lifecycle::sign_in::{AskForLink, SignInService};
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{Addressed, CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::routes::Row;
use crate::state::Api;

/// Who wants in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AskForMagicLink, example = json!({"email": "ada@acme.example"}))]
struct Body {
    /// The address.
    email: String,
    /// The tenant wanted, by id or slug; the subdomain's or the person's first one when absent.
    #[serde(default)]
    tenant: Option<String>,
}

/// Sends a mail with a link to sign in, good once and for ten minutes.
///
/// The answer is the same whether the address exists or not, and whether its tenant allows links or not.
#[utoipa::path(post, path = "/api/v1/auth/magic-link", operation_id = "auth_magic_link", tag = "auth",
    request_body = Body, responses((status = 202, description = "If the address is known, a mail is on its way.")))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    Addressed(address): Addressed,
    CalledFrom(origin): CalledFrom,
    api: web::Data<Api>,
    sign_in: web::Data<SignInService>,
) -> Answer {
    let addressed = api.doorman.public_tenant(&address).await?;
    let email = EmailAddress::try_from(body.email).map_err(|reason| ApiError::invalid("email", &reason))?;
    let request = AskForLink {
        email,
        tenant: body.tenant.or_else(|| addressed.map(|tenant| tenant.to_string())),
    };
    sign_in.send_link(request, &origin).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).pace(PaceClass::Guessable)
}
