//! The new tenant, and its slug.

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{FieldError, StoreError, TenantId};
use tenantry_tenancy::locale::{Locale, Timezone};
use tenantry_tenancy::tenant::{Profile, SLUG_TAKEN, Slug, Tenant};

use super::error::SignUpError;
use super::request::SignUp;
use super::service::SignUpService;

/// How many other slugs a refusal names.
const SUGGESTIONS: usize = 5;

impl SignUpService {
    pub(super) async fn draft_tenant(&self, request: &SignUp, now: OffsetDateTime) -> Result<Tenant, SignUpError> {
        let slug = match &request.slug {
            Some(slug) => self.allowed(slug.clone())?,
            None => self.derived_slug(request).await?,
        };
        let profile = Profile {
            name: request.name.clone(),
            billing_email: request
                .billing_email
                .clone()
                .unwrap_or_else(|| request.owner.email.clone()),
            phone: request.phone.clone(),
            timezone: request.timezone.clone().unwrap_or_else(Timezone::utc),
            locale: request.locale.clone().unwrap_or_else(Locale::english),
            company_size: request.company_size.clone(),
            use_case: request.use_case.clone(),
            region: request.region.clone(),
        };
        let id = TenantId::from_uuid(self.0.ids.next());
        Ok(Tenant::found(id, slug, profile, now))
    }

    fn allowed(&self, slug: Slug) -> Result<Slug, SignUpError> {
        if self.0.catalog.reserved_slugs().contains(&slug) {
            return Err(invalid("slug_reserved", format!("the slug {slug} is reserved")));
        }
        Ok(slug)
    }

    /// The name's own slug, or the first of its neighbours that is free.
    async fn derived_slug(&self, request: &SignUp) -> Result<Slug, SignUpError> {
        let first = Slug::derive(request.name.as_str());
        let candidates = std::iter::once(first.clone()).chain(first.suggestions());
        for slug in candidates.filter(|slug| !self.0.catalog.reserved_slugs().contains(slug)) {
            if self.0.directory.tenant_by_slug(slug.as_str()).await?.is_none() {
                return Ok(slug);
            }
        }
        let detail = "no slug near the name is free: choose one".to_owned();
        Err(invalid("slug_needed", detail))
    }

    pub(super) async fn slug_refusal(&self, refusal: StoreError, slug: &Slug) -> SignUpError {
        if !matches!(refusal, StoreError::Conflict(SLUG_TAKEN)) {
            return refusal.into();
        }
        let reserved = self.0.catalog.reserved_slugs();
        let mut suggestions = Vec::new();
        for other in slug.suggestions().filter(|other| !reserved.contains(other)) {
            // A suggestion is a courtesy: a store that fails now is not worth failing for.
            if matches!(self.0.directory.tenant_by_slug(other.as_str()).await, Ok(None)) {
                suggestions.push(other.to_string());
            }
            if suggestions.len() == SUGGESTIONS {
                break;
            }
        }
        SignUpError::SlugTaken {
            slug: slug.to_string(),
            suggestions,
        }
    }
}

fn invalid(code: &'static str, detail: String) -> SignUpError {
    SignUpError::Invalid(vec![FieldError::new("slug", code, detail)])
}
