//! The tenant itself: founding it, its profile.

mod by_domain;
mod change;
mod replace;
mod show;
mod sign_up;

use tenantry_tenancy::tenant::{Tenant, TenantStatus};

use crate::prelude::*;

pub(crate) use sign_up::{SignUpBody, SignedUpView};

pub(crate) fn rows() -> Vec<Row> {
    vec![sign_up::row(), by_domain::row(), show::row(), change::row(), replace::row()]
}

/// A tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantView {
    id: Uuid,
    #[schema(example = "acme")]
    slug: String,
    #[schema(example = "Acme Inc.")]
    name: String,
    /// `active` or `suspended`.
    #[schema(example = "active")]
    status: &'static str,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    suspended_at: Option<OffsetDateTime>,
    #[schema(example = "billing@acme.example")]
    billing_email: String,
    #[schema(example = "+81 3 1234 5678")]
    phone: Option<String>,
    #[schema(example = "Asia/Tokyo")]
    timezone: String,
    #[schema(example = "en")]
    locale: String,
    #[schema(example = "11-50")]
    company_size: Option<String>,
    #[schema(example = "Customer support")]
    use_case: Option<String>,
    #[schema(example = "eu")]
    region: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        let profile = tenant.profile();
        Self {
            id: tenant.id().as_uuid(),
            slug: tenant.slug().to_string(),
            name: profile.name.to_string(),
            status: tenant.status().state().as_str(),
            suspended_at: match tenant.status() {
                TenantStatus::Suspended { at, .. } => Some(*at),
                TenantStatus::Active => None,
            },
            billing_email: profile.billing_email.to_string(),
            phone: profile.phone.as_ref().map(ToString::to_string),
            timezone: profile.timezone.to_string(),
            locale: profile.locale.to_string(),
            company_size: profile.company_size.as_ref().map(ToString::to_string),
            use_case: profile.use_case.as_ref().map(ToString::to_string),
            region: profile.region.as_ref().map(ToString::to_string),
            created_at: tenant.created_at(),
            updated_at: tenant.updated_at(),
        }
    }
}
