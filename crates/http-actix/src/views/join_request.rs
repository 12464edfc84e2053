//! A person's own request to join a tenant.

use serde::Serialize;
use tenantry_tenancy::joining::JoinRequest;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What the person asked a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MyJoinRequest)]
pub(crate) struct MyJoinRequestView {
    /// Where it stands: `pending`, `declined` or `withdrawn`.
    #[schema(example = "pending")]
    pub status: &'static str,
    /// The address by which the person asked.
    #[schema(example = "ada@acme.example")]
    pub email: String,
    /// When the person asked.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Until when it waits, or the refusal holds.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

impl From<&JoinRequest> for MyJoinRequestView {
    fn from(request: &JoinRequest) -> Self {
        let record = request.record();
        Self {
            status: record.state.as_str(),
            email: record.email.to_string(),
            created_at: record.asked_at,
            expires_at: record.ends_at,
        }
    }
}
