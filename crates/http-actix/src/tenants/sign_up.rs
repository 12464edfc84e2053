//! POST /tenants: self-service sign-up.

use tenantry_billing::plan::Cycle;
use tenantry_billing::subscription::Subscription;
use tenantry_kernel::{Currency, EmailAddress, Secret};
use tenantry_lifecycle::sign_up::{Founder, OwnerRequest, SignUp, SignUpService, SignedUp};
use tenantry_tenancy::locale::{Locale, Timezone};
use tenantry_tenancy::tenant::Slug;
use tenantry_tenancy::text::{DisplayName, Note, Phone};

use super::TenantView;
use crate::auth::TokensView;
use crate::billing::SubscriptionView;
use crate::prelude::*;
use crate::users::UserView;

/// What a founder says. Operators use it too.
#[derive(Deserialize, ToSchema)]
#[schema(as = SignUp)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUpBody {
    #[serde(alias = "organization_name")]
    #[schema(example = "Acme Inc.")]
    pub name: String,
    /// Derived from the name when absent.
    #[serde(alias = "subdomain")]
    #[schema(example = "acme")]
    slug: Option<String>,
    /// The catalog's default when absent.
    #[serde(alias = "subscription_tier", alias = "tenant_tier")]
    #[schema(example = "starter")]
    plan: Option<String>,
    #[schema(example = "monthly")]
    billing_cycle: Option<String>,
    #[schema(example = "USD")]
    currency: Option<String>,
    #[schema(example = "ada@acme.example")]
    owner_email: Option<String>,
    #[schema(example = "Ada Lovelace")]
    owner_name: Option<String>,
    /// Without it the owner gets a mail to set one.
    #[schema(example = "correct horse battery staple")]
    owner_password: Option<String>,
    #[serde(alias = "billing_email")]
    #[schema(example = "billing@acme.example")]
    email: Option<String>,
    #[serde(alias = "contact_phone")]
    #[schema(example = "+81 3 1234 5678")]
    phone: Option<String>,
    #[schema(example = "Asia/Tokyo")]
    timezone: Option<String>,
    #[schema(example = "en")]
    locale: Option<String>,
    #[schema(example = "11-50")]
    company_size: Option<String>,
    #[schema(example = "Customer support")]
    use_case: Option<String>,
    #[schema(example = "eu")]
    region: Option<String>,
}

impl SignUpBody {
    /// The sign-up it asks for. `invited` is true where an operator invites the billing address as owner.
    pub(crate) fn parse(self, invited: bool) -> Result<SignUp, ApiError> {
        let mut errors = FieldErrors::default();
        let billing_email = errors.given("email", self.email.map(EmailAddress::try_from));
        let owner_email = match self.owner_email {
            Some(text) => errors.take("owner_email", EmailAddress::try_from(text)),
            None if invited && billing_email.is_some() => billing_email.clone(),
            None => {
                errors.add("owner_email", "missing_field", "is needed");
                None
            }
        };
        let owner_name = match self.owner_name {
            Some(text) => errors.take("owner_name", DisplayName::try_from(text)),
            None if invited => Some(DisplayName::unnamed()),
            None => {
                errors.add("owner_name", "missing_field", "is needed");
                None
            }
        };
        let name = errors.take("name", DisplayName::try_from(self.name));
        let slug = errors.given("slug", self.slug.as_deref().map(Slug::try_from));
        let cycle = errors.given("billing_cycle", self.billing_cycle.as_deref().map(Cycle::try_from));
        let currency = errors.given("currency", self.currency.as_deref().map(Currency::try_from));
        let phone = errors.given("phone", self.phone.map(Phone::try_from));
        let timezone = errors.given("timezone", self.timezone.map(Timezone::try_from));
        let locale = errors.given("locale", self.locale.map(Locale::try_from));
        let company_size = errors.given("company_size", self.company_size.map(Note::try_from));
        let use_case = errors.given("use_case", self.use_case.map(Note::try_from));
        let region = errors.given("region", self.region.map(Note::try_from));
        let (Some(name), Some(email), Some(owner), true) = (name, owner_email, owner_name, errors.is_empty()) else {
            return Err(errors.into());
        };
        Ok(SignUp {
            name,
            slug,
            plan: self.plan,
            cycle,
            currency,
            owner: OwnerRequest {
                email,
                name: owner,
                password: self.owner_password.map(Secret::new),
            },
            billing_email,
            phone,
            timezone,
            locale,
            company_size,
            use_case,
            region,
        })
    }
}

/// What a sign-up made.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedUp)]
pub(crate) struct SignedUpView {
    tenant: TenantView,
    owner: UserView,
    subscription: SubscriptionView,
    /// Present when the owner chose a password and may act at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<TokensView>,
}

impl From<&SignedUp> for SignedUpView {
    fn from(made: &SignedUp) -> Self {
        let subscription: &Subscription = &made.subscription;
        Self {
            tenant: TenantView::from(&made.tenant),
            owner: UserView::from(&made.owner),
            subscription: SubscriptionView::from(subscription),
            tokens: made.tokens.as_ref().map(TokensView::from),
        }
    }
}

/// Founds a tenant with its owner and subscription, all or nothing.
///
/// No payment method is needed. An address that exists already gets the same answer without `tokens`, and a mail.
/// A signed-in person founds for themselves.
#[utoipa::path(post, path = "/api/v1/tenants", operation_id = "tenants_sign_up", tag = "tenants",
    request_body = SignUpBody, responses((status = 201, description = "The new tenant.", body = SignedUpView)))]
async fn handler(
    CalledFrom(origin): CalledFrom,
    MaybeSignedIn(person): MaybeSignedIn,
    JsonBody(body): JsonBody<SignUpBody>,
    TheReceipt(receipt): TheReceipt,
    sign_up: Data<SignUpService>,
) -> Answer {
    let founder = match person {
        Some(person) => Founder::Person(person, origin),
        None => Founder::Public(origin),
    };
    let request = body.parse(false)?;
    let made = sign_up.found(&founder, &request, receipt.as_ref()).await?;
    let location = format!("/api/v1/tenants/{}", made.tenant.id());
    Ok(render::created(&location, &SignedUpView::from(&made)))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .public_or_person()
        .pace(PaceClass::Guessable)
        .once()
        .refuses(403, "sign_up_closed")
        .refuses(409, "slug_taken")
}
