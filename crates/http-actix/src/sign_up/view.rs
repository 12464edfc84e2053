//! What a sign-up made.

use serde::Serialize;
use tenantry_lifecycle::sign_up::SignedUp;
use tenantry_tenancy::membership::MembershipState;
use utoipa::ToSchema;

use crate::views::member::MemberView;
use crate::views::session::TokensView;
use crate::views::subscription::SubscriptionView;
use crate::views::tenant::TenantView;

/// A tenant, its owner and its subscription.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedUp)]
pub(crate) struct View {
    /// The tenant.
    pub tenant: TenantView,
    /// Its owner.
    pub owner: MemberView,
    /// What it subscribed to.
    pub subscription: SubscriptionView,
    /// The owner's tokens; absent when the rest happens by mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokensView>,
}

impl From<&SignedUp> for View {
    fn from(made: &SignedUp) -> Self {
        let mut owner = MemberView::from(&made.owner);
        if made.tokens.is_none() {
            // What is finished by mail looks alike, or it would tell whether the address has an account.
            owner.status = MembershipState::Invited.as_str();
            owner.invitation_expires_at = None;
        }
        Self {
            tenant: TenantView::from(&made.tenant),
            owner,
            subscription: SubscriptionView::from(&made.subscription),
            tokens: made.tokens.as_ref().map(TokensView::from),
        }
    }
}
