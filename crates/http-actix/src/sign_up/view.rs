//! What a sign-up made.

use serde::Serialize;
use tenantry_lifecycle::sign_up::SignedUp;
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
        Self {
            tenant: TenantView::from(&made.tenant),
            owner: MemberView::from(&made.owner),
            subscription: SubscriptionView::from(&made.subscription),
            tokens: made.tokens.as_ref().map(TokensView::from),
        }
    }
}
