//! Issuing a one-time token within the caller's unit.

use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::{Secret, StoreError, TenantId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{OneTimeText, OneTimeToken, OneTimeTokenId, Purpose};
use super::repository::OneTimeTokenRepository;
use crate::mint::Mint;

/// What a token concerns, beyond its person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The tenant and the membership there.
    pub seat: Option<(TenantId, MembershipId)>,
    /// Something else of the person, such as one of their addresses, or whom it is to be handed to.
    pub subject: Option<Uuid>,
}

impl About {
    /// Something of the person, in no tenant.
    #[must_use]
    pub const fn subject(subject: Uuid) -> Self {
        Self {
            seat: None,
            subject: Some(subject),
        }
    }
}

/// Stores a fresh token and answers its text for the mail. Where it belongs to a tenant, `concerns` says
/// to which, and to which membership.
///
/// # Errors
/// The store's.
pub async fn issue(
    tokens: &mut dyn OneTimeTokenRepository,
    purpose: Purpose,
    user: UserId,
    concerns: Option<(TenantId, MembershipId)>,
    mint: &Mint,
    now: OffsetDateTime,
) -> Result<Secret<String>, StoreError> {
    let about = About {
        seat: concerns,
        subject: None,
    };
    issue_about(tokens, purpose, user, about, mint, now).await
}

/// As [`issue`], for whatever a token may concern.
///
/// # Errors
/// The store's.
pub async fn issue_about(
    tokens: &mut dyn OneTimeTokenRepository,
    purpose: Purpose,
    user: UserId,
    about: About,
    mint: &Mint,
    now: OffsetDateTime,
) -> Result<Secret<String>, StoreError> {
    let tenant = about.seat.map(|(tenant, _)| tenant);
    let membership = about.seat.map(|(_, membership)| membership);
    let text = OneTimeText::mint(purpose, user, tenant, mint.entropy.as_ref());
    let id = OneTimeTokenId::from_uuid(mint.ids.next());
    let token = OneTimeToken::issue(id, &text, membership, mint.cipher.as_ref(), now).concerning(about.subject);
    tokens.insert(&token).await?;
    Ok(text.to_text())
}
