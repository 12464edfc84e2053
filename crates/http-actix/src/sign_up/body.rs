//! The body of a sign-up, shared by the public route and the operators'.

use serde::Deserialize;
use tenantry_billing::plan::Cycle;
use tenantry_kernel::text::{Note, Phone};
use tenantry_kernel::{Currency, DisplayName, EmailAddress, Locale, Secret};
use tenantry_lifecycle::sign_up::{OwnerRequest, SignUp};
use tenantry_tenancy::tenant::Slug;
use utoipa::ToSchema;

use crate::error::{ApiError, FieldErrors};
use crate::timezone::timezone;

/// An organization that wants to be a tenant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignUp, example = json!({
    "name": "Acme", "slug": "acme", "plan": "free",
    "owner_email": "ada@acme.example", "owner_name": "Ada", "owner_password": "correct horse battery"
}))]
pub(crate) struct Body {
    /// What people call it.
    #[serde(alias = "organization_name")]
    name: String,
    /// Its subdomain, 3 to 63 letters, digits and hyphens; derived from the name when absent. Also `subdomain`.
    #[serde(default, alias = "subdomain")]
    slug: Option<String>,
    /// The plan; the default one when absent. Also `subscription_tier`, `tenant_tier`.
    #[serde(default, alias = "subscription_tier", alias = "tenant_tier")]
    plan: Option<String>,
    /// `monthly`, `yearly` or `pay_as_you_go`, where the plan is sold so.
    #[serde(default)]
    billing_cycle: Option<String>,
    /// ISO 4217; the catalog's first when absent.
    #[serde(default)]
    currency: Option<String>,
    /// The owner's address. Operators may leave it out: the billing address is invited then.
    #[serde(default)]
    owner_email: Option<String>,
    /// What the owner is called.
    #[serde(default)]
    owner_name: Option<String>,
    /// The owner's password, as long as the installation asks; without it a mail to set one goes out.
    #[serde(default)]
    #[schema(format = Password)]
    owner_password: Option<String>,
    /// Where invoices go; to the owner when absent. Also `billing_email`.
    #[serde(default, alias = "billing_email")]
    email: Option<String>,
    /// Whom to call. Also `contact_phone`.
    #[serde(default, alias = "contact_phone")]
    phone: Option<String>,
    /// Where its days begin, as IANA names it; UTC when absent.
    #[serde(default)]
    timezone: Option<String>,
    /// Its language, BCP 47; English when absent.
    #[serde(default)]
    locale: Option<String>,
    /// How large it is.
    #[serde(default)]
    company_size: Option<String>,
    /// What it wants to do.
    #[serde(default)]
    use_case: Option<String>,
    /// Where it wants its data.
    #[serde(default)]
    region: Option<String>,
}

/// Who may be left unnamed in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// The owner is named.
    Owner,
    /// The billing address may stand for the owner.
    OwnerOrBilling,
}

impl Body {
    /// Parses every field; one refusal lists all that are wrong.
    pub(crate) fn parse(self, names: Names) -> Result<SignUp, ApiError> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", DisplayName::try_from(self.name.as_str()));
        let slug = errors.given("slug", self.slug.as_deref().map(Slug::try_from));
        let cycle = errors.given("billing_cycle", self.billing_cycle.as_deref().map(Cycle::try_from));
        let currency = errors.given("currency", self.currency.as_deref().map(Currency::try_from));
        let billing = errors.given("email", self.email.as_deref().map(EmailAddress::try_from));
        let phone = errors.given("phone", self.phone.as_deref().map(Phone::try_from));
        let timezone = errors.given("timezone", self.timezone.as_deref().map(timezone));
        let locale = errors.given("locale", self.locale.as_deref().map(Locale::try_from));
        let company_size = errors.given("company_size", self.company_size.as_deref().map(Note::try_from));
        let use_case = errors.given("use_case", self.use_case.as_deref().map(Note::try_from));
        let region = errors.given("region", self.region.as_deref().map(Note::try_from));
        let (owner_text, owner_field) = match (&self.owner_email, &self.email, names) {
            (Some(email), _, _) => (Some(email), "owner_email"),
            (None, Some(email), Names::OwnerOrBilling) => (Some(email), "email"),
            (None, _, _) => (None, "owner_email"),
        };
        let owner = if let Some(text) = owner_text {
            errors.take(owner_field, EmailAddress::try_from(text.as_str()))
        } else {
            errors.add("owner_email", "missing_field", "is needed");
            None
        };
        let owner_name = errors.given("owner_name", self.owner_name.as_deref().map(DisplayName::try_from));
        errors.check()?;

        let parsed = name
            .zip(owner)
            .ok_or_else(|| ApiError::internal("a refused field was not noted"))?;
        let (name, email) = parsed;
        let owner_name = owner_name.unwrap_or_else(|| local_part(&email));
        Ok(SignUp {
            name,
            slug,
            plan: self.plan,
            cycle,
            currency,
            owner: OwnerRequest {
                email,
                name: owner_name,
                password: self.owner_password.map(Secret::new),
            },
            billing_email: billing,
            phone,
            timezone,
            locale,
            company_size,
            use_case,
            region,
        })
    }
}

fn local_part(email: &EmailAddress) -> DisplayName {
    let local = email.as_str().split('@').next().unwrap_or_default();
    DisplayName::try_from(local).unwrap_or_else(|_| DisplayName::unnamed())
}
