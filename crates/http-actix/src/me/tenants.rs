//! GET /me/tenants: where the signed-in person belongs.

use actix_web::web;
use serde::Serialize;
use tenantry_lifecycle::sign_in::SignInService;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::SignedIn;
use crate::render::{self, Whole};
use crate::routes::Row;

/// One tenant of the person.
#[derive(Serialize, ToSchema)]
#[schema(as = MyTenant)]
struct View {
    /// The tenant's id.
    id: String,
    /// Its slug.
    slug: String,
    /// Its name.
    name: String,
    /// The person's role there.
    role: String,
    /// Where the membership stands: `invited`, `active` or `deactivated`.
    status: &'static str,
    /// True for the tenant of the presented token.
    current: bool,
}

/// Lists the tenants that the person belongs to, oldest membership first.
#[utoipa::path(get, path = "/api/v1/me/tenants", operation_id = "me_tenants", tag = "me",
    responses((status = 200, description = "All of them.", body = Whole<View>)))]
async fn handler(SignedIn(person): SignedIn, sign_in: web::Data<SignInService>) -> Answer {
    let seats = sign_in.seats_of(person.user).await?;
    let data = seats
        .iter()
        .map(|(tenant, member)| View {
            id: tenant.id.to_string(),
            slug: tenant.slug.to_string(),
            name: tenant.name.to_string(),
            role: member.role.to_string(),
            status: member.status.as_str(),
            current: person.seat.is_some_and(|(current, _)| current == tenant.id),
        })
        .collect();
    Ok(render::ok(&Whole { data }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
