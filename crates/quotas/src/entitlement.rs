//! Entitlements: what a tenant's plan grants it, copied to the tenant when the plan takes effect.
//!
//! A later edition of the plan does not change them; a plan change and an operator's override do.

pub mod model;
pub mod repository;
pub mod service;

pub use model::{Allowance, Enforcement, Entitlements, LimitOverride, Share};
pub use repository::EntitlementRepository;
pub use service::EntitlementService;
