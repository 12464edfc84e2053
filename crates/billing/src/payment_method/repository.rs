//! Where payment methods are kept.

use async_trait::async_trait;
use tenantry_kernel::{Page, PageRequest, StoreError};

use super::model::{PaymentMethod, PaymentMethodId};
use crate::gateway::MethodToken;

/// The rule "a tenant has a method on file once".
pub const PAYMENT_METHOD_EXISTS: &str = "payment_method_exists";
/// The rule "one default per tenant"; met only when two units race without the billing lock.
pub const PAYMENT_METHOD_ONE_DEFAULT: &str = "payment_method_one_default";

/// Payment methods of one tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PaymentMethodRepository: Send {
    /// `None` when this tenant has no such method.
    async fn find(&mut self, id: PaymentMethodId) -> Result<Option<PaymentMethod>, StoreError>;

    /// The method that the gateway calls so.
    async fn find_by_token(&mut self, token: &MethodToken) -> Result<Option<PaymentMethod>, StoreError>;

    /// The one that is charged unless another is named.
    async fn default_method(&mut self) -> Result<Option<PaymentMethod>, StoreError>;

    /// Newest first.
    async fn list(&mut self, page: PageRequest) -> Result<Page<PaymentMethod>, StoreError>;

    /// Inserts it; when it is the default, the former default is one no longer.
    /// Refused with `Conflict(`[`PAYMENT_METHOD_EXISTS`]`)` when the token is on file.
    async fn insert(&mut self, method: &PaymentMethod) -> Result<(), StoreError>;

    /// Makes it the default, and the former default one no longer. False when there is no such method.
    async fn set_default(&mut self, id: PaymentMethodId) -> Result<bool, StoreError>;

    /// Removes it. False when there is no such method.
    async fn delete(&mut self, id: PaymentMethodId) -> Result<bool, StoreError>;
}
