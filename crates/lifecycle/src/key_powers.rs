//! What an API key may do now: never more than it was given, and never more than its maker may.

use std::cell::RefCell;
use std::collections::HashMap;

use tenantry_billing::permissions::BILLING_MANAGE;
use tenantry_identity::api_key::{ApiKey, KeyOwner};
use tenantry_identity::directory::SessionDirectory;
use tenantry_identity::service_account::ServiceAccountDirectory;
use tenantry_kernel::{ApiKeyId, Permission, PermissionSet, StoreError, TenantId, UserId};
use tenantry_tenancy::gate::Gate;

/// Knows those whom keys belong to.
pub(crate) struct Owners<'a> {
    pub gate: &'a Gate,
    pub accounts: &'a dyn ServiceAccountDirectory,
    pub sessions: &'a dyn SessionDirectory,
}

/// What a key may do now.
pub(crate) struct HeldByKey {
    pub permissions: PermissionSet,
    /// Whose own it is, if it is a person's.
    pub person: Option<UserId>,
}

impl Owners<'_> {
    /// What the key may do now; `None` when whoever owns it has left the tenant, was deactivated there, or is barred by
    /// an operator: a key is worth nothing while its owner may not come in.
    ///
    /// A key of the tenant's own may do what it was given, at most what an owner may. A test key moves no money, whoever
    /// made it.
    ///
    /// # Errors
    /// The directories'.
    pub async fn of_key(&self, tenant: TenantId, key: &ApiKey) -> Result<Option<HeldByKey>, StoreError> {
        let (person, held) = match (key.owner(), key.record().created_by) {
            (KeyOwner::Personal, Some(maker)) => {
                let Some((person, held)) = self.gate.powers_of(tenant, maker).await? else {
                    return Ok(None);
                };
                if !self.sessions.may_sign_in(person).await? {
                    return Ok(None);
                }
                (Some(person), held)
            }
            (KeyOwner::Personal | KeyOwner::Tenant, _) => (None, self.gate.owners_powers()),
            (KeyOwner::ServiceAccount(account), _) => {
                let found = self.accounts.service_account(tenant, account).await?;
                let Some(account) = found.filter(|account| account.is_active()) else {
                    return Ok(None);
                };
                (None, account.permissions().clone())
            }
        };
        let permissions = KNOWN.with_borrow_mut(|known| known.powers(key, held));
        Ok(Some(HeldByKey { permissions, person }))
    }
}

/// Of these permissions those that the scope of a token names; all of them where it names none.
pub(crate) fn narrowed(held: &PermissionSet, scope: Option<&[String]>) -> PermissionSet {
    match scope {
        None => held.clone(),
        Some(names) => {
            let is_kept = |permission: &&Permission| names.iter().any(|name| name == permission.as_str());
            held.iter().filter(is_kept).cloned().collect()
        }
    }
}

/// What the last few keys may do, by what they were given and what their owner holds. Each set is compared by identity,
/// so what is remembered is used for the very sets it follows from: comparing dozens of names on each call is felt.
#[derive(Default)]
struct Known(HashMap<ApiKeyId, Powers>);

struct Powers {
    given: PermissionSet,
    live: bool,
    held: PermissionSet,
    both: PermissionSet,
}

/// How many keys one thread remembers.
const REMEMBERED: usize = 256;

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

impl Known {
    fn powers(&mut self, key: &ApiKey, held: PermissionSet) -> PermissionSet {
        let known = self.0.get(&key.id()).filter(|known| {
            known.given.is_same(key.permissions()) && known.live == key.is_live() && known.held.is_same(&held)
        });
        if let Some(known) = known {
            return known.both.clone();
        }
        let given = given(key);
        // Nearly always so, and without a new set.
        let both = if held.covers(&given) {
            given
        } else {
            given.intersection(&held)
        };
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        let powers = Powers {
            given: key.permissions().clone(),
            live: key.is_live(),
            held,
            both: both.clone(),
        };
        self.0.insert(key.id(), powers);
        both
    }
}

fn given(key: &ApiKey) -> PermissionSet {
    if key.is_live() {
        return key.permissions().clone();
    }
    key.permissions()
        .difference(&PermissionSet::from_iter([BILLING_MANAGE]))
}

#[cfg(test)]
mod tests;
