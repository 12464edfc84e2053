//! Where the account is kept.

use async_trait::async_trait;
use tenantry_kernel::StoreError;

use super::model::BillingAccount;

/// The rule "one billing account per tenant".
pub const BILLING_ACCOUNT_ONE: &str = "billing_account_one";

/// The billing account of one tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BillingAccountRepository: Send {
    /// The account; `None` before sign-up has written it.
    async fn find(&mut self) -> Result<Option<BillingAccount>, StoreError>;

    /// The account, locked until the unit ends: a second unit that locks it waits, and then sees what the first
    /// committed. Every unit that bills, charges or changes a subscription locks it first.
    async fn lock(&mut self) -> Result<Option<BillingAccount>, StoreError>;

    /// Refused with `Conflict(`[`BILLING_ACCOUNT_ONE`]`)` when there is one.
    async fn insert(&mut self, account: &BillingAccount) -> Result<(), StoreError>;

    /// Writes the account. Call it with the lock held.
    async fn update(&mut self, account: &BillingAccount) -> Result<(), StoreError>;
}
