//! PATCH /tenants/{tenant}: changes the fields that are given; null empties one.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::EmailAddress;
use tenantry_tenancy::locale::Locale;
use tenantry_tenancy::permissions::TENANT_UPDATE;
use tenantry_tenancy::tenant::ProfileChange;
use tenantry_tenancy::tenant::service::TenantService;
use tenantry_tenancy::text::{DisplayName, Note, Phone};
use utoipa::ToSchema;

use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{IfMatch, InTenant, JsonBody, Patch};
use crate::render;
use crate::routes::Row;
use crate::timezone::timezone;
use crate::views::tenant::TenantView;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    #[schema(example = "Acme Ltd.")]
    name: Option<String>,
    #[serde(alias = "email")]
    #[schema(example = "accounts@acme.example")]
    billing_email: Option<String>,
    #[serde(default, alias = "contact_phone")]
    #[schema(value_type = Option<String>, example = "+81 3 1234 5678")]
    phone: Patch,
    #[schema(example = "Asia/Tokyo")]
    timezone: Option<String>,
    #[schema(example = "ja")]
    locale: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "11-50")]
    company_size: Patch,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Customer support")]
    use_case: Patch,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "eu")]
    region: Patch,
}

impl TryFrom<Body> for ProfileChange {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let change = Self {
            name: errors.given("name", body.name.map(DisplayName::try_from)),
            billing_email: errors.given("billing_email", body.billing_email.map(EmailAddress::try_from)),
            phone: errors.given_or_null("phone", body.phone, Phone::try_from),
            timezone: errors.given("timezone", body.timezone.as_deref().map(timezone)),
            locale: errors.given("locale", body.locale.map(Locale::try_from)),
            company_size: errors.given_or_null("company_size", body.company_size, Note::try_from),
            use_case: errors.given_or_null("use_case", body.use_case, Note::try_from),
            region: errors.given_or_null("region", body.region, Note::try_from),
        };
        errors.check()?;
        Ok(change)
    }
}

/// Changes fields of the tenant.
///
/// What is absent stays; null empties an optional field.
#[utoipa::path(patch, path = "/api/v1/tenants/{tenant}", operation_id = "tenants_change", tag = "tenants",
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
