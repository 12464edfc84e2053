//! GET /tenants/{tenant}/audit-logs

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_activity::audit::{AuditEntry, AuditFilter, AuditService, RecordedChange, ResourceFilter};
use tenantry_activity::permissions::AUDIT_READ;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{InTenant, Paging, Query};
use crate::problem::Json;
use crate::render::Listed;
use crate::routes::Row;

/// What to look for. Every condition given must hold.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// This action, or with a trailing `.` every action of an area: `invoice.`.
    action: Option<String>,
    /// Done by this actor: an id, or a kind such as `api_key`.
    actor: Option<String>,
    /// Done to this: a kind, an id, or `kind:id`.
    resource: Option<String>,
    /// At this time or later, RFC 3339.
    from: Option<String>,
    /// Before this time, RFC 3339.
    to: Option<String>,
}

impl TryFrom<Filter> for AuditFilter {
    type Error = ApiError;

    fn try_from(filter: Filter) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let instant = |text: String| {
            OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| "must be a time such as 2026-01-31T09:30:00Z")
        };
        let from = errors.given("from", filter.from.map(instant));
        let to = errors.given("to", filter.to.map(instant));
        errors.check()?;
        Ok(Self {
            action: filter.action,
            actor: filter.actor,
            resource: filter.resource.as_deref().map(ResourceFilter::parse),
            from,
            to,
        })
    }
}

/// Who did it.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditActor)]
struct ActorView {
    /// `member`, `api_key`, `service_account`, `operator`, `system` or `anonymous`.
    #[serde(rename = "type")]
    #[schema(example = "member")]
    kind: String,
    /// Which one.
    id: String,
    /// The member on whose behalf an operator did it; null for everybody else.
    on_behalf_of: Option<String>,
}

/// What it was done to.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditResource)]
struct ResourceView {
    /// The kind of thing.
    #[serde(rename = "type")]
    #[schema(example = "subscription")]
    kind: String,
    /// Which one.
    id: String,
}

/// One field before and after; secrets are masked.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditChange)]
struct ChangeView {
    /// The field.
    #[schema(example = "plan")]
    field: String,
    /// Before; null for something new.
    #[schema(example = "free")]
    before: serde_json::Value,
    /// After; null for something removed.
    #[schema(example = "starter")]
    after: serde_json::Value,
}

/// One thing that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct EntryView {
    /// Its id; later entries have later ids.
    id: String,
    /// What.
    #[schema(example = "subscription.changed")]
    action: String,
    /// Who.
    actor: ActorView,
    /// To what.
    resource: ResourceView,
    /// What changed.
    changes: Vec<ChangeView>,
    /// From which address.
    #[schema(example = "203.0.113.7")]
    ip_address: Option<String>,
    /// With which program.
    #[schema(example = "curl/8.7.1")]
    user_agent: Option<String>,
    /// The request that caused it; null for background work.
    request_id: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

fn change(change: &RecordedChange) -> ChangeView {
    let json = |value| serde_json::to_value(Json(value)).unwrap_or_default();
    ChangeView {
        field: change.field.clone(),
        before: json(&change.before),
        after: json(&change.after),
    }
}

impl From<AuditEntry> for EntryView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            action: entry.action,
            actor: ActorView {
                kind: entry.actor.kind,
                id: entry.actor.id,
                on_behalf_of: entry.actor.on_behalf_of.map(|member| member.to_string()),
            },
            resource: ResourceView {
                kind: entry.resource_type,
                id: entry.resource_id,
            },
            changes: entry.changes.iter().map(change).collect(),
            ip_address: entry.address.map(|address| address.to_string()),
            user_agent: entry.user_agent,
            request_id: Some(entry.request_id).filter(|id| !id.is_empty()),
            created_at: entry.at,
        }
    }
}

/// Lists what happened, newest first: who, from where, what was before and after.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/audit-logs", operation_id = "audit_logs_list", tag = "audit",
    params(Filter), responses((status = 200, description = "A page of the log.", body = Listed<EntryView>)))]
async fn handler(
    InTenant(scope): InTenant,
    paging: Paging,
    Query(filter): Query<Filter>,
    audit: Data<AuditService>,
) -> Answer {
    let page = audit.list(&scope, filter.try_into()?, paging.request()).await?;
    Ok(paging.answer(page.map(EntryView::from)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([AUDIT_READ]).paged()
}
