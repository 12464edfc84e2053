//! What a key is asked to be, and the rules it must meet.

use std::num::NonZeroU32;

use tenantry_kernel::{Code, FieldError, Permission, PermissionSet, TenantScope};
use time::{Duration, OffsetDateTime};

use super::acts_as_test;
use super::error::ApiKeyError;
use crate::api_key::cidr::Cidr;
use crate::api_key::name::KeyName;

/// The longest a key lives, in days.
const MAX_DAYS: i64 = 3650;
/// The most calls per minute a key can be limited to; more is no limit worth the name.
const MAX_RATE: i64 = 10_000_000;
/// The most ranges of addresses, and the most permissions, of one key.
const MAX_ENTRIES: usize = 100;

/// A key to make, as it was asked for.
#[derive(Clone, Debug)]
pub struct CreateApiKey {
    /// What to call it.
    pub name: String,
    /// Names of permissions in any spelling; `*` is all that the maker holds now.
    pub permissions: Vec<String>,
    /// Calls per minute; unlimited when absent.
    pub rate_limit: Option<i64>,
    /// For how long; for ever when absent.
    pub expires_in_days: Option<i64>,
    /// From where; anywhere when empty.
    pub allowed_ips: Vec<String>,
    /// False for a test key.
    pub live: bool,
}

/// A key that may be made.
pub(super) struct Granted {
    pub name: KeyName,
    pub permissions: PermissionSet,
    pub rate_limit: Option<NonZeroU32>,
    pub expires_at: Option<OffsetDateTime>,
    pub allowed_ips: Vec<Cidr>,
    pub live: bool,
}

impl CreateApiKey {
    /// Checks every rule and names every field at fault at once.
    pub(super) fn check(
        self,
        scope: &TenantScope,
        registry: &PermissionSet,
        now: OffsetDateTime,
    ) -> Result<Granted, ApiKeyError> {
        let mut faults = Vec::new();
        let name = KeyName::try_from(self.name.as_str())
            .map_err(|rule| faults.push(FieldError::new("name", "invalid_name", rule)))
            .ok();
        let wanted = wanted(&self.permissions, scope.permissions(), registry, &mut faults);
        let rate_limit = rate(self.rate_limit, &mut faults);
        let expires_at = expiry(self.expires_in_days, now, &mut faults);
        let allowed_ips = ranges(&self.allowed_ips, &mut faults);

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
        })
    }
}

fn wanted(
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

fn rate(asked: Option<i64>, faults: &mut Vec<FieldError>) -> Option<NonZeroU32> {
    let asked = asked?;
    let limit = Some(asked)
        .filter(|limit| (1..=MAX_RATE).contains(limit))
        .and_then(|limit| u32::try_from(limit).ok())
        .and_then(NonZeroU32::new);
    if limit.is_none() {
        faults.push(FieldError::new(
            "rate_limit",
            "out_of_range",
            "must be 1 to 10000000 calls per minute",
        ));
    }
    limit
}

fn expiry(days: Option<i64>, now: OffsetDateTime, faults: &mut Vec<FieldError>) -> Option<OffsetDateTime> {
    let days = days?;
    if !(1..=MAX_DAYS).contains(&days) {
        faults.push(FieldError::new(
            "expires_in_days",
            "out_of_range",
            "must be 1 to 3650 days",
        ));
        return None;
    }
    now.checked_add(Duration::days(days))
}

fn ranges(texts: &[String], faults: &mut Vec<FieldError>) -> Vec<Cidr> {
    if texts.len() > MAX_ENTRIES {
        faults.push(FieldError::new("allowed_ips", "too_many", "100 entries at most"));
        return Vec::new();
    }
    let mut ranges = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(range) => ranges.push(range),
            Err(rule) => faults.push(FieldError::new(
                format!("allowed_ips[{place}]"),
                "invalid_address_range",
                crate::api_key::cidr::InvalidCidr::to_string(&rule),
            )),
        }
    }
    ranges
}
