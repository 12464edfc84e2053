//! PATCH /me: changes the signed-in person's profile.

use actix_web::web;
use serde::Deserialize;
use tenantry_identity::profile::{ProfileService, UpdateProfile};
use tenantry_kernel::{DisplayName, Locale};
use tenantry_lifecycle::catalog::Catalog;
use utoipa::ToSchema;

use super::identified;
use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{CalledFrom, IfMatch, JsonBody, Patch, SignedIn};
use crate::render;
use crate::routes::Row;
use crate::timezone::timezone;
use crate::views::session::PersonView;

/// What to change; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateMe, example = json!({"name": "Ada King"}))]
struct Body {
    /// What they are called.
    #[serde(default)]
    name: Option<String>,
    /// The language of mails to them.
    #[serde(default)]
    locale: Option<String>,
    /// Where their days begin, as IANA names it; null for wherever the tenant's do.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Asia/Tokyo")]
    timezone: Patch,
}

impl TryFrom<Body> for UpdateProfile {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        // What is fine here is parsed again by the service: all that is wrong is told at once.
        errors.given("name", body.name.as_deref().map(DisplayName::try_from));
        errors.given("locale", body.locale.as_deref().map(Locale::try_from));
        let timezone = errors.given_or_null("timezone", body.timezone, |text| timezone(&text));
        errors.check()?;
        Ok(Self {
            name: body.name,
            locale: body.locale,
            timezone,
            expected: None,
        })
    }
}

/// Changes the signed-in person's profile.
#[utoipa::path(patch, path = "/api/v1/me", operation_id = "me_update", tag = "me", request_body = Body,
    responses((status = 200, description = "The person.", body = PersonView)))]
async fn handler(
    SignedIn(person): SignedIn,
    JsonBody(body): JsonBody<Body>,
    IfMatch(demand): IfMatch,
    CalledFrom(origin): CalledFrom,
    profiles: web::Data<ProfileService>,
    catalog: web::Data<Catalog>,
) -> Answer {
    let expected = demand.version_of(person.user.as_uuid())?;
    let request = UpdateProfile {
        expected,
        ..UpdateProfile::try_from(body)?
    };
    let user = profiles.update(&identified(&person, origin), request).await?;
    Ok(render::single(
        user.id().as_uuid(),
        user.version(),
        &PersonView::of(&user, &catalog),
    ))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in().conditional()
}
