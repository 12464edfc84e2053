//! POST /tenants/{tenant}/ownership/transfer

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::MembershipId;
use tenantry_lifecycle::ownership::{OfferOwnership, OwnershipService};
use tenantry_tenancy::permissions::OWNERSHIP_TRANSFER;
use utoipa::ToSchema;

use super::TransferView;
use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;

/// To whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferOwnership, example = json!({"to": "01890a5d-ac96-774b-bcce-b302099a8057", "keep_role": "admin"}))]
struct Body {
    /// The membership's id of an active member.
    to: String,
    /// The role that the owner carries afterwards, by any of its names: `owner` to stay one of two. The catalog's admin
    /// when absent.
    #[serde(default)]
    keep_role: Option<String>,
}

/// Offers the tenant to another member, who has seven days to take it: by the link of the mail, or signed in.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/ownership/transfer", operation_id = "ownership_offer",
    tag = "ownership", request_body = Body,
    responses((status = 201, description = "The offer.", body = TransferView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    ownership: Data<OwnershipService>,
) -> Answer {
    let to: MembershipId = body
        .to
        .parse()
        .map_err(|_| ApiError::invalid("to", &"must be the id of a member"))?;
    let request = OfferOwnership {
        to,
        keep_role: body.keep_role,
    };
    let transfer = ownership.offer(&scope, request).await?;
    let location = format!("/api/v1/tenants/{}/ownership/transfer", scope.tenant_id());
    Ok(render::created(&location, &TransferView::from(&transfer)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([OWNERSHIP_TRANSFER])
        .once()
        .step_up()
        .refuses(409, "transfer_pending")
        .refuses(409, "already_owner")
        .refuses(409, "member_not_active")
}
