//! Roles: those of the catalog, which are every tenant's, and those that a tenant defines for itself.
//!
//! [`book`] is what the rest asks: which role a name means, and what it allows. A tenant's own roles come into it through
//! [`own`]. What a role allows is written down as [`grants`], which are read anew whenever somebody enters: a wildcard
//! reaches permissions that came later.

pub mod access;
pub mod assignment;
pub mod book;
pub mod error;
pub mod grants;
pub mod model;
pub mod own;
pub mod preview;
pub mod repository;
pub mod service;
pub mod system;
pub mod why;

pub use assignment::{AssignmentId, RoleAssignment};
pub use book::{InvalidRoleBook, RoleBook, RoleDefinition, RoleKind};
pub use error::RoleError;
pub use grants::{Grant, Grants};
pub use model::{OwnRole, RoleDraft, RoleId};
pub use own::{OwnRoles, Powers};
pub use repository::{MAX_ROLES, ROLE_NAME_TAKEN, ROLE_SLOT_TAKEN, RoleRepository};
pub use system::SystemRole;
