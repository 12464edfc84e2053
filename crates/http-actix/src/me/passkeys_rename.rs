//! PATCH /me/passkeys/{id}: another name.

use actix_web::web;
use serde::Deserialize;
use tenantry_identity::passkey::{PasskeyId, PasskeyService};
use utoipa::ToSchema;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody, PathId, SignedIn};
use crate::render;
use crate::routes::Row;
use crate::views::factor::PasskeyView;

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RenamePasskey, example = json!({"name": "my telephone"}))]
struct Body {
    /// What it is to be called: 1 to 60 characters.
    name: String,
}

/// Gives a passkey another name.
#[utoipa::path(patch, path = "/api/v1/me/passkeys/{id}", operation_id = "me_passkeys_rename", tag = "me",
    request_body = Body, responses((status = 200, description = "The passkey.", body = PasskeyView)))]
async fn handler(
    SignedIn(person): SignedIn,
    JsonBody(body): JsonBody<Body>,
    PathId(id): PathId<PasskeyId>,
    CalledFrom(origin): CalledFrom,
    passkeys: web::Data<PasskeyService>,
) -> Answer {
    let passkey = passkeys.rename(&identified(&person, origin), id, &body.name).await?;
    Ok(render::ok(&PasskeyView::from(&passkey)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in().refuses(404, "not_found")
}
