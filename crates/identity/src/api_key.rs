//! API keys: credentials of programs, bound to one tenant, never more powerful than who made them.

mod cidr;
mod model;
mod name;
mod reader;
mod repository;
mod service;
mod text;

pub use cidr::{Cidr, InvalidCidr};
pub use model::{ApiKey, ApiKeyRecord, KeyRefusal};
pub use name::{InvalidKeyName, KeyName};
pub use reader::{KeyReader, PlainKeyReader, ShownKey};
pub use repository::ApiKeyRepository;
#[cfg(any(test, feature = "testing"))]
pub use repository::MockApiKeyRepository;
pub use service::{ApiKeyError, ApiKeyService, ApiKeySettings, CreateApiKey, MintedKey};
pub use text::{ApiKeyText, InvalidKeyText, KeyPrefix};
