//! The text of a client secret: as an API key's, with `secret` where theirs say `live` or `test`.

use tenantry_kernel::id::ServiceAccountId;
use tenantry_kernel::{Cipher, Entropy, Secret, TenantId};
use uuid::Uuid;

use crate::api_key::{InvalidKeyText, KeyPrefix, text_parts};
use crate::fingerprint::Fingerprint;

/// What tells a client secret from keys.
const MODE: &str = "secret";

/// A client secret as its bearer writes it. Tenant and account are open, so that a look-up is pinned first; the
/// checksum refuses junk before anything is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecretText {
    prefix: KeyPrefix,
    tenant: TenantId,
    account: ServiceAccountId,
    text: Secret<String>,
}

impl ClientSecretText {
    /// A fresh text.
    #[must_use]
    pub fn mint(prefix: &KeyPrefix, tenant: TenantId, account: ServiceAccountId, entropy: &dyn Entropy) -> Self {
        let ids = [*tenant.as_uuid().as_bytes(), *account.as_uuid().as_bytes()];
        Self {
            prefix: prefix.clone(),
            tenant,
            account,
            text: Secret::new(text_parts::write(prefix, MODE, ids, entropy)),
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`InvalidKeyText`] for anything that this program has not written as a client secret.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyText> {
        let parts = text_parts::read(text).filter(|parts| parts.mode == MODE);
        let parts = parts.ok_or(InvalidKeyText)?;
        let [tenant, account] = parts.ids;
        Ok(Self {
            prefix: parts.prefix,
            tenant: TenantId::from_uuid(Uuid::from_bytes(tenant)),
            account: ServiceAccountId::from_uuid(Uuid::from_bytes(account)),
            text: Secret::new(text.to_owned()),
        })
    }

    /// Of which tenant it says it is.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Of which account it says it is.
    #[must_use]
    pub const fn account(&self) -> ServiceAccountId {
        self.account
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

    /// How it is stored. Covers the whole text.
    #[must_use]
    pub fn fingerprint(&self, cipher: &dyn Cipher) -> Fingerprint {
        Fingerprint::of(cipher, "client-secret", self.text.expose().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_key::ApiKeyText;
    use crate::platform_key::PlatformKeyText;
    use tenantry_kernel::testing::CountingEntropy;

    #[test]
    fn a_client_secret_says_whose_it_is_and_is_no_key() {
        let prefix = KeyPrefix::try_from("tk").unwrap();
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let account = ServiceAccountId::from_uuid(Uuid::from_u128(2));

        let minted = ClientSecretText::mint(&prefix, tenant, account, &CountingEntropy::default());

        let text = minted.to_text();
        assert!(text.expose().starts_with("tk_secret_") && minted.hint().starts_with("tk_secret_…"));
        let read = ClientSecretText::parse(text.expose()).unwrap();
        assert_eq!((read.tenant(), read.account()), (tenant, account));
        assert_eq!(ApiKeyText::parse(text.expose()), Err(InvalidKeyText));
        assert_eq!(PlatformKeyText::parse(text.expose()), Err(InvalidKeyText));
        for bad in ["", "tk_secret_", "tk_live_x", &text.expose()[1..]] {
            assert_eq!(ClientSecretText::parse(bad), Err(InvalidKeyText), "{bad}");
        }
    }
}
