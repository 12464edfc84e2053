//! The tenant itself: its slug, its profile, whether it may be used.

pub mod model;
pub mod repository;
pub mod reserved;
pub mod service;
pub mod slug;

pub use model::{Profile, ProfileChange, SuspensionCause, Tenant, TenantState, TenantStatus, WrongTenantState};
pub use repository::{SLUG_TAKEN, TenantRepository};
pub use reserved::ReservedSlugs;
pub use slug::{InvalidSlug, Slug};
