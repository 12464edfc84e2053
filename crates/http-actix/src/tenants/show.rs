//! GET /tenants/{tenant}

use std::cell::RefCell;

use actix_web::web::Data;
use tenantry_tenancy::permissions::TENANT_READ;
use tenantry_tenancy::tenant::Tenant;
use tenantry_tenancy::tenant::service::TenantService;

use crate::error::Answer;
use crate::extract::InTenant;
use crate::render::Rendered;
use crate::routes::Row;
use crate::views::tenant::TenantView;

thread_local! {
    static RENDERED: RefCell<Rendered<Tenant>> = RefCell::default();
}

/// Shows the tenant.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}", operation_id = "tenants_show", tag = "tenants",
    responses((status = 200, description = "The tenant.", body = TenantView)))]
async fn handler(InTenant(scope): InTenant, tenants: Data<TenantService>) -> Answer {
    let tenant = tenants.show(&scope).await?;
    let (id, version) = (tenant.id().as_uuid(), tenant.version());
    Ok(RENDERED.with_borrow_mut(|rendered| rendered.single(&tenant, id, version, |tenant| TenantView::from(tenant))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([TENANT_READ]).tagged()
}
