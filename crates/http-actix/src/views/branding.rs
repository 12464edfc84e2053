//! A tenant's looks, as its members and the public see them.

use serde::Serialize;
use tenantry_tenancy::branding::Look;
use utoipa::ToSchema;

/// How a tenant shows itself; what is null is the product's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Branding)]
pub(crate) struct BrandingView {
    /// What people call the tenant, where that is not its name.
    #[schema(example = "Acme")]
    pub display_name: Option<String>,
    /// Its picture: an https address.
    #[schema(example = "https://cdn.acme.example/logo.png")]
    pub logo_url: Option<String>,
    /// The colour of its buttons.
    #[schema(example = "#1d4ed8")]
    pub primary_color: Option<String>,
    /// Where its people get help; answers to its mails go there.
    #[schema(example = "help@acme.example")]
    pub support_email: Option<String>,
    /// A page where its people get help.
    #[schema(example = "https://acme.example/help")]
    pub support_url: Option<String>,
    /// What stands below its mails.
    #[schema(example = "Acme Ltd., 1 High Street, London")]
    pub footer: Option<String>,
}

impl From<&Look> for BrandingView {
    fn from(look: &Look) -> Self {
        let text = |part: Option<&dyn std::fmt::Display>| part.map(ToString::to_string);
        Self {
            display_name: text(look.display_name.as_ref().map(|part| part as _)),
            logo_url: text(look.logo_url.as_ref().map(|part| part as _)),
            primary_color: text(look.primary_color.as_ref().map(|part| part as _)),
            support_email: text(look.support_email.as_ref().map(|part| part as _)),
            support_url: text(look.support_url.as_ref().map(|part| part as _)),
            footer: text(look.footer.as_ref().map(|part| part as _)),
        }
    }
}
