//! DELETE /me/tenants/{tenant}/join: takes a request back.

use actix_web::web::Data;
use tenantry_lifecycle::joining::JoiningService;

use crate::error::Answer;
use crate::extract::{CalledFrom, PathText, SignedIn};
use crate::render;
use crate::routes::Row;

/// Takes back a request that waits. The person may ask again.
#[utoipa::path(delete, path = "/api/v1/me/tenants/{tenant}/join", operation_id = "me_tenants_join_withdraw",
    tag = "me", responses((status = 204, description = "Nothing waits any more.")))]
async fn handler(
    SignedIn(person): SignedIn,
    PathText(tenant): PathText,
    CalledFrom(origin): CalledFrom,
    joining: Data<JoiningService>,
) -> Answer {
    joining.withdraw(&person, &tenant, origin).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in().refuses(404, "not_found")
}
