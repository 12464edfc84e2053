//! POST /me/tenants/{tenant}/leave: leaves a tenant.

use actix_web::web;
use tenantry_lifecycle::people::PeopleService;

use crate::error::Answer;
use crate::extract::{CalledFrom, PathText, SignedIn};
use crate::render;
use crate::routes::Row;

/// Leaves a tenant, or declines its invitation.
///
/// The seat is free again, the person's sessions there end, and so do the keys they made. The last owner cannot leave.
#[utoipa::path(post, path = "/api/v1/me/tenants/{tenant}/leave", operation_id = "me_tenants_leave", tag = "me",
    responses((status = 204, description = "Left.")))]
async fn handler(
    SignedIn(person): SignedIn,
    PathText(tenant): PathText,
    CalledFrom(origin): CalledFrom,
    people: web::Data<PeopleService>,
) -> Answer {
    people.leave(&person, &tenant, origin).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .refuses(404, "not_found")
        .refuses(409, "last_owner")
}
