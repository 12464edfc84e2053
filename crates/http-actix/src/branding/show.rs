//! GET /tenants/{tenant}/branding: how the tenant shows itself.

use actix_web::web::Data;
use tenantry_tenancy::branding::service::BrandingService;
use tenantry_tenancy::permissions::TENANT_READ;

use crate::error::Answer;
use crate::extract::InTenant;
use crate::render;
use crate::routes::Row;
use crate::views::branding::BrandingView;

/// Shows how the tenant presents itself.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/branding", operation_id = "branding_show", tag = "branding",
    responses((status = 200, description = "The branding.", body = BrandingView)))]
async fn handler(InTenant(scope): InTenant, branding: Data<BrandingService>) -> Answer {
    let shown = branding.show(&scope).await?;
    let view = BrandingView::from(shown.look());
    Ok(render::single(super::tagged(&scope), shown.version(), &view))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([TENANT_READ]).tagged()
}
