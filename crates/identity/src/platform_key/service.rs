//! Use cases of platform keys: create, list, show, revoke.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tenantry_kernel::id::PlatformKeyId;
use tenantry_kernel::{
    Clock, Code, Event, FieldError, Page, PageRequest, Permission, PermissionSet, Secret, SystemScope, Value,
};

use super::model::{PlatformKey, PlatformKeyRecord};
use super::repository::PlatformKeyStore;
use super::text::PlatformKeyText;
use crate::api_key::{ApiKeyError, ApiKeySettings, KeyName, fields};
use crate::mint::Mint;
use crate::permissions::{API_KEYS_VERIFY, PLATFORM_MANAGE, PLATFORM_READ, TOKENS_INTROSPECT};

/// What a platform key can be allowed to do.
const GRANTABLE: [Permission; 2] = [API_KEYS_VERIFY, TOKENS_INTROSPECT];

/// A platform key to make, as it was asked for.
#[derive(Clone, Debug, Default)]
pub struct CreatePlatformKey {
    /// What to call it.
    pub name: String,
    /// Names of permissions in any spelling; `*`, or nothing said, is all there is for platform keys.
    pub permissions: Option<Vec<String>>,
    /// For how long; as long as the installation allows when absent.
    pub expires_in_days: Option<i64>,
    /// From where; anywhere when empty.
    pub allowed_ips: Vec<String>,
}

/// A platform key whose secret was just made. The text is nowhere else and never shown again.
#[derive(Debug)]
pub struct MintedPlatformKey {
    /// The key.
    pub key: PlatformKey,
    /// Its text.
    pub text: Secret<String>,
}

/// Makes, shows and ends platform keys.
pub struct PlatformKeyService {
    store: Arc<dyn PlatformKeyStore>,
    clock: Arc<dyn Clock>,
    mint: Mint,
    settings: ApiKeySettings,
}

impl PlatformKeyService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(
        store: Arc<dyn PlatformKeyStore>,
        clock: Arc<dyn Clock>,
        mint: Mint,
        settings: ApiKeySettings,
    ) -> Self {
        Self {
            store,
            clock,
            mint,
            settings,
        }
    }

    /// Makes a key.
    ///
    /// # Errors
    /// `Denied`; `Invalid` with every field at fault; `Store`.
    pub async fn create(
        &self,
        scope: &SystemScope,
        request: CreatePlatformKey,
    ) -> Result<MintedPlatformKey, ApiKeyError> {
        scope.require(&PLATFORM_MANAGE)?;

        let now = self.clock.system_now();
        let mut faults = Vec::new();
        let name = KeyName::try_from(request.name.as_str())
            .map_err(|rule| faults.push(FieldError::new("name", "invalid_name", rule)))
            .ok();
        let permissions = granted(request.permissions.as_deref(), &mut faults);
        let expires_at = fields::expiry(request.expires_in_days, &self.settings.rules, now, &mut faults);
        let allowed_ips = fields::ranges(&request.allowed_ips, &mut faults);
        let (Some(name), true) = (name, faults.is_empty()) else {
            return Err(ApiKeyError::Invalid(faults));
        };
        let id = PlatformKeyId::from_uuid(self.mint.ids.next());
        let text = PlatformKeyText::mint(&self.settings.prefix, id, self.mint.entropy.as_ref());
        let key = PlatformKey::restore(PlatformKeyRecord {
            id,
            name,
            permissions,
            allowed_ips,
            fingerprint: text.fingerprint(self.mint.cipher.as_ref()),
            hint: text.hint(),
            created_by: scope.principal().user(),
            created_at: now,
            expires_at,
            revoked_at: None,
            last_used_at: None,
            version: 1,
        });

        let mut unit = self.store.begin_platform(scope).await?;
        unit.platform_keys().insert(&key).await?;

        unit.commit(vec![created(&key)]).await?;
        let text = text.to_text();
        Ok(MintedPlatformKey { key, text })
    }

    /// The keys, without their secrets.
    ///
    /// # Errors
    /// `Denied`, `Store`.
    pub async fn list(&self, scope: &SystemScope, page: PageRequest) -> Result<Page<PlatformKey>, ApiKeyError> {
        scope.require(&PLATFORM_READ)?;
        let mut unit = self.store.read_platform(scope).await?;
        Ok(unit.platform_keys().list(page).await?)
    }

    /// One key, without its secret.
    ///
    /// # Errors
    /// `Denied`, `NotFound` (also once revoked), `Store`.
    pub async fn show(&self, scope: &SystemScope, id: PlatformKeyId) -> Result<PlatformKey, ApiKeyError> {
        scope.require(&PLATFORM_READ)?;
        let mut unit = self.store.read_platform(scope).await?;
        usable(unit.platform_keys().find(id).await?)
    }

    /// Ends the key, within a second on every node.
    ///
    /// # Errors
    /// `Denied`, `NotFound` (also when revoked already), `Stale`, `Store`.
    pub async fn revoke(
        &self,
        scope: &SystemScope,
        id: PlatformKeyId,
        expected: Option<i64>,
    ) -> Result<(), ApiKeyError> {
        scope.require(&PLATFORM_MANAGE)?;

        let now = self.clock.system_now();

        let mut unit = self.store.begin_platform(scope).await?;
        let mut key = usable(unit.platform_keys().find(id).await?)?;
        key.require_version(expected)?;

        key.revoke(now);
        unit.platform_keys().update(&key).await?;

        let event = Event::new("platform_key.revoked", id).set("revoked_at", now);
        unit.commit(vec![event]).await?;
        Ok(())
    }
}

/// A revoked key is kept for the log, and gone for everyone else.
fn usable(found: Option<PlatformKey>) -> Result<PlatformKey, ApiKeyError> {
    found.filter(|key| !key.is_revoked()).ok_or(ApiKeyError::NotFound)
}

fn granted(names: Option<&[String]>, faults: &mut Vec<FieldError>) -> PermissionSet {
    let Some(names) = names else {
        return PermissionSet::from_iter(GRANTABLE);
    };
    let mut granted: Vec<Permission> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let folded = Code::fold(name);
        let known = GRANTABLE.into_iter().find(|known| Code::fold(known.as_str()) == folded);
        match known {
            _ if name == "*" => granted.extend(GRANTABLE),
            Some(known) => granted.push(known),
            None if faults.len() < fields::MAX_ENTRIES => faults.push(FieldError::new(
                format!("permissions[{place}]"),
                "unknown_permission",
                "is no permission that a platform key can have",
            )),
            None => break,
        }
    }
    granted.into_iter().collect()
}

fn created(key: &PlatformKey) -> Event {
    let record = key.record();
    let permissions: Vec<&str> = record.permissions.iter().map(Permission::as_str).collect();
    let addresses: Vec<String> = record.allowed_ips.iter().map(ToString::to_string).collect();
    Event::new("platform_key.created", record.id)
        .set("name", record.name.as_str())
        .set("permissions", permissions)
        .set("allowed_ips", addresses)
        .set("expires_at", record.expires_at)
        .set("key", Value::Masked)
}
