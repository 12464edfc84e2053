//! Tokens and the person who holds them.

use serde::Serialize;
use tenantry_identity::user::User;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::SignedIn;
use tenantry_lifecycle::tokens::Tokens;
use tenantry_tenancy::directory::TenantAccess;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A pair of tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(crate) struct TokensView {
    /// For every request, in `Authorization: Bearer`.
    pub access_token: String,
    /// For the next pair; good once.
    pub refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Whole seconds until the access token expires.
    #[schema(example = 600)]
    pub expires_in: i64,
}

impl From<&Tokens> for TokensView {
    fn from(tokens: &Tokens) -> Self {
        Self {
            access_token: tokens.access.expose().clone(),
            refresh_token: tokens.refresh.expose().clone(),
            token_type: "Bearer",
            expires_in: tokens.expires_in_s,
        }
    }
}

/// Which tenant a session acts in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionTenant)]
pub(crate) struct SeatView {
    /// The tenant's id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
}

impl From<&TenantAccess> for SeatView {
    fn from(tenant: &TenantAccess) -> Self {
        Self {
            id: tenant.id.to_string(),
            slug: tenant.slug.to_string(),
            name: tenant.name.to_string(),
        }
    }
}

/// A person, as they see themself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
pub(crate) struct PersonView {
    /// The person's id.
    pub id: String,
    /// The address they sign in with.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// True once they have shown that they read mail there.
    pub email_verified: bool,
    /// The language of mails to them.
    pub locale: String,
    /// The role over the installation, as the catalog names it; null for most people.
    #[schema(example = "operator")]
    pub platform_role: Option<String>,
    /// When they last signed in.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_login_at: Option<OffsetDateTime>,
}

impl PersonView {
    pub(crate) fn of(user: &User, catalog: &Catalog) -> Self {
        let named = |role| catalog.platform_role_name(role).to_owned();
        Self {
            id: user.id().to_string(),
            email: user.email().to_string(),
            name: user.name().to_owned(),
            email_verified: user.email_verified_at().is_some(),
            locale: user.locale().to_owned(),
            platform_role: user.platform_role().map(named),
            last_login_at: user.last_login_at(),
        }
    }
}

/// Somebody is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(crate) struct SignedInView {
    /// The tokens.
    #[serde(flatten)]
    pub tokens: TokensView,
    /// The tenant of the session; null for platform people and people without one.
    pub tenant: Option<SeatView>,
    /// The person.
    pub user: PersonView,
}

impl SignedInView {
    pub(crate) fn of(signed_in: &SignedIn, catalog: &Catalog) -> Self {
        Self {
            tokens: TokensView::from(&signed_in.tokens),
            tenant: signed_in.tenant.as_deref().map(SeatView::from),
            user: PersonView::of(&signed_in.user, catalog),
        }
    }
}
