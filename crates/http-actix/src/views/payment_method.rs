//! A payment method on file.

use serde::Serialize;
use tenantry_billing::payment_method::PaymentMethod;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A payment method. The gateway's token is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentMethod)]
pub(crate) struct PaymentMethodView {
    /// Its id.
    pub id: String,
    /// The card's brand.
    #[schema(example = "visa")]
    pub brand: String,
    /// The last four digits.
    #[schema(example = "4242")]
    pub last4: String,
    /// True for the one that is charged.
    pub is_default: bool,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl From<&PaymentMethod> for PaymentMethodView {
    fn from(method: &PaymentMethod) -> Self {
        Self {
            id: method.id.to_string(),
            brand: method.details.brand.clone(),
            last4: method.details.last4.clone(),
            is_default: method.is_default,
            created_at: method.created_at,
        }
    }
}
