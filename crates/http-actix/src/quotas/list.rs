//! GET /tenants/{tenant}/quotas

use actix_web::web::Data;
use tenantry_quotas::permissions::{READ_BASIC_USAGE, READ_USAGE};
use tenantry_quotas::usage::UsageService;

use super::QuotaView;
use crate::error::Answer;
use crate::extract::InTenant;
use crate::render::{self, Whole};
use crate::routes::Row;

/// Shows how every meter of the catalog stands, unlimited ones too.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/quotas", operation_id = "quotas_list", tag = "quotas",
    responses((status = 200, description = "One row per meter.", body = Whole<QuotaView>)))]
async fn handler(InTenant(scope): InTenant, usage: Data<UsageService>) -> Answer {
    let rows = usage.rows(&scope).await?;
    let data: Vec<QuotaView> = rows.iter().map(QuotaView::from).collect();
    Ok(render::ok(&Whole { data }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([READ_USAGE, READ_BASIC_USAGE])
}
