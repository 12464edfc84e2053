//! The text of an API key: `<prefix>_<live|test>_<tenant and key>_<secret><checksum>`.

use std::fmt;

use tenantry_kernel::id::ApiKeyId;
use tenantry_kernel::{Cipher, Entropy, Secret, TenantId};
use uuid::Uuid;

use crate::base62;
use crate::crc32::crc32;
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

/// Characters of a secret of 32 bytes.
const SECRET_CHARS: usize = base62::width(32);
/// Characters of a checksum of 32 bits.
const CHECKSUM_CHARS: usize = base62::width(4);
/// The longest text there is; longer input is refused unread.
const LONGEST: usize = 8 + 6 + base62::width(32) + 1 + SECRET_CHARS + CHECKSUM_CHARS;

impl ApiKeyText {
    /// A fresh text for a key of the tenant.
    #[must_use]
    pub fn mint(prefix: &KeyPrefix, live: bool, tenant: TenantId, key: ApiKeyId, entropy: &dyn Entropy) -> Self {
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        let mode = if live { "live" } else { "test" };
        let ids = base62::encode_pair(tenant.as_uuid().as_bytes(), key.as_uuid().as_bytes());
        let body = format!("{prefix}_{mode}_{ids}_{}", base62::encode(&secret));
        let checksum = base62::encode(&crc32(body.as_bytes()).to_be_bytes());
        Self {
            prefix: prefix.clone(),
            live,
            tenant,
            key,
            text: Secret::new(body + &checksum),
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`InvalidKeyText`] for anything that this program has not written.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyText> {
        if text.len() > LONGEST || !text.is_ascii() {
            return Err(InvalidKeyText);
        }
        Self::read(text).ok_or(InvalidKeyText)
    }

    fn read(text: &str) -> Option<Self> {
        let (body, checksum) = text.split_at_checked(text.len().checked_sub(CHECKSUM_CHARS)?)?;
        if checksum != base62::encode(&crc32(body.as_bytes()).to_be_bytes()) {
            return None;
        }
        let mut parts = body.split('_');
        let (prefix, mode, ids, secret) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let live = match mode {
            "live" => true,
            "test" => false,
            _ => return None,
        };
        let [tenant, key] = base62::decode_pair(ids)?;
        base62::decode::<32>(secret)?;
        Some(Self {
            prefix: KeyPrefix::try_from(prefix).ok()?,
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
        let mode = if self.live { "live" } else { "test" };
        let text = self.text.expose();
        let tail = text.get(text.len().saturating_sub(4)..).unwrap_or_default();
        format!("{}_{mode}_…{tail}", self.prefix)
    }

    /// How it is stored. Covers the whole text: a test key never passes for a live one, nor one tenant's
    /// for another's.
    #[must_use]
    pub fn fingerprint(&self, cipher: &dyn Cipher) -> Fingerprint {
        Fingerprint::of(cipher, "api-key", self.text.expose().as_bytes())
    }
}

#[cfg(test)]
mod tests;
