//! What an API key may do now: never more than it was given, and never more than its maker may.

use tenantry_billing::permissions::BILLING_MANAGE;
use tenantry_identity::api_key::ApiKey;
use tenantry_kernel::{PermissionSet, StoreError, TenantId};
use tenantry_tenancy::gate::Gate;

/// What the key may do now; `None` when its maker has left the tenant or was deactivated, and the key ends with them.
///
/// A key that an operator or a worker made has no maker among the members: it may do what it was given. A test key
/// moves no money, whoever made it.
///
/// # Errors
/// The directory's.
pub(crate) async fn of_key(gate: &Gate, tenant: TenantId, key: &ApiKey) -> Result<Option<PermissionSet>, StoreError> {
    let given = given(key);
    let Some(maker) = key.record().created_by else {
        return Ok(Some(given));
    };
    let held = gate.powers_of(tenant, maker).await?;
    Ok(held.map(|held| {
        // Nearly always so, and without a new set.
        if held.covers(&given) {
            given
        } else {
            given.intersection(&held)
        }
    }))
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
