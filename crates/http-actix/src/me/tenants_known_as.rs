//! PATCH /me/tenants/{tenant}: the address by which a tenant knows the person.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::EmailAddress;
use tenantry_lifecycle::people::PeopleService;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{CalledFrom, JsonBody, PathText, SignedIn};
use crate::render;
use crate::routes::Row;

/// What the tenant is to know.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BeKnownAs, example = json!({"email": "ada@work.example"}))]
struct Body {
    /// One of the person's verified addresses.
    email: String,
}

/// Tells a tenant another address of the person.
///
/// Changing the primary address tells no tenant: each keeps the one it knows.
#[utoipa::path(patch, path = "/api/v1/me/tenants/{tenant}", operation_id = "me_tenants_known_as", tag = "me",
    request_body = Body, responses((status = 204, description = "The tenant knows it.")))]
async fn handler(
    SignedIn(person): SignedIn,
    JsonBody(body): JsonBody<Body>,
    PathText(tenant): PathText,
    CalledFrom(origin): CalledFrom,
    people: web::Data<PeopleService>,
) -> Answer {
    let email = EmailAddress::try_from(body.email).map_err(|reason| ApiError::invalid("email", &reason))?;
    people.be_known_as(&person, &tenant, &email, origin).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .refuses(404, "not_found")
        .refuses(409, "already_member")
}
