//! Where a membership stands.

use tenantry_kernel::time::OffsetDateTime;

/// Where a membership stands. Invited and active ones take a seat; deactivated ones do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipStatus {
    /// Asked, not answered yet.
    Invited {
        /// Until when the invitation can be accepted.
        expires_at: OffsetDateTime,
    },
    /// May enter.
    Active,
    /// May not enter; keeps its history.
    Deactivated {
        /// Since when.
        at: OffsetDateTime,
    },
}

/// A membership's status without its circumstances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MembershipState {
    /// See [`MembershipStatus::Invited`].
    Invited,
    /// See [`MembershipStatus::Active`].
    Active,
    /// See [`MembershipStatus::Deactivated`].
    Deactivated,
}

impl MembershipState {
    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Deactivated => "deactivated",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Deactivated]
            .into_iter()
            .find(|state| state.as_str() == text)
    }

    /// True when a membership in this state takes a seat of the plan.
    #[must_use]
    pub const fn takes_a_seat(self) -> bool {
        matches!(self, Self::Invited | Self::Active)
    }
}

impl MembershipStatus {
    /// The status without its circumstances.
    #[must_use]
    pub const fn state(&self) -> MembershipState {
        match self {
            Self::Invited { .. } => MembershipState::Invited,
            Self::Active => MembershipState::Active,
            Self::Deactivated { .. } => MembershipState::Deactivated,
        }
    }
}

/// How a membership came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MembershipSource {
    /// By an invitation.
    Invite,
    /// By founding the tenant.
    SignUp,
    /// Added at once, without asking.
    Api,
    /// At the first sign-in through the tenant's identity provider.
    Sso,
    /// By the tenant's directory (SCIM).
    Scim,
    /// By a verified address of the tenant's domain.
    Domain,
    /// Brought from another system.
    Import,
}

impl MembershipSource {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Invite,
        Self::SignUp,
        Self::Api,
        Self::Sso,
        Self::Scim,
        Self::Domain,
        Self::Import,
    ];

    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::SignUp => "sign_up",
            Self::Api => "api",
            Self::Sso => "sso",
            Self::Scim => "scim",
            Self::Domain => "domain",
            Self::Import => "import",
        }
    }

    /// The source of that name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }
}

/// The membership is not in the state that the change needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongState {
    /// Only an active member can be deactivated.
    #[error("the member is not active")]
    NotActive,
    /// Only a deactivated member can be reactivated.
    #[error("the member is not deactivated")]
    NotDeactivated,
    /// Only a pending invitation can be accepted, resent or revoked.
    #[error("the invitation is no longer pending")]
    NotInvited,
    /// The invitation has run out.
    #[error("the invitation has expired")]
    Expired,
    /// The wait of this member was ended a short while ago.
    #[error("the member was unlocked less than an hour ago")]
    UnlockedRecently,
}
