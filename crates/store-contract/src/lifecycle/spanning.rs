//! One unit over every domain.

use tenantry_billing::account::BillingAccount;
use tenantry_kernel::Event;
use tenantry_kernel::id::UserId;
use tenantry_kernel::uuid::Uuid;
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::testing::{member, tenant};

use super::LifecycleHarness;
use crate::billing::usd;
use crate::tenancy::scope;

async fn found(store: &impl LifecycleHarness, commit: bool) {
    let person = UserId::from_uuid(Uuid::from_u128(1));
    let mut unit = store.lifecycle().begin_spanning(&scope(1), Some(person)).await.unwrap();
    unit.tenants().insert(&tenant(1, "acme")).await.unwrap();
    unit.memberships().insert(&member(10, SystemRole::Owner)).await.unwrap();
    unit.billing_accounts()
        .insert(&BillingAccount::restore(usd(5)).unwrap())
        .await
        .unwrap();
    assert!(unit.users().find(person).await.unwrap().is_none());
    if commit {
        unit.commit(vec![Event::new("tenant.created", 1)]).await.unwrap();
    }
}

/// What several domains write in one unit lands together.
pub async fn domains_commit_together(store: &impl LifecycleHarness) {
    found(store, true).await;

    let mut unit = store.lifecycle().read_spanning(&scope(1)).await.unwrap();
    assert!(unit.tenants().find().await.unwrap().is_some());
    assert!(
        unit.memberships()
            .find(member(10, SystemRole::Owner).id())
            .await
            .unwrap()
            .is_some()
    );
    assert!(unit.as_billing().billing_accounts().find().await.unwrap().is_some());
}

/// What several domains write in one unit is undone together.
pub async fn domains_are_undone_together(store: &impl LifecycleHarness) {
    found(store, false).await;

    let mut unit = store.lifecycle().read_spanning(&scope(1)).await.unwrap();
    assert!(unit.tenants().find().await.unwrap().is_none());
    assert!(
        unit.memberships()
            .find(member(10, SystemRole::Owner).id())
            .await
            .unwrap()
            .is_none()
    );
    assert!(unit.as_billing().billing_accounts().find().await.unwrap().is_none());
}
