//! Support access: the tenant's consents and who came, and the operators' visits.

mod agree;
mod end;
mod list;
mod running;
mod start;
mod withdraw;

use serde::Serialize;
use tenantry_identity::support::{Consent, Impersonation};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::routes::Row;

/// The tenant's.
pub(crate) fn rows() -> Vec<Row> {
    vec![list::row(), agree::row(), withdraw::row()]
}

/// The operators'.
pub(crate) fn admin_rows() -> Vec<Row> {
    vec![running::row(), start::row(), end::row()]
}

/// A consent to support access.
#[derive(Serialize, ToSchema)]
#[schema(as = SupportConsent)]
struct ConsentView {
    /// Its id.
    id: String,
    /// True while it holds.
    #[schema(example = true)]
    active: bool,
    /// Which member agreed.
    given_by: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    given_at: OffsetDateTime,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// When it was taken back.
    #[serde(with = "time::serde::rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
}

impl ConsentView {
    fn at(consent: &Consent, now: OffsetDateTime) -> Self {
        Self {
            id: consent.id.to_string(),
            active: consent.is_live(now),
            given_by: consent.given_by.to_string(),
            given_at: consent.given_at,
            expires_at: consent.expires_at,
            ended_at: consent.ended_at,
        }
    }
}

/// A visit of an operator who acts on behalf of a member.
#[derive(Serialize, ToSchema)]
#[schema(as = SupportVisit)]
struct VisitView {
    /// Its id.
    id: String,
    /// The tenant's id.
    tenant: String,
    /// The operator, by their person's id.
    operator: String,
    /// The member on whose behalf.
    on_behalf_of: String,
    /// Why.
    #[schema(example = "Ticket 17: the customer sees no invoices")]
    reason: String,
    /// True when nothing can be changed.
    #[schema(example = true)]
    read_only: bool,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    /// Until when at most.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// When it was ended before its time.
    #[serde(with = "time::serde::rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
}

impl From<&Impersonation> for VisitView {
    fn from(visit: &Impersonation) -> Self {
        Self {
            id: visit.id.to_string(),
            tenant: visit.tenant.to_string(),
            operator: visit.operator.to_string(),
            on_behalf_of: visit.membership.to_string(),
            reason: visit.reason.as_str().to_owned(),
            read_only: visit.read_only,
            started_at: visit.started_at,
            expires_at: visit.expires_at,
            ended_at: visit.ended_at,
        }
    }
}
