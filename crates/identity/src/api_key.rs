//! API keys: credentials of programs, bound to one tenant, never more powerful than who made them.

mod admission;
pub(crate) mod fields;
mod filter;
mod model;
mod name;
mod reader;
mod repository;
mod rules;
mod service;
mod text;
pub(crate) mod text_parts;

pub(crate) use admission::Terms;
pub use filter::{KeyFilter, KeyStatus};
pub use model::{ApiKey, ApiKeyRecord, KeyOwner, KeyRefusal, PreviousSecret};
pub use name::{InvalidKeyName, KeyName};
pub use reader::{KeyReader, PlainKeyReader, ShownKey};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockApiKeyRepository;
pub use repository::{API_KEYS_FULL, ApiKeyRepository};
pub use rules::KeyRules;
pub(crate) use service::wanted;
pub use service::{ApiKeyError, ApiKeyService, ApiKeySettings, ChangeApiKey, CreateApiKey, MintedKey};
pub use tenantry_kernel::cidr::{Cidr, InvalidCidr};
pub use text::{ApiKeyText, InvalidKeyText, KeyPrefix};
