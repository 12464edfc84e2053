//! GET /tenants/{tenant}/usage-logs: the ledger.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_quotas::ledger::LedgerEntry;
use tenantry_quotas::permissions::READ_USAGE;
use tenantry_quotas::usage::UsageService;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::error::Answer;
use crate::extract::{InTenant, Paging, Query};
use crate::render::Listed;
use crate::routes::Row;

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only this meter.
    meter: Option<String>,
}

/// One entry of the ledger.
#[derive(Serialize, ToSchema)]
struct View {
    /// Its id.
    id: String,
    /// The operation: the caller's `Idempotency-Key`, or a name of ours.
    #[schema(example = "order-17")]
    operation_id: String,
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// How much.
    #[schema(example = 1)]
    amount: i64,
    /// How much was used after it.
    #[schema(example = 46)]
    used_after: i64,
    /// What it was for.
    #[schema(example = "Campaign 42")]
    description: Option<String>,
    /// Whom it was about.
    #[schema(example = "user-17")]
    subject: Option<String>,
    /// False for test keys.
    #[schema(example = true)]
    live: bool,
    /// `member`, `api_key`, …
    #[schema(example = "api_key")]
    actor_type: String,
    /// Which one.
    actor_id: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<&LedgerEntry> for View {
    fn from(entry: &LedgerEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            operation_id: entry.operation.as_str().to_owned(),
            meter: entry.meter().to_string(),
            amount: entry.amount.get(),
            used_after: entry.used_after,
            description: entry.description.clone(),
            subject: entry.subject.clone(),
            live: entry.account.live,
            actor_type: entry.actor_kind.clone(),
            actor_id: entry.actor_id.clone(),
            created_at: entry.at,
        }
    }
}

/// Lists what was counted, latest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/usage-logs", operation_id = "usage_logs", tag = "usage",
    params(Filter), responses((status = 200, description = "A page of the ledger.", body = Listed<View>)))]
async fn handler(
    InTenant(scope): InTenant,
    paging: Paging,
    Query(filter): Query<Filter>,
    usage: Data<UsageService>,
) -> Answer {
    let page = usage.logs(&scope, filter.meter.as_deref(), paging.request()).await?;
    Ok(paging.answer(page.map(|entry| View::from(&entry))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([READ_USAGE])
        .paged()
        .refuses(422, "unknown_meter")
}
