//! GET /tenants/by-domain/{domain}: the public card of the tenant that a host names.

use actix_web::web::Data;
use serde::Serialize;
use tenantry_tenancy::branding::BrandDirectory;
use tenantry_tenancy::directory::AccessDirectory;
use utoipa::ToSchema;

use crate::door::TenantAddress;
use crate::error::{Answer, ApiError};
use crate::extract::PathText;
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::state::Api;
use crate::views::branding::BrandingView;

#[derive(Serialize, ToSchema)]
struct View {
    #[schema(example = "Acme Inc.")]
    name: String,
    #[schema(example = "acme")]
    slug: String,
    /// How the tenant shows itself.
    branding: BrandingView,
    /// How its people may sign in.
    #[schema(example = json!(["password"]))]
    sign_in_methods: Vec<&'static str>,
}

/// Shows what a sign-in page needs to know of the tenant that a host names.
#[utoipa::path(get, path = "/api/v1/tenants/by-domain/{domain}", operation_id = "tenants_by_domain", tag = "tenants",
    responses((status = 200, description = "The card.", body = View)))]
async fn handler(
    PathText(domain): PathText,
    api: Data<Api>,
    directory: Data<dyn AccessDirectory>,
    brands: Data<dyn BrandDirectory>,
) -> Answer {
    let address = TenantAddress {
        host: Some(domain.to_ascii_lowercase().into()),
        ..TenantAddress::default()
    };
    let named = api.doorman.public_tenant(&address).await?;
    let named = named.ok_or_else(ApiError::not_found)?;
    let tenant = directory.tenant(named).await?.ok_or_else(ApiError::not_found)?;
    let brand = brands.brand(named).await?.ok_or_else(ApiError::not_found)?;
    Ok(render::ok(&View {
        name: tenant.name.to_string(),
        slug: tenant.slug.to_string(),
        branding: BrandingView::from(brand.branding.look()),
        sign_in_methods: vec!["password"],
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).pace(PaceClass::Guessable)
}
