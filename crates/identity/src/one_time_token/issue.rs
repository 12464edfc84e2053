//! Issuing a one-time token within the caller's unit.

use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::{Secret, StoreError, TenantId};
use time::OffsetDateTime;

use super::model::{OneTimeText, OneTimeToken, OneTimeTokenId, Purpose};
use super::repository::OneTimeTokenRepository;
use crate::mint::Mint;

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
    let tenant = concerns.map(|(tenant, _)| tenant);
    let membership = concerns.map(|(_, membership)| membership);
    let text = OneTimeText::mint(purpose, user, tenant, mint.entropy.as_ref());
    let id = OneTimeTokenId::from_uuid(mint.ids.next());
    let token = OneTimeToken::issue(id, &text, membership, mint.cipher.as_ref(), now);
    tokens.insert(&token).await?;
    Ok(text.to_text())
}
