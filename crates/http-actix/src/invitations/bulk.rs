//! POST /tenants/{tenant}/invitations/bulk: invites many, and tells what became of each.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_lifecycle::members::MembersService;
use tenantry_tenancy::permissions::MEMBERS_INVITE;
use utoipa::{IntoParams, ToSchema};

use crate::error::Answer;
use crate::extract::{InTenant, Query as QueryOf};
use crate::listed::{InvitedPerson, List, Listed, ReportView};
use crate::render;
use crate::routes::Row;

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// 1 to 1,000 rows.
    #[schema(value_type = Vec<InvitedPerson>)]
    invitations: Vec<serde_json::Value>,
}

impl List for Body {
    type Person = InvitedPerson;
    const NAME: &'static str = "invitations";

    fn rows(&mut self) -> Vec<serde_json::Value> {
        std::mem::take(&mut self.invitations)
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// True to be told what would become of each row, and to invite nobody.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
}

/// Invites many people, each row by itself.
///
/// JSON, or a file as `text/csv` (UTF-8, RFC 4180, `,` or `;`) whose header names the fields of a row. The call
/// succeeds when every row was looked at: rows that are right are invited, whatever stands beside them; look at
/// `status` for each. Seats are given in the order of the rows until the plan is full.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/invitations/bulk", operation_id = "invitations_bulk",
    tag = "invitations", params(Query), request_body(content((Body = "application/json"), (String = "text/csv"))),
    responses((status = 200, description = "Every row was looked at.", body = ReportView)))]
async fn handler(
    InTenant(scope): InTenant,
    QueryOf(query): QueryOf<Query>,
    listed: Listed<Body>,
    members: Data<MembersService>,
) -> Answer {
    let verdicts = members.add_many(&scope, &listed.rows, query.dry_run).await?;
    Ok(render::ok(&ReportView::of(verdicts, query.dry_run)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_INVITE])
        .once()
        .refuses(400, "malformed_csv")
}
