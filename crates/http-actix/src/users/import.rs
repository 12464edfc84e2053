//! POST /tenants/{tenant}/users/import: brings people along from another system, and tells what became of each.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_lifecycle::members::MembersService;
use tenantry_tenancy::permissions::MEMBERS_MANAGE;
use utoipa::{IntoParams, ToSchema};

use crate::error::Answer;
use crate::extract::{InTenant, Query as QueryOf};
use crate::listed::{ImportedPerson, List, Listed, ReportView};
use crate::render;
use crate::routes::Row;

/// Whom to bring along.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// 1 to 1,000 rows.
    #[schema(value_type = Vec<ImportedPerson>)]
    users: Vec<serde_json::Value>,
}

impl List for Body {
    type Person = ImportedPerson;
    const NAME: &'static str = "users";

    fn rows(&mut self) -> Vec<serde_json::Value> {
        std::mem::take(&mut self.users)
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// True to be told what would become of each row, and to change nothing.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
}

/// Brings many people along from another system, each row by itself.
///
/// JSON, or a file as `text/csv` (UTF-8, RFC 4180, `,` or `;`) whose header names the fields of a row. The call
/// succeeds when every row was looked at; look at `status` for each. Passwords and verified addresses are taken from
/// operators only, and only for people who are new to the installation: nobody's own password is ever replaced.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/users/import", operation_id = "users_import", tag = "users",
    params(Query), request_body(content((Body = "application/json"), (String = "text/csv"))),
    responses((status = 200, description = "Every row was looked at.", body = ReportView)))]
async fn handler(
    InTenant(scope): InTenant,
    QueryOf(query): QueryOf<Query>,
    listed: Listed<Body>,
    members: Data<MembersService>,
) -> Answer {
    let verdicts = members.import(&scope, &listed.rows, query.dry_run).await?;
    Ok(render::ok(&ReportView::of(verdicts, query.dry_run)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE])
        .once()
        .refuses(400, "malformed_csv")
}
