//! The payment method.

use tenantry_kernel::typed_id;
use time::OffsetDateTime;

use crate::gateway::{MethodDetails, MethodToken};

typed_id!(
    /// A payment method on file.
    PaymentMethodId
);

/// A payment method on file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentMethod {
    /// Its id.
    pub id: PaymentMethodId,
    /// What the gateway calls it.
    pub token: MethodToken,
    /// What may be shown of it.
    pub details: MethodDetails,
    /// True for the one that is charged unless another is named.
    pub is_default: bool,
    /// When it was put on file.
    pub created_at: OffsetDateTime,
}
