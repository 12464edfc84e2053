//! POST /ownership/transfer/accept: by the link of the mail.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_lifecycle::ownership::OwnershipService;
use utoipa::ToSchema;

use super::HandedView;
use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// The answer to the mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AcceptOwnership)]
struct Body {
    /// What stands after `token=` in the mail's link.
    token: String,
}

/// Takes a tenant over by the link of the mail.
#[utoipa::path(post, path = "/api/v1/ownership/transfer/accept", operation_id = "ownership_redeem", tag = "ownership",
    request_body = Body, responses((status = 200, description = "The new owner and the former.", body = HandedView)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    ownership: Data<OwnershipService>,
) -> Answer {
    let handed = ownership.accept_by_mail(&body.token, origin).await?;
    Ok(render::ok(&HandedView::from(&handed)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .pace(PaceClass::Guessable)
        .refuses(401, "token_invalid")
        .refuses(409, "member_not_active")
        .refuses(409, "transfer_void")
        .refuses(410, "transfer_gone")
        .refuses(423, "tenant_suspended")
}
