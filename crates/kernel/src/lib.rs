//! Words every domain shares: ids, money, time, the tenant scope, events, errors, transactions.
//!
//! **Invariant:** nothing here knows a database, a protocol or another crate of this workspace. A type enters
//! when two domains need it and neither owns it. Start with [`scope`]: everything a service does, it does
//! for one tenant and on behalf of one principal.

pub mod budget;
pub mod cidr;
pub mod code;
pub mod email;
pub mod email_domain;
pub mod error;
pub mod event;
pub mod id;
pub mod locale;
pub mod mail_providers;
pub mod money;
pub mod page;
pub mod permission;
pub mod ports;
pub mod principal;
pub mod ratio;
pub mod resource;
pub mod retry;
pub mod scope;
pub mod secret;
pub mod soon;
pub mod sorted_lines;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod transaction;

pub use budget::{Budget, BudgetKeeper};
pub use cidr::Cidr;
pub use code::{Code, InvalidCode};
pub use email::EmailAddress;
pub use email_domain::EmailDomain;
pub use error::{Denied, DomainError, ErrorKind, FieldError, StoreError};
pub use event::{Change, Event, Mail, Value};
pub use id::{ApiKeyId, ImpersonationId, MembershipId, PlatformKeyId, ServiceAccountId, SessionId, TenantId, UserId};
pub use locale::{Locale, Timezone};
pub use money::{Currency, Money};
pub use page::{Cursor, Page, PageRequest};
pub use permission::{Permission, PermissionSet};
pub use ports::{Clock, Entropy, IdSource};
pub use principal::{Origin, Principal};
pub use ratio::Ratio;
pub use resource::{Narrowed, Resource};
pub use scope::{Authority, Receipt, SystemScope, TenantScope};
pub use secret::{Cipher, Secret};
pub use soon::Soon;
pub use text::{DisplayName, Note, Phone};
pub use transaction::Transaction;

pub use async_trait::async_trait;
pub use time;
pub use uuid;
