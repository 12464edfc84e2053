//! GET /me/tenants/suggestions: where the signed-in person may come in.

use actix_web::web::Data;
use serde::Serialize;
use tenantry_lifecycle::joining::{Joining, JoiningService, Suggestion};
use tenantry_tenancy::branding::{Brand, BrandDirectory};
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::SignedIn;
use crate::render::{self, Whole};
use crate::routes::Row;
use crate::views::branding::BrandingView;
use crate::views::join_request::MyJoinRequestView;

/// A tenant, as it shows itself to anybody.
#[derive(Serialize, ToSchema)]
#[schema(as = SuggestedTenant)]
struct CardView {
    /// Its id.
    id: String,
    /// Its name.
    #[schema(example = "Acme Inc.")]
    name: String,
    /// Its slug.
    #[schema(example = "acme")]
    slug: String,
    /// How it shows itself.
    branding: BrandingView,
}

/// A tenant that the person may come in to.
#[derive(Serialize, ToSchema)]
struct View {
    /// Why: `invitation` or `domain`.
    #[schema(example = "domain")]
    kind: &'static str,
    /// Which tenant.
    tenant: CardView,
    /// The verified address of the person that was invited, or whose domain the tenant proved.
    #[schema(example = "ada@acme.example")]
    email: String,
    /// `automatic`: joining makes a member at once. `request`: somebody of the tenant decides.
    #[schema(example = "request")]
    joining: &'static str,
    /// What the person asked this tenant, if anything that still matters.
    request: Option<MyJoinRequestView>,
}

impl View {
    fn of(suggestion: &Suggestion, brand: &Brand) -> Self {
        let tenant = &suggestion.tenant;
        let (kind, joining) = match suggestion.joining {
            Joining::Invitation => ("invitation", "automatic"),
            Joining::Automatic => ("domain", "automatic"),
            Joining::Request => ("domain", "request"),
        };
        Self {
            kind,
            tenant: CardView {
                id: tenant.id.to_string(),
                name: tenant.name.to_string(),
                slug: tenant.slug.to_string(),
                branding: BrandingView::from(brand.branding.look()),
            },
            email: suggestion.email.to_string(),
            joining,
            request: suggestion.request.as_ref().map(MyJoinRequestView::from),
        }
    }
}

/// Lists the tenants that the person may come in to: those that invited one of their verified addresses, and those that
/// proved the domain of one and let people in by it.
///
/// A person without any tenant chooses here. Where they belong already is `GET /me/tenants`.
#[utoipa::path(get, path = "/api/v1/me/tenants/suggestions", operation_id = "me_tenants_suggestions", tag = "me",
    responses((status = 200, description = "All of them, a hundred by domain at most.", body = Whole<View>)))]
async fn handler(
    SignedIn(person): SignedIn,
    joining: Data<JoiningService>,
    brands: Data<dyn BrandDirectory>,
) -> Answer {
    let mut data = Vec::new();
    for suggestion in joining.suggestions(person.user).await? {
        // A tenant that went meanwhile is suggested to nobody.
        let brand = brands.brand(suggestion.tenant.id).await?;
        data.extend(brand.map(|brand| View::of(&suggestion, &brand)));
    }
    Ok(render::ok(&Whole { data }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
