//! The text of a platform key: as a tenant's, with `platform` where theirs say `live` or `test`, and no tenant in it.

use tenantry_kernel::id::PlatformKeyId;
use tenantry_kernel::{Cipher, Entropy, Secret};
use uuid::Uuid;

use crate::api_key::{InvalidKeyText, KeyPrefix, text_parts};
use crate::fingerprint::Fingerprint;

/// What tells a platform key from a tenant's.
const MODE: &str = "platform";

/// A platform key as its bearer writes it. The key's id is open; the checksum refuses junk before anything is looked
/// up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformKeyText {
    prefix: KeyPrefix,
    key: PlatformKeyId,
    text: Secret<String>,
}

impl PlatformKeyText {
    /// A fresh text.
    #[must_use]
    pub fn mint(prefix: &KeyPrefix, key: PlatformKeyId, entropy: &dyn Entropy) -> Self {
        let ids = [*Uuid::nil().as_bytes(), *key.as_uuid().as_bytes()];
        Self {
            prefix: prefix.clone(),
            key,
            text: Secret::new(text_parts::write(prefix, MODE, ids, entropy)),
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`InvalidKeyText`] for anything that this program has not written as a platform key.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyText> {
        let parts = text_parts::read(text).filter(|parts| parts.mode == MODE);
        let parts = parts.ok_or(InvalidKeyText)?;
        let [nobody, key] = parts.ids;
        if nobody != *Uuid::nil().as_bytes() {
            return Err(InvalidKeyText);
        }
        Ok(Self {
            prefix: parts.prefix,
            key: PlatformKeyId::from_uuid(Uuid::from_bytes(key)),
            text: Secret::new(text.to_owned()),
        })
    }

    /// Which key it says it is.
    #[must_use]
    pub const fn key(&self) -> PlatformKeyId {
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
        text_parts::hint(&self.prefix, MODE, self.text.expose())
    }

    /// How it is stored. Covers the whole text, and is in no relation to a tenant key's.
    #[must_use]
    pub fn fingerprint(&self, cipher: &dyn Cipher) -> Fingerprint {
        Fingerprint::of(cipher, "platform-key", self.text.expose().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::TenantId;
    use tenantry_kernel::id::ApiKeyId;
    use tenantry_kernel::testing::CountingEntropy;

    use super::*;
    use crate::api_key::ApiKeyText;

    fn prefix() -> KeyPrefix {
        KeyPrefix::try_from("tk").unwrap()
    }

    #[test]
    fn a_platform_key_is_no_tenants_key_and_the_other_way_round() {
        let id = Uuid::from_u128(7);
        let ours = PlatformKeyText::mint(&prefix(), PlatformKeyId::from_uuid(id), &CountingEntropy::default());
        let (tenant, key) = (TenantId::from_uuid(Uuid::nil()), ApiKeyId::from_uuid(id));
        let theirs = ApiKeyText::mint(&prefix(), true, tenant, key, &CountingEntropy::default());

        assert!(ours.to_text().expose().starts_with("tk_platform_"));
        assert!(ours.hint().starts_with("tk_platform_…"));
        assert_eq!(PlatformKeyText::parse(ours.to_text().expose()), Ok(ours.clone()));
        assert_eq!(ApiKeyText::parse(ours.to_text().expose()), Err(InvalidKeyText));
        assert_eq!(PlatformKeyText::parse(theirs.to_text().expose()), Err(InvalidKeyText));
    }

    #[test]
    fn a_text_with_one_wrong_character_is_refused() {
        let key = PlatformKeyId::from_uuid(Uuid::from_u128(7));
        let text = PlatformKeyText::mint(&prefix(), key, &CountingEntropy::default()).to_text();
        let text = text.expose();

        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(PlatformKeyText::parse(&changed), Err(InvalidKeyText), "{changed}");
        }
    }
}
