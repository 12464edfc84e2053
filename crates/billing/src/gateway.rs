//! The port to whoever moves the money.

use std::fmt;

use async_trait::async_trait;
use tenantry_kernel::Money;

/// What the gateway calls a payment method. A reference, not a card number; still never logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MethodToken(String);

/// The text cannot be a gateway's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the payment gateway's token of a payment method, such as card_1234567890")]
pub struct InvalidMethodToken;

impl MethodToken {
    /// Longest token in characters.
    pub const MAX_LEN: usize = 255;

    /// The token itself, for the gateway and for storage.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for MethodToken {
    type Error = InvalidMethodToken;

    fn try_from(text: &str) -> Result<Self, InvalidMethodToken> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if !text.is_empty() && text.len() <= Self::MAX_LEN && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidMethodToken)
        }
    }
}

impl fmt::Debug for MethodToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MethodToken(…)")
    }
}

/// What may be shown of a payment method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodDetails {
    /// The card's brand: `visa`.
    pub brand: String,
    /// The last four digits.
    pub last4: String,
}

/// A wish to move money, safe to repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeRequest {
    /// The same key is the same charge, however often it is asked for.
    pub idempotency_key: String,
    /// From which method.
    pub method_token: MethodToken,
    /// How much; above zero.
    pub amount: Money,
    /// What the payer reads.
    pub description: String,
}

/// Money that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The gateway's id of it.
    pub id: String,
    /// How much.
    pub amount: Money,
}

/// Why no charge was confirmed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The bank says no. Nothing was charged.
    #[error("the payment method was declined: {code}")]
    Declined {
        /// Why: `card_declined`, `insufficient_funds`, `expired_card`.
        code: String,
    },
    /// The payer must confirm first. Nothing was charged.
    #[error("the payment needs to be confirmed by the payer")]
    ActionRequired,
    /// The gateway knows no such method. Nothing was charged.
    #[error("the payment method is unknown to the gateway")]
    UnknownMethod,
    /// No answer came: it may or may not have been charged.
    #[error("the payment gateway did not answer in time")]
    TimedOut,
    /// The request was not taken. Nothing was charged.
    #[error("the payment gateway is unavailable")]
    Unavailable,
}

/// Someone else's service that moves money.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PaymentGateway: Send + Sync {
    /// What may be shown of a method; refused with [`GatewayError::UnknownMethod`] when it cannot be charged at all.
    async fn inspect(&self, token: &MethodToken) -> Result<MethodDetails, GatewayError>;

    /// Charges once per idempotency key: repeating the request answers with the charge that was made first.
    async fn charge(&self, request: &ChargeRequest) -> Result<Charge, GatewayError>;

    /// The charge made under this key; `None` when the gateway knows of none.
    async fn find_charge(&self, idempotency_key: &str) -> Result<Option<Charge>, GatewayError>;
}
