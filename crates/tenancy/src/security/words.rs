//! The words that a policy is written in.

/// Who may invite people, of those who hold `members.invite`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhoMayInvite {
    /// All of them.
    #[default]
    Managers,
    /// Those who may manage every member (`members.manage`) as well.
    Admins,
    /// Those who hold all that an owner holds.
    Owners,
}

/// Whether the installation's people may act in the place of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SupportAccess {
    /// They may, and the tenant's log tells.
    #[default]
    Allowed,
    /// Only while somebody of the tenant has agreed.
    WithConsent,
}

/// A way to sign in to the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignInMethod {
    /// A password.
    Password,
    /// A link in a mail.
    MagicLink,
    /// A passkey.
    Passkey,
}

/// How people with an address at a proved domain of the tenant come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JoinMode {
    /// By invitation only.
    #[default]
    Off,
    /// The tenant is suggested to them; somebody of the tenant decides about their request.
    Suggest,
    /// They join by themselves.
    Auto,
}

/// Gives an enum of plain variants its names.
macro_rules! named {
    ($word:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $word {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in `snake_case`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// The one of exactly that name.
            #[must_use]
            pub fn from_name(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    };
}

named!(WhoMayInvite {
    Managers = "managers",
    Admins = "admins",
    Owners = "owners"
});
named!(SupportAccess {
    Allowed = "allowed",
    WithConsent = "with_consent"
});
named!(SignInMethod {
    Password = "password",
    MagicLink = "magic_link",
    Passkey = "passkey"
});
named!(JoinMode {
    Off = "off",
    Suggest = "suggest",
    Auto = "auto"
});
