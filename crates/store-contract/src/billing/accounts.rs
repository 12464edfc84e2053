//! The billing account and its lock.

use tenantry_billing::account::{BILLING_ACCOUNT_ONE, BillingAccount};
use tenantry_kernel::{Currency, StoreError};

use super::{BillingHarness, begin, found_with_credit, read, usd};
use crate::tenancy::found_two;
use crate::{is_stale, refused_by};

async fn stored(store: &impl BillingHarness, tenant: u128) -> Option<BillingAccount> {
    let mut unit = read(store, tenant).await;
    unit.billing_accounts().find().await.unwrap()
}

/// An account comes back as it went, for its own tenant only.
pub async fn an_account_comes_back_whole_for_its_tenant(store: &impl BillingHarness) {
    found_two(store).await;
    let account = BillingAccount::open(Currency::JPY);
    let mut unit = begin(store, 1).await;

    unit.billing_accounts().insert(&account).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(stored(store, 1).await, Some(account));
    assert_eq!(stored(store, 2).await, None);
    let mut unit = begin(store, 2).await;
    assert_eq!(unit.billing_accounts().lock().await.unwrap(), None);
    assert!(is_stale(&unit.billing_accounts().update(&account).await));
}

/// A tenant has one account.
pub async fn a_tenant_has_one_account(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let mut unit = begin(store, 1).await;

    let refused = unit
        .billing_accounts()
        .insert(&BillingAccount::open(Currency::JPY))
        .await;

    assert_eq!(refused_by(refused), BILLING_ACCOUNT_ONE);
}

/// What one tenant's account gains, the other's does not.
pub async fn credit_is_written_to_its_own_account(store: &impl BillingHarness) {
    found_with_credit(store, 100).await;
    let mut unit = begin(store, 1).await;
    let mut account = unit.billing_accounts().lock().await.unwrap().unwrap();
    account.take(usd(-50)).unwrap();

    unit.billing_accounts().update(&account).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(stored(store, 1).await.unwrap().credit(), usd(150));
    assert_eq!(stored(store, 2).await.unwrap().credit(), usd(100));
}

/// Whoever locks second waits and sees what the first committed: no credit is spent twice.
pub async fn the_lock_lets_one_unit_at_a_time_spend_the_credit(store: &impl BillingHarness) {
    found_with_credit(store, 100).await;
    let take_forty = async || -> Result<bool, StoreError> {
        let mut unit = begin(store, 1).await;
        let mut account = unit.billing_accounts().lock().await?.unwrap();
        // The others get every chance to read the same credit.
        tokio::task::yield_now().await;
        if account.take(usd(40)).is_err() {
            return Ok(false);
        }
        unit.billing_accounts().update(&account).await?;
        unit.commit(Vec::new()).await?;
        Ok(true)
    };

    let spent = futures_util::future::join_all((0..6).map(|_| take_forty())).await;

    let spenders = spent.into_iter().filter(|spent| *spent.as_ref().unwrap()).count();
    assert_eq!(spenders, 2);
    assert_eq!(stored(store, 1).await.unwrap().credit(), usd(20));
}
