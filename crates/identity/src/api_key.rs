//! API keys: credentials of programs, bound to one tenant, never more powerful than who made them.

mod admission;

pub(crate) mod fields;
mod model;
mod name;
mod reader;
mod repository;
mod rules;
mod service;
mod text;
pub(crate) mod text_parts;

pub(crate) use admission::Terms;
pub use model::{ApiKey, ApiKeyRecord, KeyRefusal};
pub use name::{InvalidKeyName, KeyName};
pub use reader::{KeyReader, PlainKeyReader, ShownKey};
#[cfg(any(test, feature = "testing"))]
pub use repository::MockApiKeyRepository;
pub use repository::{API_KEYS_FULL, ApiKeyRepository};
pub use rules::KeyRules;
pub use service::{ApiKeyError, ApiKeyService, ApiKeySettings, CreateApiKey, MintedKey};
pub use tenantry_kernel::cidr::{Cidr, InvalidCidr};
pub use text::{ApiKeyText, InvalidKeyText, KeyPrefix};
