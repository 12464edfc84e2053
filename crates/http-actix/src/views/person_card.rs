//! A person, as operators see them.

use serde::Serialize;
use tenantry_identity::user::UserStatus;
use tenantry_lifecycle::people::{PersonCard, PersonDetails};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::person::EmailView;
use crate::me::tenants::BelongingView;

/// A person, as a list shows them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonCard)]
pub(crate) struct CardView {
    /// Their id.
    pub id: String,
    /// The primary address.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Whether they verified that address.
    pub email_verified: bool,
    /// `active`, `disabled` or `erased`.
    pub status: &'static str,
    /// The role over the installation; null for most people.
    #[schema(example = "operator")]
    pub platform_role: Option<String>,
    /// In how many tenants they are.
    pub tenants: u64,
    /// When they last signed in.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_login_at: Option<OffsetDateTime>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When all that is known of them is to be erased, if it is.
    #[serde(with = "time::serde::rfc3339::option")]
    pub erase_at: Option<OffsetDateTime>,
    /// Whom they turned out to be, if two accounts were merged.
    pub merged_into: Option<String>,
}

impl From<PersonCard> for CardView {
    fn from(card: PersonCard) -> Self {
        Self {
            id: card.id.to_string(),
            email: card.email,
            name: card.name,
            email_verified: card.email_verified,
            status: card.status.as_str(),
            platform_role: card.platform_role,
            tenants: card.tenants,
            last_login_at: card.last_login_at,
            created_at: card.created_at,
            erase_at: card.erase_at,
            merged_into: card.merged_into.map(|user| user.to_string()),
        }
    }
}

/// A person, with their addresses and tenants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonDetails)]
pub(crate) struct DetailsView {
    /// As a list shows them.
    #[serde(flatten)]
    pub card: CardView,
    /// Since when they are disabled or erased.
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// Their addresses, oldest first.
    pub emails: Vec<EmailView>,
    /// Where they belong, oldest membership first; the first 200.
    pub memberships: Vec<BelongingView>,
}

impl From<&PersonDetails> for DetailsView {
    fn from(details: &PersonDetails) -> Self {
        let record = details.user.record();
        let closed_at = match record.status {
            UserStatus::Active => None,
            UserStatus::Disabled { at } | UserStatus::Erased { at } => Some(at),
        };
        let card = PersonCard {
            id: record.id,
            email: record.email.to_string(),
            name: record.name.to_string(),
            email_verified: record.email_verified_at.is_some(),
            status: record.status,
            platform_role: record.platform_role.map(|role| role.as_str().to_owned()),
            tenants: u64::try_from(details.belongings.len()).unwrap_or(u64::MAX),
            last_login_at: record.last_login_at,
            created_at: record.created_at,
            erase_at: record.erase_at,
            merged_into: record.merged_into,
        };
        let primary = &record.email;
        Self {
            card: card.into(),
            closed_at,
            emails: details
                .emails
                .iter()
                .map(|email| EmailView::of(email, primary))
                .collect(),
            memberships: details
                .belongings
                .iter()
                .map(|belonging| BelongingView::of(belonging, None))
                .collect(),
        }
    }
}
