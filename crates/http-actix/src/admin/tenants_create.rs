//! POST /admin/tenants: an operator creates a tenant.

use actix_web::web;
use tenantry_lifecycle::roles::PLATFORM_MANAGE;
use tenantry_lifecycle::sign_up::{Founder, SignUpService};

use crate::error::Answer;
use crate::extract::{InSystem, JsonBody, TheReceipt};
use crate::render;
use crate::routes::Row;
use crate::sign_up::{Body, Names, View};

/// Creates a tenant for somebody else.
///
/// Any plan may be chosen, also where self-service is closed. Without `owner_email` the billing address is invited
/// as owner.
#[utoipa::path(post, path = "/api/v1/admin/tenants", operation_id = "admin_tenants_create", tag = "admin",
    request_body = Body, responses((status = 201, description = "The new tenant.", body = View)))]
async fn handler(
    InSystem(scope): InSystem,
    JsonBody(body): JsonBody<Body>,
    TheReceipt(receipt): TheReceipt,
    sign_up: web::Data<SignUpService>,
) -> Answer {
    let request = body.parse(Names::OwnerOrBilling)?;
    let made = sign_up
        .found(&Founder::Operator(scope), &request, receipt.as_ref())
        .await?;
    Ok(render::created(
        &format!("/api/v1/tenants/{}", made.tenant.id()),
        &View::from(&made),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .platform(PLATFORM_MANAGE)
        .once()
        .refuses(409, "slug_taken")
}
