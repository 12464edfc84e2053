//! GET /tenants/{tenant}/api-keys

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_identity::api_key::{ApiKeyService, KeyFilter, KeyStatus};
use tenantry_identity::permissions::API_KEYS_READ;
use tenantry_kernel::Clock;
use tenantry_kernel::uuid::Uuid;
use utoipa::IntoParams;

use super::ApiKeyView;
use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{InTenant, Paging, Query};
use crate::render::Listed;
use crate::routes::Row;

/// Which keys. Every condition given must hold.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// `personal`, `tenant` or `service_account`.
    kind: Option<String>,
    /// A member's personal ones, or a service account's.
    owner: Option<String>,
    /// `active`, `expired` or `revoked`; all that are not revoked when absent.
    status: Option<String>,
}

/// What was asked, checked.
struct Wanted {
    kind: Option<&'static str>,
    owner: Option<Uuid>,
    status: Option<KeyStatus>,
}

impl TryFrom<Filter> for Wanted {
    type Error = ApiError;

    fn try_from(filter: Filter) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let kinds = ["personal", "tenant", "service_account"];
        let kind = |text: String| {
            let known = kinds.into_iter().find(|known| *known == text);
            known.ok_or("must be personal, tenant or service_account")
        };
        let status = |text: String| KeyStatus::from_name(&text).ok_or("must be active, expired or revoked");
        let owner = |text: String| text.parse::<Uuid>().map_err(|_| "must be an id");
        let wanted = Self {
            kind: errors.given("kind", filter.kind.map(kind)),
            owner: errors.given("owner", filter.owner.map(owner)),
            status: errors.given("status", filter.status.map(status)),
        };
        errors.check()?;
        Ok(wanted)
    }
}

/// Lists the keys of the tenant, without their secrets, the youngest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/api-keys", operation_id = "api_keys_list", tag = "api keys",
    params(Filter), responses((status = 200, description = "A page of keys.", body = Listed<ApiKeyView>)))]
async fn handler(
    InTenant(scope): InTenant,
    paging: Paging,
    Query(filter): Query<Filter>,
    keys: Data<ApiKeyService>,
    clock: Data<dyn Clock>,
) -> Answer {
    let wanted = Wanted::try_from(filter)?;
    let now = clock.now(&scope);
    let filter = |now| KeyFilter {
        kind: wanted.kind,
        owner: wanted.owner,
        status: wanted.status,
        now,
    };
    let page = keys.list(&scope, filter, paging.request()).await?;
    Ok(paging.answer(page.map(|key| ApiKeyView::at(&key, now))))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([API_KEYS_READ]).paged()
}
