//! GET /tenants/{tenant}/support-access: the tenant's consents, and who came.

use actix_web::web::Data;
use serde::Serialize;
use tenantry_lifecycle::roles::SUPPORT_ACCESS_MANAGE;
use tenantry_lifecycle::support::SupportService;
use utoipa::ToSchema;

use super::{ConsentView, VisitView};
use crate::error::Answer;
use crate::extract::InTenant;
use crate::render;
use crate::routes::Row;

/// Support access to the tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = SupportAccess)]
struct View {
    /// Consents, the youngest first; the latest 200.
    consents: Vec<ConsentView>,
    /// Visits, the youngest first; the latest 200.
    visits: Vec<VisitView>,
}

/// Shows the tenant's consents to support access, and every visit of an operator on behalf of a member.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/support-access", operation_id = "support_access_list",
    tag = "support access", responses((status = 200, description = "Consents and visits.", body = View)))]
async fn handler(InTenant(scope): InTenant, support: Data<SupportService>) -> Answer {
    let log = support.log(&scope).await?;
    Ok(render::ok(&View {
        consents: log.consents.iter().map(|one| ConsentView::at(one, log.now)).collect(),
        visits: log.visits.iter().map(VisitView::from).collect(),
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([SUPPORT_ACCESS_MANAGE])
}
