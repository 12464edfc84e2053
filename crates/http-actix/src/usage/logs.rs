//! GET /tenants/{tenant}/usage-logs: the ledger.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use tenantry_quotas::ledger::{EntryFilter, EntryKind, LedgerEntry};
use tenantry_quotas::permissions::READ_USAGE;
use tenantry_quotas::usage::UsageService;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, Paging, Query};
use crate::render::Listed;
use crate::routes::Row;

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only this meter.
    pub meter: Option<String>,
    /// Only what happened at this time or later.
    #[serde(default, with = "time::serde::rfc3339::option")]
    from: Option<OffsetDateTime>,
    /// Only what happened before this time.
    #[serde(default, with = "time::serde::rfc3339::option")]
    to: Option<OffsetDateTime>,
    /// Only what this principal reported: its id.
    actor: Option<String>,
    /// Only what is about this.
    subject: Option<String>,
    /// Only this kind: `usage`, `commit`, `correction`, `opening`, `give_back`, `lease`, `lease_return`.
    kind: Option<String>,
}

impl Filter {
    pub fn entries(&self) -> Result<EntryFilter, ApiError> {
        let kind = self.kind.as_deref().map(|name| {
            EntryKind::parse(name).ok_or_else(|| ApiError::invalid("kind", &"must be a kind of usage-log entry"))
        });
        Ok(EntryFilter {
            meter: None,
            from: self.from,
            to: self.to,
            actor: self.actor.clone(),
            subject: self.subject.clone(),
            kind: kind.transpose()?,
        })
    }
}

/// One entry of the ledger.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageLogEntry)]
struct View {
    /// Its id.
    id: String,
    /// The operation: the caller's `Idempotency-Key`, or a name of ours.
    #[schema(example = "order-17")]
    operation_id: String,
    /// What it is: `usage`, `commit` (of a reservation), `correction`, `opening`, `give_back`, `lease`, `lease_return`.
    #[schema(example = "usage")]
    kind: &'static str,
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// What the tenant's usage moved by, with its sign.
    #[schema(example = 1)]
    amount: i64,
    /// What was reported.
    #[schema(example = 1)]
    value: i64,
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
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    happened_at: OffsetDateTime,
    /// When it was counted.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<&LedgerEntry> for View {
    fn from(entry: &LedgerEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            operation_id: entry.operation.as_str().to_owned(),
            kind: entry.kind.as_str(),
            meter: entry.meter().to_string(),
            amount: entry.amount,
            value: entry.value,
            used_after: entry.used_after,
            description: entry.description.clone(),
            subject: entry.subject.clone(),
            live: entry.account.live,
            actor_type: entry.actor_kind.clone(),
            actor_id: entry.actor_id.clone(),
            happened_at: entry.at,
            created_at: entry.recorded_at,
        }
    }
}

/// Lists what was counted, latest first, as far back as the plan keeps history.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/usage-logs", operation_id = "usage_logs", tag = "usage",
    params(Filter), responses((status = 200, description = "A page of the ledger.", body = Listed<View>)))]
async fn handler(
    InTenant(scope): InTenant,
    paging: Paging,
    Query(filter): Query<Filter>,
    usage: Data<UsageService>,
) -> Answer {
    let entries = filter.entries()?;
    let page = usage
        .logs(&scope, filter.meter.as_deref(), entries, paging.request())
        .await?;
    Ok(paging.answer(page.map(|entry| View::from(&entry))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([READ_USAGE])
        .paged()
        .refuses(422, "unknown_meter")
}
