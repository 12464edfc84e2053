//! PUT /tenants/{tenant}: the whole profile; what is absent and optional becomes empty.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::EmailAddress;
use tenantry_tenancy::locale::{Locale, Timezone};
use tenantry_tenancy::permissions::TENANT_UPDATE;
use tenantry_tenancy::tenant::ProfileChange;
use tenantry_tenancy::tenant::service::TenantService;
use tenantry_tenancy::text::{DisplayName, Note, Phone};
use utoipa::ToSchema;

use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{IfMatch, InTenant, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::timezone::timezone;
use crate::views::tenant::TenantView;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    #[schema(example = "Acme Ltd.")]
    name: String,
    #[serde(alias = "email")]
    #[schema(example = "accounts@acme.example")]
    billing_email: String,
    #[serde(alias = "contact_phone")]
    #[schema(example = "+81 3 1234 5678")]
    phone: Option<String>,
    #[schema(example = "Asia/Tokyo")]
    timezone: Option<String>,
    #[schema(example = "ja")]
    locale: Option<String>,
    #[schema(example = "11-50")]
    company_size: Option<String>,
    #[schema(example = "Customer support")]
    use_case: Option<String>,
    #[schema(example = "eu")]
    region: Option<String>,
}

impl TryFrom<Body> for ProfileChange {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let change = Self {
            name: errors.take("name", DisplayName::try_from(body.name)),
            billing_email: errors.take("billing_email", EmailAddress::try_from(body.billing_email)),
            phone: Some(errors.given("phone", body.phone.map(Phone::try_from))),
            timezone: errors.given("timezone", body.timezone.as_deref().map(timezone)),
            locale: errors.given("locale", body.locale.map(Locale::try_from)),
            company_size: Some(errors.given("company_size", body.company_size.map(Note::try_from))),
            use_case: Some(errors.given("use_case", body.use_case.map(Note::try_from))),
            region: Some(errors.given("region", body.region.map(Note::try_from))),
        };
        errors.check()?;
        Ok(Self {
            timezone: change.timezone.or_else(|| Some(Timezone::utc())),
            locale: change.locale.or_else(|| Some(Locale::english())),
            ..change
        })
    }
}

/// Replaces the tenant's profile.
#[utoipa::path(put, path = "/api/v1/tenants/{tenant}", operation_id = "tenants_replace", tag = "tenants",
    request_body = Body, responses((status = 200, description = "The tenant now.", body = TenantView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    IfMatch(wanted): IfMatch,
    tenants: Data<TenantService>,
) -> Answer {
    let change = body.try_into()?;
    let expected = wanted.version_of(scope.tenant_id().as_uuid())?;
    let tenant = tenants.update(&scope, change, expected).await?;
    Ok(render::single(
        tenant.id().as_uuid(),
        tenant.version(),
        &TenantView::from(&tenant),
    ))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([TENANT_UPDATE]).conditional()
}
