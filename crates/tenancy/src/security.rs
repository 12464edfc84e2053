//! What a tenant asks of those who enter it: its security policy.

pub mod draft;
pub mod model;
pub mod repository;
pub mod service;
pub mod words;

pub use draft::PolicyDraft;
pub use model::{DomainJoin, PasswordRules, SecurityPolicy, SessionLimits};
pub use repository::{SecurityPolicyRepository, StoredPolicy};
pub use words::{JoinMode, SignInMethod, SupportAccess, WhoMayInvite};
