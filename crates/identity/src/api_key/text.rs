//! The text of an API key: `<prefix>_<live|test>_<tenant and key>_<secret><checksum>`.

use std::fmt;

use tenantry_kernel::id::ApiKeyId;
use tenantry_kernel::{Cipher, Entropy, Secret, TenantId};
use uuid::Uuid;

use super::text_parts;
use crate::fingerprint::Fingerprint;

/// What an installation's keys begin with: 1 to 8 lower-case letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPrefix(String);

/// The text is no API key: its form or its checksum is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an API key")]
pub struct InvalidKeyText;

impl TryFrom<&str> for KeyPrefix {
    type Error = InvalidKeyText;

    fn try_from(text: &str) -> Result<Self, InvalidKeyText> {
        let fine = (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase());
        if fine {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidKeyText)
        }
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An API key as its bearer writes it. The tenant and the key's id are open; the checksum refuses
/// typing errors and random junk before anything is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyText {
    prefix: KeyPrefix,
    live: bool,
    tenant: TenantId,
    key: ApiKeyId,
    /// The whole of it. There is one spelling only.
    text: Secret<String>,
}

impl ApiKeyText {
    /// A fresh text for a key of the tenant.
    #[must_use]
    pub fn mint(prefix: &KeyPrefix, live: bool, tenant: TenantId, key: ApiKeyId, entropy: &dyn Entropy) -> Self {
        let ids = [*tenant.as_uuid().as_bytes(), *key.as_uuid().as_bytes()];
        Self {
            prefix: prefix.clone(),
            live,
            tenant,
            key,
            text: Secret::new(text_parts::write(prefix, mode(live), ids, entropy)),
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`InvalidKeyText`] for anything that this program has not written as a tenant's key.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyText> {
        let parts = text_parts::read(text).ok_or(InvalidKeyText)?;
        let live = match parts.mode {
            "live" => true,
            "test" => false,
            _ => return Err(InvalidKeyText),
        };
        let [tenant, key] = parts.ids;
        Ok(Self {
            prefix: parts.prefix,
            live,
            tenant: TenantId::from_uuid(Uuid::from_bytes(tenant)),
            key: ApiKeyId::from_uuid(Uuid::from_bytes(key)),
            text: Secret::new(text.to_owned()),
        })
    }

    /// Of which tenant it says it is.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Which key it says it is.
    #[must_use]
    pub const fn key(&self) -> ApiKeyId {
        self.key
    }

    /// The text to hand out, once.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        self.text.clone()
    }

    /// What may be shown of it later: where it begins and its last four characters.
    #[must_use]
    pub fn hint(&self) -> String {
        text_parts::hint(&self.prefix, mode(self.live), self.text.expose())
    }

    /// How it is stored. Covers the whole text: a test key never passes for a live one, nor one tenant's
    /// for another's.
    #[must_use]
    pub fn fingerprint(&self, cipher: &dyn Cipher) -> Fingerprint {
        Fingerprint::of(cipher, "api-key", self.text.expose().as_bytes())
    }
}

const fn mode(live: bool) -> &'static str {
    if live { "live" } else { "test" }
}

#[cfg(test)]
mod tests;
