//! POST /tenants: self-service sign-up.

use actix_web::web;
use tenantry_lifecycle::sign_up::{Founder, SignUpService};

use super::{Body, Names, View};
use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody, MaybeSignedIn, TheReceipt};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// Signs an organization up.
///
/// Tenant, owner, subscription and entitlements land together or not at all. No payment method is needed. With
/// `owner_password` the new owner is signed in at once (`tokens`); without it, and for an address that is known
/// already, the rest happens by mail. A signed-in caller who names their own address adds a tenant to themself.
#[utoipa::path(post, path = "/api/v1/tenants", operation_id = "tenants_create", tag = "tenants",
    request_body = Body, responses((status = 201, description = "The new tenant.", body = View)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    MaybeSignedIn(person): MaybeSignedIn,
    CalledFrom(origin): CalledFrom,
    TheReceipt(receipt): TheReceipt,
    sign_up: web::Data<SignUpService>,
) -> Answer {
    let request = body.parse(Names::Owner)?;
    let founder = match person {
        Some(person) => Founder::Person(person, origin),
        None => Founder::Public(origin),
    };
    let made = sign_up.found(&founder, &request, receipt.as_ref()).await?;
    Ok(render::created(
        &format!("/api/v1/tenants/{}", made.tenant.id()),
        &View::from(&made),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .public_or_person()
        .once()
        .pace(PaceClass::Guessable)
        .refuses(409, "slug_taken")
        .refuses(403, "sign_up_closed")
}
