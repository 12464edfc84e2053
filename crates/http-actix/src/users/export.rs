//! GET /tenants/{tenant}/users/{id}/export: what the tenant knows of a member.

use actix_web::web::Data;
use serde::Serialize;
use tenantry_kernel::MembershipId;
use tenantry_lifecycle::people::PeopleService;
use tenantry_tenancy::permissions::MEMBERS_MANAGE;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::audit::EntryView;
use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::member::MemberView;

/// A key that the member made.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedKey)]
struct KeyView {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// What the tenant knows of a member.
#[derive(Serialize, ToSchema)]
#[schema(as = MemberExport)]
struct View {
    /// The membership.
    member: MemberView,
    /// API keys they made.
    api_keys: Vec<KeyView>,
    /// What they did, newest first, 5,000 at most.
    activity: Vec<EntryView>,
    /// What was done to their membership, newest first, 5,000 at most.
    history: Vec<EntryView>,
}

/// What the tenant knows of a member, in one document.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/users/{id}/export", operation_id = "users_export", tag = "users",
    responses((status = 200, description = "The document.", body = View)))]
async fn handler(InTenant(scope): InTenant, PathId(id): PathId<MembershipId>, people: Data<PeopleService>) -> Answer {
    let export = people.export_member(&scope, id).await?;
    let keys = export.api_keys.iter().map(|key| KeyView {
        id: key.id().to_string(),
        name: key.record().name.as_str().to_owned(),
        created_at: key.record().created_at,
    });
    Ok(render::ok(&View {
        member: MemberView::from(&export.member),
        api_keys: keys.collect(),
        activity: export.acts.into_iter().map(EntryView::from).collect(),
        history: export.about.into_iter().map(EntryView::from).collect(),
    }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([MEMBERS_MANAGE])
        .refuses(404, "not_found")
}
