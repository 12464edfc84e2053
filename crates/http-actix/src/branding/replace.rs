//! PUT /tenants/{tenant}/branding: the whole of it; what is absent is the product's again.

use actix_web::web::Data;
use serde::Deserialize;
use tenantry_kernel::EmailAddress;
use tenantry_tenancy::branding::service::BrandingService;
use tenantry_tenancy::branding::{Color, Look, WebAddress};
use tenantry_tenancy::permissions::SETTINGS_MANAGE;
use tenantry_tenancy::text::{DisplayName, Note};
use utoipa::ToSchema;

use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{IfMatch, InTenant, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::views::branding::BrandingView;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    #[schema(example = "Acme")]
    display_name: Option<String>,
    /// An https address; mails and sign-in pages show the picture 40 pixels high.
    #[schema(example = "https://cdn.acme.example/logo.png")]
    logo_url: Option<String>,
    #[schema(example = "#1d4ed8")]
    primary_color: Option<String>,
    #[schema(example = "help@acme.example")]
    support_email: Option<String>,
    #[schema(example = "https://acme.example/help")]
    support_url: Option<String>,
    #[schema(example = "Acme Ltd., 1 High Street, London")]
    footer: Option<String>,
}

impl TryFrom<Body> for Look {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let look = Self {
            display_name: errors.given("display_name", body.display_name.map(DisplayName::try_from)),
            logo_url: errors.given("logo_url", body.logo_url.map(WebAddress::try_from)),
            primary_color: errors.given("primary_color", body.primary_color.map(Color::try_from)),
            support_email: errors.given("support_email", body.support_email.map(EmailAddress::try_from)),
            support_url: errors.given("support_url", body.support_url.map(WebAddress::try_from)),
            footer: errors.given("footer", body.footer.map(Note::try_from)),
        };
        errors.check()?;
        Ok(look)
    }
}

/// Replaces how the tenant presents itself.
///
/// Sign-in pages show it at once, mails from the next one on.
#[utoipa::path(put, path = "/api/v1/tenants/{tenant}/branding", operation_id = "branding_replace", tag = "branding",
    request_body = Body, responses((status = 200, description = "The branding now.", body = BrandingView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    IfMatch(wanted): IfMatch,
    branding: Data<BrandingService>,
) -> Answer {
    let look = body.try_into()?;
    let id = super::tagged(&scope);
    let kept = branding.replace(&scope, look, wanted.version_of(id)?).await?;
    Ok(render::single(id, kept.version(), &BrandingView::from(kept.look())))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([SETTINGS_MANAGE]).conditional()
}
