//! Typed identifiers: a `TenantId` is never passed where a `UserId` is meant.

/// Declares a newtype over a UUID with the conversions that storage and the edges need.
#[macro_export]
macro_rules! typed_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($crate::uuid::Uuid);

        impl $name {
            /// Wraps a raw UUID; makes no claim that such a thing exists.
            #[must_use]
            pub const fn from_uuid(raw: $crate::uuid::Uuid) -> Self {
                Self(raw)
            }

            /// The raw UUID.
            #[must_use]
            pub const fn as_uuid(self) -> $crate::uuid::Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::uuid::Uuid::parse_str(text).map(Self)
            }
        }
    };
}

typed_id!(
    /// An organization that buys the product.
    TenantId
);
typed_id!(
    /// A human, one across all tenants.
    UserId
);
typed_id!(
    /// The tie between one user and one tenant; what a tenant's API calls `users[].id`.
    MembershipId
);
typed_id!(
    /// One signed-in device or browser of a user.
    SessionId
);
typed_id!(
    /// A credential of a program, bound to one tenant.
    ApiKeyId
);
typed_id!(
    /// A credential of a program of the installation itself, bound to no tenant.
    PlatformKeyId
);
typed_id!(
    /// A program that is a tenant's own: no human, and no member.
    ServiceAccountId
);
typed_id!(
    /// A visit of an operator who acts on behalf of a member.
    ImpersonationId
);
