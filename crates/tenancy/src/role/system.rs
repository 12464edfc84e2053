//! The five roles by meaning.

use tenantry_kernel::Code;

/// What a role means to Tenantry, whatever the catalog calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemRole {
    /// Everything; a tenant always has one.
    Owner,
    /// Everything but money and the tenant's end.
    Admin,
    /// Looks after members and viewers.
    Manager,
    /// Uses the product.
    Member,
    /// Looks on.
    Viewer,
}

impl SystemRole {
    /// All five, from the strongest to the weakest.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Manager, Self::Member, Self::Viewer];

    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// The role of that name, whatever its case.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        let folded = Code::fold(text);
        Self::ALL.into_iter().find(|role| role.as_str() == folded)
    }

    /// True for the roles that `members.manage_basic` reaches.
    #[must_use]
    pub const fn is_basic(self) -> bool {
        matches!(self, Self::Member | Self::Viewer)
    }
}
