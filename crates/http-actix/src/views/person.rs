//! People's addresses.

use serde::Serialize;
use tenantry_identity::email::OwnedEmail;
use tenantry_kernel::EmailAddress;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// One address of a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonEmail)]
pub(crate) struct EmailView {
    /// Its id.
    pub id: String,
    /// The address.
    #[schema(example = "ada@home.example")]
    pub email: String,
    /// True once the person has shown that they read mail there.
    pub verified: bool,
    /// True once whoever was signed in followed the link, too: then the address speaks for the person where a tenant lets
    /// people in by it.
    pub held: bool,
    /// True for the one that mail goes to.
    pub primary: bool,
    /// When it was verified.
    #[serde(with = "time::serde::rfc3339::option")]
    pub verified_at: Option<OffsetDateTime>,
    /// When it was claimed.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl EmailView {
    pub(crate) fn of(email: &OwnedEmail, primary: &EmailAddress) -> Self {
        Self {
            id: email.id.to_string(),
            email: email.email.to_string(),
            verified: email.verified_at.is_some(),
            held: email.held_at.is_some(),
            primary: email.email == *primary,
            verified_at: email.verified_at,
            created_at: email.created_at,
        }
    }
}

/// An address that was claimed, and is not verified by that.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClaimedEmail)]
pub(crate) struct ClaimedView {
    /// Its id.
    pub id: String,
    /// The address.
    #[schema(example = "ada@home.example")]
    pub email: String,
    /// True when the person had verified it before.
    pub verified: bool,
}

impl From<&OwnedEmail> for ClaimedView {
    fn from(email: &OwnedEmail) -> Self {
        Self {
            id: email.id.to_string(),
            email: email.email.to_string(),
            verified: email.verified_at.is_some(),
        }
    }
}
