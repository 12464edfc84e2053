//! Entitlements follow the subscription, in the same unit.

use tenantry_billing::subscription::Subscription;
use tenantry_kernel::StoreError;

use crate::catalog::Offer;
use crate::store::LifecycleUnit;

/// Copies what the offer grants to the tenant: the trial's limits while it tries the plan, the plan's own after.
/// Overrides stay, and so does the time zone that its periods are reckoned in since its first plan.
///
/// # Errors
/// The store's.
pub async fn follow(
    unit: &mut dyn LifecycleUnit,
    offer: &Offer,
    subscription: &Subscription,
) -> Result<(), StoreError> {
    let tenant = unit.tenants().find().await?;
    let timezone = tenant.map_or_else(
        || "UTC".to_owned(),
        |tenant| tenant.profile().timezone.as_str().to_owned(),
    );
    let entitlements = offer.entitlements(&timezone, subscription);
    unit.entitlements().replace(&entitlements).await
}
