//! Use cases of service accounts: create, list, show, change, deactivate, remove, and their secrets.

mod error;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tenantry_kernel::id::ServiceAccountId;
use tenantry_kernel::{
    Clock, Event, FieldError, Page, PageRequest, PermissionSet, Principal, Secret, StoreError, TenantScope, Value,
};
use time::OffsetDateTime;

pub use error::ServiceAccountError;

use super::model::{ClientSecret, ClientSecretId, MAX_SECRETS, RevokedToken, ServiceAccount, ServiceAccountRecord};
use super::repository::SERVICE_ACCOUNTS_FULL;
use super::text::ClientSecretText;
use crate::api_key::{ApiKeySettings, KeyName, fields, wanted};
use crate::mint::Mint;
use crate::permissions::{SERVICE_ACCOUNTS_MANAGE, SERVICE_ACCOUNTS_READ};
use crate::store::IdentityStore;

/// The most service accounts of one tenant.
pub const MAX_PER_TENANT: u32 = 100;

/// A service account to make, as it was asked for.
#[derive(Clone, Debug, Default)]
pub struct CreateServiceAccount {
    /// What to call it.
    pub name: String,
    /// Names of permissions in any spelling; `*` is all that the maker holds now.
    pub permissions: Vec<String>,
}

/// What is to change; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct ChangeServiceAccount {
    /// What to call it.
    pub name: Option<String>,
    /// Names of permissions in any spelling; `*` is all that the caller holds now.
    pub permissions: Option<Vec<String>>,
}

/// An account with a secret that was just made. The text is nowhere else and never shown again.
#[derive(Debug)]
pub struct MintedSecret {
    /// The account.
    pub account: ServiceAccount,
    /// Which of its secrets.
    pub id: ClientSecretId,
    /// Its text.
    pub text: Secret<String>,
}

/// Looks after a tenant's service accounts.
pub struct ServiceAccountService {
    store: Arc<dyn IdentityStore>,
    clock: Arc<dyn Clock>,
    mint: Mint,
    settings: ApiKeySettings,
}

impl ServiceAccountService {
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

    /// Makes an account that may do at most what its maker may, with a first secret.
    ///
    /// # Errors
    /// `Denied`; `Invalid` with every field at fault; `Lacking` a permission to pass on; `Full`; `Store`.
    pub async fn create(
        &self,
        scope: &TenantScope,
        request: CreateServiceAccount,
    ) -> Result<MintedSecret, ServiceAccountError> {
        scope.require(&SERVICE_ACCOUNTS_MANAGE)?;
        let now = self.clock.now(scope);
        let mut faults = Vec::new();
        let name = name(&request.name, &mut faults);
        let permissions = self.wanted(scope, &request.permissions, &mut faults);
        let (Some(name), true) = (name, faults.is_empty()) else {
            return Err(ServiceAccountError::Invalid(faults));
        };
        grantable(&permissions, scope)?;
        let id = ServiceAccountId::from_uuid(self.mint.ids.next());
        let (secret, text) = self.secret(scope, id, now);
        let secret_id = secret.id;
        let account = ServiceAccount::restore(ServiceAccountRecord {
            id,
            name,
            permissions,
            secrets: vec![secret],
            created_by: match scope.principal() {
                Principal::Member { membership, .. } => Some(*membership),
                _ => None,
            },
            created_at: now,
            deactivated_at: None,
            removed_at: None,
            revoked_tokens: Vec::new(),
            tokens_void_until: None,
            version: 1,
        });

        let mut unit = self.store.begin(scope).await?;
        let inserted = unit.service_accounts().insert(&account, MAX_PER_TENANT).await;
        inserted.map_err(|cause| match cause {
            StoreError::Conflict(SERVICE_ACCOUNTS_FULL) => ServiceAccountError::Full(MAX_PER_TENANT),
            other => other.into(),
        })?;
        let event = Event::new("service_account.created", id)
            .set("name", account.name())
            .set("permissions", names(account.permissions()))
            .set("client_secret", Value::Masked);
        unit.commit(vec![event]).await?;
        Ok(MintedSecret {
            account,
            id: secret_id,
            text: text.to_text(),
        })
    }

    /// The tenant's accounts, without their secrets.
    ///
    /// # Errors
    /// `Denied`, `Store`.
    pub async fn list(
        &self,
        scope: &TenantScope,
        page: PageRequest,
    ) -> Result<Page<ServiceAccount>, ServiceAccountError> {
        scope.require(&SERVICE_ACCOUNTS_READ)?;
        let mut unit = self.store.read(scope).await?;
        Ok(unit.service_accounts().list(page).await?)
    }

    /// One account, without its secrets.
    ///
    /// # Errors
    /// `Denied`, `NotFound` (also once removed), `Store`.
    pub async fn show(&self, scope: &TenantScope, id: ServiceAccountId) -> Result<ServiceAccount, ServiceAccountError> {
        scope.require(&SERVICE_ACCOUNTS_READ)?;
        let mut unit = self.store.read(scope).await?;
        there(unit.service_accounts().find(id).await?)
    }

    /// Changes name or permissions. Nobody gives it what they lack; what it has already it may keep.
    ///
    /// # Errors
    /// `Denied`, `Invalid`, `NotFound`, `Lacking`, `Stale`, `Store`.
    pub async fn change(
        &self,
        scope: &TenantScope,
        id: ServiceAccountId,
        request: ChangeServiceAccount,
        expected: Option<i64>,
    ) -> Result<ServiceAccount, ServiceAccountError> {
        scope.require(&SERVICE_ACCOUNTS_MANAGE)?;
        let mut faults = Vec::new();
        let renamed = request.name.and_then(|text| name(&text, &mut faults));
        let permissions = request.permissions.map(|names| self.wanted(scope, &names, &mut faults));
        if !faults.is_empty() {
            return Err(ServiceAccountError::Invalid(faults));
        }
        self.edit(scope, id, expected, |account, _| {
            let mut event = Event::new("service_account.changed", id);
            if let Some(permissions) = &permissions {
                grantable(&permissions.difference(account.permissions()), scope)?;
                event = event.change("permissions", names(account.permissions()), names(permissions));
                account.allow(permissions.clone());
            }
            if let Some(name) = &renamed {
                event = event.change("name", account.name(), name.as_str());
                account.rename(name.clone());
            }
            Ok(event)
        })
        .await
    }

    /// Lets the account do nothing until it is reactivated: within a second its tokens and keys are worth nothing.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Stale`, `Store`.
    pub async fn deactivate(
        &self,
        scope: &TenantScope,
        id: ServiceAccountId,
        expected: Option<i64>,
    ) -> Result<ServiceAccount, ServiceAccountError> {
        scope.require(&SERVICE_ACCOUNTS_MANAGE)?;
        self.edit(scope, id, expected, |account, now| {
            let before = account.is_active();
            account.deactivate(now);
            Ok(Event::new("service_account.deactivated", id).change("active", before, false))
        })
        .await
    }

    /// Lets the account act again. Tokens of before stay void.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Lacking` what it may do, `Stale`, `Store`.
    pub async fn reactivate(
        &self,
        scope: &TenantScope,
        id: ServiceAccountId,
        expected: Option<i64>,
    ) -> Result<ServiceAccount, ServiceAccountError> {
        scope.require(&SERVICE_ACCOUNTS_MANAGE)?;
        self.edit(scope, id, expected, |account, now| {
            grantable(account.permissions(), scope)?;
            let before = account.is_active();
            account.reactivate(now);
            Ok(Event::new("service_account.reactivated", id).change("active", before, true))
        })
        .await
    }

    /// Removes the account for good; its keys end with it.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Stale`, `Store`.
    pub async fn remove(
        &self,
        scope: &TenantScope,
        id: ServiceAccountId,
        expected: Option<i64>,
    ) -> Result<(), ServiceAccountError> {
        scope.require(&SERVICE_ACCOUNTS_MANAGE)?;
        self.edit(scope, id, expected, |account, now| {
            account.remove(now);
            Ok(Event::new("service_account.removed", id).set("removed_at", now))
        })
        .await?;
        Ok(())
    }

    /// Makes another secret. With an overlap the others are good for so long at most; without one they stay as they
    /// are. Whoever makes one comes to hold all the account may do, so they must hold it already.
    ///
    /// # Errors
    /// `Denied`, `Invalid`, `NotFound`, `Lacking`, `TooManySecrets`, `Stale`, `Store`.
    pub async fn add_secret(
        &self,
        scope: &TenantScope,
        id: ServiceAccountId,
        overlap_s: Option<i64>,
        expected: Option<i64>,
    ) -> Result<MintedSecret, ServiceAccountError> {
        scope.require(&SERVICE_ACCOUNTS_MANAGE)?;
        let mut faults = Vec::new();
        let kept_for = fields::overlap(overlap_s, &mut faults);
        if !faults.is_empty() {
            return Err(ServiceAccountError::Invalid(faults));
        }
        let (secret, text) = self.secret(scope, id, self.clock.now(scope));
        let secret_id = secret.id;
        let account = self
            .edit(scope, id, expected, |account, now| {
                grantable(account.permissions(), scope)?;
                let others_until = overlap_s.map(|_| now + kept_for);
                account.add_secret(secret.clone(), others_until, now);
                if account.good_secrets(now) > MAX_SECRETS {
                    return Err(ServiceAccountError::TooManySecrets);
                }
                let event = Event::new("service_account.secret_added", id).set("secret_id", secret_id.to_string());
                Ok(event
                    .set("others_until", others_until)
                    .set("client_secret", Value::Masked))
            })
            .await?;
        Ok(MintedSecret {
            account,
            id: secret_id,
            text: text.to_text(),
        })
    }

    /// Ends one secret at once.
    ///
    /// # Errors
    /// `Denied`, `NotFound` (also for an unknown secret), `Stale`, `Store`.
    pub async fn drop_secret(
        &self,
        scope: &TenantScope,
        id: ServiceAccountId,
        secret: ClientSecretId,
        expected: Option<i64>,
    ) -> Result<ServiceAccount, ServiceAccountError> {
        scope.require(&SERVICE_ACCOUNTS_MANAGE)?;
        self.edit(scope, id, expected, |account, _| {
            if !account.drop_secret(secret) {
                return Err(ServiceAccountError::NotFound);
            }
            Ok(Event::new("service_account.secret_dropped", id).set("secret_id", secret.to_string()))
        })
        .await
    }

    /// Voids one access token of the account that acts, before its time (RFC 7009).
    ///
    /// # Errors
    /// `NotFound` unless the account itself acts; `Store`.
    pub async fn revoke_token(&self, scope: &TenantScope, token: RevokedToken) -> Result<(), ServiceAccountError> {
        let Principal::ServiceAccount { account: id } = *scope.principal() else {
            return Err(ServiceAccountError::NotFound);
        };
        self.edit(scope, id, None, |account, now| {
            account.revoke_token(token, now);
            Ok(Event::new("service_account.token_revoked", id).set("jti", token.jti.to_string()))
        })
        .await?;
        Ok(())
    }

    async fn edit(
        &self,
        scope: &TenantScope,
        id: ServiceAccountId,
        expected: Option<i64>,
        change: impl Fn(&mut ServiceAccount, OffsetDateTime) -> Result<Event, ServiceAccountError> + Send,
    ) -> Result<ServiceAccount, ServiceAccountError> {
        let now = self.clock.now(scope);
        let mut unit = self.store.begin(scope).await?;
        let mut account = there(unit.service_accounts().find(id).await?)?;
        account.require_version(expected)?;
        let event = change(&mut account, now)?;
        unit.service_accounts().update(&account).await?;
        unit.commit(vec![event]).await?;
        Ok(account.stored())
    }

    fn wanted(&self, scope: &TenantScope, names: &[String], faults: &mut Vec<FieldError>) -> PermissionSet {
        wanted(names, scope.permissions(), &self.settings.registry, faults)
    }

    fn secret(
        &self,
        scope: &TenantScope,
        account: ServiceAccountId,
        now: OffsetDateTime,
    ) -> (ClientSecret, ClientSecretText) {
        let entropy = self.mint.entropy.as_ref();
        let text = ClientSecretText::mint(&self.settings.prefix, scope.tenant_id(), account, entropy);
        let secret = ClientSecret {
            id: ClientSecretId::from_uuid(self.mint.ids.next()),
            fingerprint: text.fingerprint(self.mint.cipher.as_ref()),
            hint: text.hint(),
            created_at: now,
            expires_at: None,
        };
        (secret, text)
    }
}

/// A removed account is kept for the audit log, and gone for everyone else.
fn there(found: Option<ServiceAccount>) -> Result<ServiceAccount, ServiceAccountError> {
    let there = found.filter(|account| !account.is_removed());
    there.ok_or(ServiceAccountError::NotFound)
}

fn grantable(given: &PermissionSet, scope: &TenantScope) -> Result<(), ServiceAccountError> {
    match given.difference(scope.permissions()).iter().next() {
        Some(lacking) => Err(ServiceAccountError::Lacking(lacking.clone())),
        None => Ok(()),
    }
}

fn name(text: &str, faults: &mut Vec<FieldError>) -> Option<KeyName> {
    KeyName::try_from(text)
        .map_err(|rule| faults.push(FieldError::new("name", "invalid_name", rule)))
        .ok()
}

fn names(permissions: &PermissionSet) -> Vec<&str> {
    permissions.iter().map(tenantry_kernel::Permission::as_str).collect()
}
