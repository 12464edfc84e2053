//! Tokens and the person who holds them.

use serde::Serialize;
use tenantry_identity::pending::Missing;
use tenantry_identity::support::Impersonation;
use tenantry_identity::user::User;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::sign_in::{Outcome, SignedIn};
use tenantry_lifecycle::tokens::Tokens;
use tenantry_tenancy::directory::TenantAccess;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::credential;
use crate::error::ApiError;

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
    /// Where their days begin, as IANA names it; null for wherever the tenant's do.
    #[schema(example = "Asia/Tokyo")]
    pub timezone: Option<String>,
    /// The role over the installation, as the catalog names it; null for most people.
    #[schema(example = "operator")]
    pub platform_role: Option<String>,
    /// When they last signed in.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_login_at: Option<OffsetDateTime>,
    /// When all that is known of them is to be erased, if they asked for it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub erase_at: Option<OffsetDateTime>,
}

/// What a banner should tell while support acts on somebody's behalf.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Impersonation)]
pub(crate) struct ImpersonationView {
    /// The visit's id.
    pub id: String,
    /// The operator, by their person's id.
    pub by: String,
    /// Why.
    #[schema(example = "Ticket 17: the customer sees no invoices")]
    pub reason: String,
    /// Until when at most.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// True when nothing can be changed.
    pub read_only: bool,
}

impl From<&Impersonation> for ImpersonationView {
    fn from(visit: &Impersonation) -> Self {
        Self {
            id: visit.id.to_string(),
            by: visit.operator.to_string(),
            reason: visit.reason.as_str().to_owned(),
            until: visit.expires_at,
            read_only: visit.read_only,
        }
    }
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
            timezone: user.timezone().map(ToString::to_string),
            platform_role: user.platform_role().map(named),
            last_login_at: user.last_login_at(),
            erase_at: user.erase_at(),
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
    /// What this device keeps when it is to be remembered: for `device_token` of the next sign-in, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_token: Option<String>,
    /// Fresh recovery codes, once; when a first factor was enrolled on the way in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recovery_codes: Vec<String>,
}

impl SignedInView {
    pub(crate) fn of(signed_in: &SignedIn, catalog: &Catalog) -> Self {
        Self {
            tokens: TokensView::from(&signed_in.tokens),
            tenant: signed_in.tenant.as_deref().map(SeatView::from),
            user: PersonView::of(&signed_in.user, catalog),
            device_token: signed_in.device.as_ref().map(|text| text.expose().clone()),
            recovery_codes: signed_in
                .recovery_codes
                .iter()
                .map(|text| text.expose().clone())
                .collect(),
        }
    }
}

/// Something is missing.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInWaiting)]
pub(crate) struct WaitingView {
    /// True when a second factor is to be shown to `POST /auth/mfa/verify`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mfa_required: bool,
    /// True when a first one is to be enrolled with `POST /auth/mfa/enrol/totp` or `…/passkey`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mfa_enrolment_required: bool,
    /// True when another password is to be chosen with `POST /auth/password/change`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub password_change_required: bool,
    /// Why another password: `password_too_short`, `password_too_weak` or `password_breached`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "password_too_short")]
    pub reason: Option<String>,
    /// Goes on with the sign-in, once, and is worth nothing else.
    pub mfa_token: String,
    /// How: `totp`, `passkey`, `recovery_code`.
    #[schema(example = json!(["totp", "recovery_code"]))]
    pub methods: Vec<&'static str>,
    /// For `navigator.credentials.get`, where there is a passkey.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub passkey_request: Option<serde_json::Value>,
    /// Whole seconds for which the token is good.
    #[schema(example = 600)]
    pub expires_in: i64,
}

/// What a sign-in comes to: tokens, or what is missing.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = SignInOutcome)]
pub(crate) enum OutcomeView {
    /// In.
    SignedIn(Box<SignedInView>),
    /// Not yet.
    Waiting(WaitingView),
}

impl OutcomeView {
    pub(crate) fn of(outcome: &Outcome, catalog: &Catalog) -> Result<Self, ApiError> {
        let waiting = match outcome {
            Outcome::SignedIn(signed_in) => return Ok(Self::SignedIn(Box::new(SignedInView::of(signed_in, catalog)))),
            Outcome::Waiting(waiting) => waiting,
        };
        let request = waiting.passkey_request.as_deref().map(credential::options);
        Ok(Self::Waiting(WaitingView {
            mfa_required: waiting.missing == Missing::Factor,
            mfa_enrolment_required: waiting.missing == Missing::Enrolment,
            password_change_required: waiting.missing == Missing::Password,
            reason: waiting.outgrown.clone(),
            mfa_token: waiting.token.expose().clone(),
            methods: waiting.methods.clone(),
            passkey_request: request.transpose()?,
            expires_in: waiting.expires_in_s,
        }))
    }
}
