//! Custom domains of a tenant, and its domains of addresses.

mod add;
mod list;
mod remove;
mod verify;

use serde::Serialize;
use tenantry_tenancy::domain::CustomDomain;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::email_domains;
use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![list::row(), add::row(), verify::row(), remove::row()];
    rows.extend(email_domains::rows());
    rows
}

/// A custom domain.
#[derive(Serialize, ToSchema)]
#[schema(as = Domain)]
struct DomainView {
    /// Its id.
    id: String,
    /// The host.
    #[schema(example = "app.acme.example")]
    domain: String,
    /// True once the DNS record was seen; only then the host names the tenant.
    #[schema(example = false)]
    verified: bool,
    /// When it was verified.
    #[serde(with = "time::serde::rfc3339::option")]
    verified_at: Option<OffsetDateTime>,
    /// The TXT record that proves it.
    verification: RecordView,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// A DNS record to make.
#[derive(Serialize, ToSchema)]
#[schema(as = DnsRecord)]
pub(crate) struct RecordView {
    /// Always `TXT`.
    #[serde(rename = "type")]
    #[schema(example = "TXT")]
    kind: &'static str,
    /// Where it must stand.
    #[schema(example = "_tenantry.app.acme.example")]
    name: String,
    /// What it must say.
    #[schema(example = "tenantry-verification=…")]
    value: String,
}

impl RecordView {
    /// The TXT record that says this there.
    pub(crate) const fn txt(name: String, value: String) -> Self {
        Self {
            kind: "TXT",
            name,
            value,
        }
    }
}

impl From<&CustomDomain> for DomainView {
    fn from(domain: &CustomDomain) -> Self {
        Self {
            id: domain.id().to_string(),
            domain: domain.host().to_string(),
            verified: domain.verified_at().is_some(),
            verified_at: domain.verified_at(),
            verification: RecordView::txt(domain.record_name(), domain.record_value()),
            created_at: domain.created_at(),
        }
    }
}

#[cfg(test)]
mod tests;
