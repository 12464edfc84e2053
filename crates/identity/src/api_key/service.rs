//! Use cases of API keys: create, list, show, rotate, revoke.

mod change;
mod error;
mod request;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tenantry_kernel::id::{ApiKeyId, MembershipId};
use tenantry_kernel::{
    Clock, Event, FieldError, Page, PageRequest, PermissionSet, Principal, Secret, StoreError, TenantScope, Value,
};
use time::OffsetDateTime;

pub use change::ChangeApiKey;
pub use error::ApiKeyError;
pub use request::CreateApiKey;
pub(crate) use request::wanted;

use self::request::{Granted, WantedOwner};
use super::fields;
use super::filter::KeyFilter;
use super::model::{ApiKey, ApiKeyRecord, KeyOwner};
use super::repository::API_KEYS_FULL;
use super::rules::KeyRules;
use super::text::{ApiKeyText, KeyPrefix};
use crate::mint::Mint;
use crate::permissions::{API_KEYS_MANAGE, API_KEYS_READ};
use crate::service_account::ServiceAccount;
use crate::store::{IdentityStore, IdentityUnit};

/// What the catalog says about API keys.
#[derive(Clone, Debug)]
pub struct ApiKeySettings {
    /// What the keys begin with.
    pub prefix: KeyPrefix,
    /// Every permission there is: Tenantry's own and the application's.
    pub registry: PermissionSet,
    /// The bounds of keys.
    pub rules: KeyRules,
}

/// A key whose secret was just made. The text is nowhere else and never shown again.
#[derive(Debug)]
pub struct MintedKey {
    /// The key.
    pub key: ApiKey,
    /// Its text.
    pub text: Secret<String>,
}

/// Makes, shows and ends a tenant's API keys.
pub struct ApiKeyService {
    store: Arc<dyn IdentityStore>,
    clock: Arc<dyn Clock>,
    mint: Mint,
    settings: ApiKeySettings,
}

impl ApiKeyService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(
        store: Arc<dyn IdentityStore>,
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

    /// Makes a key that may do at most what its maker may.
    ///
    /// # Errors
    /// `Denied`; `Invalid` with every field at fault; `Lacking` a permission to pass on; `Full`; `Store`.
    pub async fn create(&self, scope: &TenantScope, request: CreateApiKey) -> Result<MintedKey, ApiKeyError> {
        scope.require(&API_KEYS_MANAGE)?;

        let now = self.clock.now(scope);
        let granted = request.check(scope, &self.settings, now)?;
        let id = ApiKeyId::from_uuid(self.mint.ids.next());
        let text = self.text(scope, id, granted.live);

        let mut unit = self.store.begin(scope).await?;
        let (owner, created_by) = owner(scope, &granted, unit.as_mut()).await?;
        let key = ApiKey::restore(ApiKeyRecord {
            id,
            name: granted.name,
            live: granted.live,
            permissions: granted.permissions,
            rate_limit: granted.rate_limit,
            allowed_ips: granted.allowed_ips,
            fingerprint: text.fingerprint(self.mint.cipher.as_ref()),
            hint: text.hint(),
            previous: None,
            owner,
            created_by,
            created_at: now,
            expires_at: granted.expires_at,
            revoked_at: None,
            rotated_at: None,
            last_used_at: None,
            version: 1,
        });
        let at_most = self.settings.rules.max_per_tenant;
        unit.api_keys()
            .insert(&key, at_most)
            .await
            .map_err(|cause| match cause {
                StoreError::Conflict(API_KEYS_FULL) => ApiKeyError::Full(at_most),
                other => other.into(),
            })?;

        unit.commit(vec![created(&key)]).await?;
        let text = text.to_text();
        Ok(MintedKey { key, text })
    }

    /// The tenant's keys that are looked for, without their secrets; those that are not revoked, unless those are.
    ///
    /// # Errors
    /// `Denied`, `Store`.
    pub async fn list(
        &self,
        scope: &TenantScope,
        wanted: impl FnOnce(OffsetDateTime) -> KeyFilter + Send,
        page: PageRequest,
    ) -> Result<Page<ApiKey>, ApiKeyError> {
        scope.require(&API_KEYS_READ)?;
        let filter = wanted(self.clock.now(scope));
        let mut unit = self.store.read(scope).await?;
        Ok(unit.api_keys().list(&filter, page).await?)
    }

    /// Passes when the tenant has this key and it is not revoked: for what others keep about keys.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Store`.
    pub async fn of_tenant(&self, scope: &TenantScope, id: ApiKeyId) -> Result<(), ApiKeyError> {
        scope.require(&API_KEYS_MANAGE)?;
        let mut unit = self.store.read(scope).await?;
        usable(unit.api_keys().find(id).await?)?;
        Ok(())
    }

    /// One key, without its secret.
    ///
    /// # Errors
    /// `Denied`, `NotFound` (also once revoked), `Store`.
    pub async fn show(&self, scope: &TenantScope, id: ApiKeyId) -> Result<ApiKey, ApiKeyError> {
        scope.require(&API_KEYS_READ)?;
        let mut unit = self.store.read(scope).await?;
        usable(unit.api_keys().find(id).await?)
    }

    /// Replaces the key's secret; the old one is good for the overlap that is asked, and dies at once without one. Whoever rotates a key comes to hold all it
    /// may do, so they must hold it already; a member answers for a personal key from now on. Bounds that the installation has
    /// drawn closer since the key was made hold for it from now on.
    ///
    /// # Errors
    /// `Denied`, `Invalid`, `NotFound`, `Lacking`, `Expired`, `Stale` when the version is not `expected`, `Store`.
    pub async fn rotate(
        &self,
        scope: &TenantScope,
        id: ApiKeyId,
        overlap_s: Option<i64>,
        expected: Option<i64>,
    ) -> Result<MintedKey, ApiKeyError> {
        scope.require(&API_KEYS_MANAGE)?;

        let mut faults = Vec::new();
        let overlap = fields::overlap(overlap_s, &mut faults);
        if !faults.is_empty() {
            return Err(ApiKeyError::Invalid(faults));
        }
        let now = self.clock.now(scope);

        let mut unit = self.store.begin(scope).await?;
        let mut key = usable(unit.api_keys().find(id).await?)?;
        key.require_version(expected)?;
        if let Some(lacking) = key.permissions().difference(scope.permissions()).iter().next() {
            return Err(ApiKeyError::Lacking(lacking.clone()));
        }
        if acts_as_test(scope) && key.is_live() {
            return Err(ApiKeyError::TestKeyActs);
        }
        if key.record().expires_at.is_some_and(|end| now >= end) {
            return Err(ApiKeyError::Expired);
        }

        let text = self.text(scope, id, key.is_live());
        key.rotate(text.fingerprint(self.mint.cipher.as_ref()), text.hint(), overlap, now);
        let before = key.record().clone();
        key.bind(&self.settings.rules, now);
        if let (KeyOwner::Personal, Principal::Member { membership, .. }) = (key.owner(), scope.principal()) {
            key.adopt(*membership);
        }
        unit.api_keys().update(&key).await?;

        let named = |maker: Option<MembershipId>| maker.map(|maker| maker.to_string());
        let pace = |record: &ApiKeyRecord| record.rate_limit.map(|limit| i64::from(limit.get()));
        let event = Event::new("api_key.rotated", id)
            .change("key", Value::Masked, Value::Masked)
            .set("previous_good_until", key.previous(now).map(|secret| secret.good_until))
            .change("created_by", named(before.created_by), named(key.record().created_by))
            .change("rate_limit", pace(&before), pace(key.record()))
            .change("expires_at", before.expires_at, key.record().expires_at);
        unit.commit(vec![event]).await?;
        let text = text.to_text();
        Ok(MintedKey {
            key: key.stored(),
            text,
        })
    }

    /// Changes name, addresses or pace; what is absent stays.
    ///
    /// # Errors
    /// `Denied`, `Invalid`, `NotFound`, `Stale`, `Store`.
    pub async fn change(
        &self,
        scope: &TenantScope,
        id: ApiKeyId,
        request: ChangeApiKey,
        expected: Option<i64>,
    ) -> Result<ApiKey, ApiKeyError> {
        scope.require(&API_KEYS_MANAGE)?;

        let checked = request.check(&self.settings.rules)?;

        let mut unit = self.store.begin(scope).await?;
        let mut key = usable(unit.api_keys().find(id).await?)?;
        key.require_version(expected)?;
        if acts_as_test(scope) && key.is_live() {
            return Err(ApiKeyError::TestKeyActs);
        }
        let event = checked.apply(&mut key);
        unit.api_keys().update(&key).await?;
        unit.commit(vec![event]).await?;
        Ok(key.stored())
    }

    /// Ends the secret before, which an overlap keeps good, at once.
    ///
    /// # Errors
    /// `Denied`, `NotFound` (also when there is none that is good), `Stale`, `Store`.
    pub async fn drop_previous(
        &self,
        scope: &TenantScope,
        id: ApiKeyId,
        expected: Option<i64>,
    ) -> Result<ApiKey, ApiKeyError> {
        scope.require(&API_KEYS_MANAGE)?;

        let now = self.clock.now(scope);

        let mut unit = self.store.begin(scope).await?;
        let mut key = usable(unit.api_keys().find(id).await?)?;
        key.require_version(expected)?;
        let until = key.previous(now).map(|secret| secret.good_until);
        if !key.drop_previous(now) {
            return Err(ApiKeyError::NotFound);
        }
        unit.api_keys().update(&key).await?;

        let event = Event::new("api_key.previous_secret_ended", id).change("previous_good_until", until, now);
        unit.commit(vec![event]).await?;
        Ok(key.stored())
    }

    /// Ends the key at once.
    ///
    /// # Errors
    /// `Denied`, `NotFound` (also when revoked already), `Stale`, `Store`.
    pub async fn revoke(&self, scope: &TenantScope, id: ApiKeyId, expected: Option<i64>) -> Result<(), ApiKeyError> {
        scope.require(&API_KEYS_MANAGE)?;

        let now = self.clock.now(scope);

        let mut unit = self.store.begin(scope).await?;
        let mut key = usable(unit.api_keys().find(id).await?)?;
        key.require_version(expected)?;

        key.revoke(now);
        unit.api_keys().update(&key).await?;

        let event = Event::new("api_key.revoked", id).set("revoked_at", now);
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// The key that acts ends itself: whoever finds one that leaked can do that.
    ///
    /// # Errors
    /// `NotFound` unless a key acts, and when it was revoked already; `Stale`, `Store`.
    pub async fn end_own(&self, scope: &TenantScope) -> Result<(), ApiKeyError> {
        let Principal::ApiKey { key: id, .. } = *scope.principal() else {
            return Err(ApiKeyError::NotFound);
        };
        let now = self.clock.now(scope);

        let mut unit = self.store.begin(scope).await?;
        let mut key = usable(unit.api_keys().find(id).await?)?;
        key.revoke(now);
        unit.api_keys().update(&key).await?;

        let event = Event::new("api_key.revoked", id).set("revoked_at", now);
        unit.commit(vec![event]).await?;
        Ok(())
    }

    fn text(&self, scope: &TenantScope, id: ApiKeyId, live: bool) -> ApiKeyText {
        ApiKeyText::mint(
            &self.settings.prefix,
            live,
            scope.tenant_id(),
            id,
            self.mint.entropy.as_ref(),
        )
    }
}

/// Whose a key is that is made now, and who answers for it: the member, or what owns the key or program that makes it.
/// So nobody outlives their membership by a personal key that made a key.
async fn owner(
    scope: &TenantScope,
    granted: &Granted,
    unit: &mut dyn IdentityUnit,
) -> Result<(KeyOwner, Option<MembershipId>), ApiKeyError> {
    let member = match scope.principal() {
        Principal::Member { membership, .. } => Some(*membership),
        _ => None,
    };
    let owner = match granted.owner {
        WantedOwner::Personal => KeyOwner::Personal,
        WantedOwner::Tenant => KeyOwner::Tenant,
        WantedOwner::ServiceAccount(id) => {
            let found = unit
                .service_accounts()
                .find(id)
                .await?
                .filter(ServiceAccount::is_active);
            let unknown = FieldError::new("service_account", "unknown_service_account", "there is no such account");
            let account = found.ok_or_else(|| ApiKeyError::Invalid(vec![unknown]))?;
            if let Some(lacking) = granted.permissions.difference(account.permissions()).iter().next() {
                return Err(ApiKeyError::Lacking(lacking.clone()));
            }
            KeyOwner::ServiceAccount(id)
        }
        WantedOwner::Makers => match scope.principal() {
            Principal::Member { .. } => KeyOwner::Personal,
            Principal::ServiceAccount { account } => KeyOwner::ServiceAccount(*account),
            Principal::ApiKey { key, .. } => {
                let acting = unit.api_keys().find(*key).await?;
                let record = acting.as_ref().map(ApiKey::record);
                let whose = record.map(|record| (record.owner, record.created_by));
                return Ok(whose.unwrap_or((KeyOwner::Tenant, None)));
            }
            _ => KeyOwner::Tenant,
        },
    };
    Ok((owner, member))
}

/// A revoked key is kept for the audit log, and gone for everyone else.
fn usable(found: Option<ApiKey>) -> Result<ApiKey, ApiKeyError> {
    found.filter(|key| !key.is_revoked()).ok_or(ApiKeyError::NotFound)
}

/// True when a test key acts, which has no say over live keys.
const fn acts_as_test(scope: &TenantScope) -> bool {
    matches!(scope.principal(), Principal::ApiKey { live: false, .. })
}

fn created(key: &ApiKey) -> Event {
    let record = key.record();
    let permissions: Vec<&str> = record
        .permissions
        .iter()
        .map(tenantry_kernel::Permission::as_str)
        .collect();
    let addresses: Vec<String> = record.allowed_ips.iter().map(ToString::to_string).collect();
    Event::new("api_key.created", record.id)
        .set("name", record.name.as_str())
        .set("kind", record.owner.kind())
        .set(
            "service_account",
            record.owner.service_account().map(|account| account.to_string()),
        )
        .set("live", record.live)
        .set("permissions", permissions)
        .set("rate_limit", record.rate_limit.map(|limit| i64::from(limit.get())))
        .set("allowed_ips", addresses)
        .set("expires_at", record.expires_at)
        .set("key", Value::Masked)
}
