//! Domains of e-mail addresses that a tenant proves, so that its people can come in by them.

mod add;
mod list;
mod remove;
mod verify;

use serde::Serialize;
use tenantry_tenancy::mail_domain::MailDomain;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::domains::RecordView;
use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![list::row(), add::row(), verify::row(), remove::row()]
}

/// A domain of addresses.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailDomain)]
struct EmailDomainView {
    /// Its id.
    id: String,
    /// The domain.
    #[schema(example = "acme.example")]
    domain: String,
    /// True once the DNS record was seen; only then an address there lets anybody in, and only as the security policy
    /// says.
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

impl From<&MailDomain> for EmailDomainView {
    fn from(domain: &MailDomain) -> Self {
        Self {
            id: domain.id().to_string(),
            domain: domain.domain().to_string(),
            verified: domain.verified_at().is_some(),
            verified_at: domain.verified_at(),
            verification: RecordView::txt(domain.record_name(), domain.record_value()),
            created_at: domain.created_at(),
        }
    }
}
