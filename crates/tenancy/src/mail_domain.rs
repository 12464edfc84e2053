//! Domains of e-mail addresses that a tenant proves to be its own: whoever reads mail at one may be let in by that.
//! They name no tenant (see [`crate::domain`]), and several tenants may prove the same one.

mod model;
pub(crate) mod repository;
pub mod service;

pub use model::{MailDomain, MailDomainId};
pub use repository::{MAIL_DOMAIN_EXISTS, MailDomainRepository};
