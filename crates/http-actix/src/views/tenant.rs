//! A tenant, as its members see it.

use serde::Serialize;
use tenantry_tenancy::tenant::{SuspensionCause, Tenant, TenantStatus};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantView {
    /// Its id.
    pub id: String,
    /// Its subdomain, and its name in paths.
    #[schema(example = "acme")]
    pub slug: String,
    /// What people call it.
    #[schema(example = "Acme")]
    pub name: String,
    /// `active` or `suspended`.
    pub status: &'static str,
    /// Why it is suspended.
    pub suspension_reason: Option<String>,
    /// What suspended it: `operator`, or `unpaid` while paying the open invoice opens it again.
    pub suspension_cause: Option<&'static str>,
    /// Where invoices go.
    pub billing_email: String,
    /// Whom to call.
    pub phone: Option<String>,
    /// Where its days begin, as IANA names it.
    #[schema(example = "Asia/Tokyo")]
    pub timezone: String,
    /// Its language, BCP 47.
    #[schema(example = "ja")]
    pub locale: String,
    /// How large it is, in its own words.
    pub company_size: Option<String>,
    /// What it wants to do, in its own words.
    pub use_case: Option<String>,
    /// Where it wants its data.
    pub region: Option<String>,
    /// When it was founded.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        let profile = tenant.profile();
        let reason = match tenant.status() {
            TenantStatus::Active => None,
            TenantStatus::Suspended { reason, .. } => Some(reason.clone()),
        };
        Self {
            id: tenant.id().to_string(),
            slug: tenant.slug().to_string(),
            name: profile.name.to_string(),
            status: tenant.status().state().as_str(),
            suspension_reason: reason,
            suspension_cause: tenant.status().suspension().map(SuspensionCause::as_str),
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
