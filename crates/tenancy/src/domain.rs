//! Custom domains: host names that a tenant brings and proves.

pub mod model;
pub mod repository;
pub mod resolver;
pub mod service;

pub use model::{AlreadyVerified, CustomDomain, CustomDomainId, HostName, InvalidHostName};
pub use repository::{CustomDomainRepository, DOMAIN_TAKEN};
pub use resolver::{ResolveError, TxtResolver};
