//! What a key is asked to be, and the rules it must meet.

use std::num::NonZeroU32;

use tenantry_kernel::{Code, FieldError, Permission, PermissionSet, Principal, ServiceAccountId, TenantScope};
use time::OffsetDateTime;

use super::error::ApiKeyError;
use super::{ApiKeySettings, acts_as_test};
use crate::api_key::fields::{self, MAX_ENTRIES};
use crate::api_key::name::KeyName;
use tenantry_kernel::Cidr;

/// A key to make, as it was asked for.
#[derive(Clone, Debug)]
pub struct CreateApiKey {
    /// What to call it.
    pub name: String,
    /// Names of permissions in any spelling; `*` is all that the maker holds now.
    pub permissions: Vec<String>,
    /// Calls per minute; as many as the installation allows when absent.
    pub rate_limit: Option<i64>,
    /// For how long; as long as the installation allows when absent.
    pub expires_in_days: Option<i64>,
    /// From where; anywhere when empty.
    pub allowed_ips: Vec<String>,
    /// False for a test key.
    pub live: bool,
    /// `personal` or `tenant`; what its maker's own would be when absent.
    pub kind: Option<String>,
    /// The id of the service account that is to own it.
    pub service_account: Option<String>,
}

impl Default for CreateApiKey {
    /// A live key without a name and without permissions.
    fn default() -> Self {
        Self {
            name: String::new(),
            permissions: Vec::new(),
            rate_limit: None,
            expires_in_days: None,
            allowed_ips: Vec::new(),
            live: true,
            kind: None,
            service_account: None,
        }
    }
}

/// Whose a key is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WantedOwner {
    /// As its maker's own are.
    Makers,
    /// The member's who makes it.
    Personal,
    /// The tenant's.
    Tenant,
    /// This account's.
    ServiceAccount(ServiceAccountId),
}

/// A key that may be made.
pub(super) struct Granted {
    pub name: KeyName,
    pub permissions: PermissionSet,
    pub rate_limit: Option<NonZeroU32>,
    pub expires_at: Option<OffsetDateTime>,
    pub allowed_ips: Vec<Cidr>,
    pub live: bool,
    pub owner: WantedOwner,
}

impl CreateApiKey {
    /// Checks every rule and names every field at fault at once.
    pub(super) fn check(
        self,
        scope: &TenantScope,
        settings: &ApiKeySettings,
        now: OffsetDateTime,
    ) -> Result<Granted, ApiKeyError> {
        let mut faults = Vec::new();
        let name = KeyName::try_from(self.name.as_str())
            .map_err(|rule| faults.push(FieldError::new("name", "invalid_name", rule)))
            .ok();
        let wanted = wanted(&self.permissions, scope.permissions(), &settings.registry, &mut faults);
        let rate_limit = fields::rate(self.rate_limit, &settings.rules, &mut faults);
        let expires_at = fields::expiry(self.expires_in_days, &settings.rules, now, &mut faults);
        let allowed_ips = fields::ranges(&self.allowed_ips, &mut faults);
        let owner = self.owner(scope, &mut faults);

        let (Some(name), true) = (name, faults.is_empty()) else {
            return Err(ApiKeyError::Invalid(faults));
        };
        if let Some(lacking) = wanted.difference(scope.permissions()).iter().next() {
            return Err(ApiKeyError::Lacking(lacking.clone()));
        }
        if self.live && acts_as_test(scope) {
            return Err(ApiKeyError::TestKeyActs);
        }
        Ok(Granted {
            name,
            permissions: wanted,
            rate_limit,
            expires_at,
            allowed_ips,
            live: self.live,
            owner,
        })
    }

    fn owner(&self, scope: &TenantScope, faults: &mut Vec<FieldError>) -> WantedOwner {
        let is_member = matches!(scope.principal(), Principal::Member { .. });
        let mut fault = |field: &str, code, detail: &str| faults.push(FieldError::new(field, code, detail));
        match (self.kind.as_deref(), self.service_account.as_deref()) {
            (None | Some("service_account"), Some(id)) => match id.parse() {
                Ok(account) => return WantedOwner::ServiceAccount(account),
                Err(_) => fault("service_account", "unknown_service_account", "there is no such account"),
            },
            (Some(_), Some(_)) => fault("service_account", "invalid_value", "the kind says that it is another's"),
            (Some("personal"), None) if is_member => return WantedOwner::Personal,
            (Some("personal"), None) => fault("kind", "invalid_value", "only members have personal keys"),
            (Some("tenant"), None) => return WantedOwner::Tenant,
            (Some("service_account"), None) => fault("service_account", "required", "which account is missing"),
            (Some(_), None) => fault("kind", "invalid_value", "must be personal, tenant or service_account"),
            (None, None) => {}
        }
        WantedOwner::Makers
    }
}

/// The permissions that are asked for by name, in any spelling.
pub(crate) fn wanted(
    names: &[String],
    held: &PermissionSet,
    registry: &PermissionSet,
    faults: &mut Vec<FieldError>,
) -> PermissionSet {
    if names.len() > MAX_ENTRIES {
        faults.push(FieldError::new("permissions", "too_many", "100 entries at most"));
        return PermissionSet::default();
    }
    let mut wanted: Vec<Permission> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if name == "*" {
            // What an operator holds beyond it is theirs in person, never a key's.
            wanted.extend(held.intersection(registry).iter().cloned());
            continue;
        }
        let folded = Code::fold(name);
        match registry.iter().find(|known| Code::fold(known.as_str()) == folded) {
            Some(known) => wanted.push(known.clone()),
            None => faults.push(FieldError::new(
                format!("permissions[{place}]"),
                "unknown_permission",
                "is no permission of this catalog",
            )),
        }
    }
    wanted.into_iter().collect()
}
