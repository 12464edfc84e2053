//! The sandbox: moves no money, answers by the token, the same way each time.
//!
//! | token | answer |
//! | --- | --- |
//! | `card_ok`, any other `card_…` | charged |
//! | `card_declined` | declined: `card_declined` |
//! | `card_insufficient_funds` | declined: `insufficient_funds` |
//! | `card_expired` | declined: `expired_card` |
//! | `card_3ds` | the payer must confirm first |
//! | `card_timeout_after_charge` | charged, but no answer comes |
//! | anything else | an unknown method |
//!
//! A charge's id is a hash of its idempotency key, so that the same key is the same charge in every process and after
//! every restart. What was charged is remembered by the process only: a key that a restarted sandbox does not know is
//! charged again, which is the same charge under the same id.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use tenantry_billing::gateway::{Charge, ChargeRequest, GatewayError, MethodDetails, MethodToken, PaymentGateway};

/// What every token of the sandbox starts with.
const PREFIX: &str = "card_";

/// The built-in gateway; see the module for its tokens.
#[derive(Debug, Default)]
pub struct SandboxGateway {
    charges: Mutex<HashMap<String, Charge>>,
}

impl SandboxGateway {
    /// A sandbox that has charged nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Charges once per key; the first amount stays.
    fn make(&self, request: &ChargeRequest) -> Charge {
        let fresh = Charge {
            id: format!("sandbox_{}", hash(&request.idempotency_key)),
            amount: request.amount,
        };
        let mut charges = self.charges.lock().unwrap_or_else(PoisonError::into_inner);
        charges.entry(request.idempotency_key.clone()).or_insert(fresh).clone()
    }
}

#[async_trait]
impl PaymentGateway for SandboxGateway {
    async fn inspect(&self, token: &MethodToken) -> Result<MethodDetails, GatewayError> {
        let name = card(token)?;
        Ok(MethodDetails {
            brand: brand(name).to_owned(),
            last4: last4(name),
        })
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<Charge, GatewayError> {
        let declined = |code: &str| Err(GatewayError::Declined { code: code.to_owned() });
        match card(&request.method_token)? {
            "declined" => declined("card_declined"),
            "insufficient_funds" => declined("insufficient_funds"),
            "expired" => declined("expired_card"),
            "3ds" => Err(GatewayError::ActionRequired),
            "timeout_after_charge" => {
                self.make(request);
                Err(GatewayError::TimedOut)
            }
            _ => Ok(self.make(request)),
        }
    }

    async fn find_charge(&self, idempotency_key: &str) -> Result<Option<Charge>, GatewayError> {
        let charges = self.charges.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(charges.get(idempotency_key).cloned())
    }
}

/// What follows `card_`.
fn card(token: &MethodToken) -> Result<&str, GatewayError> {
    match token.expose().strip_prefix(PREFIX) {
        Some(name) if !name.is_empty() => Ok(name),
        _ => Err(GatewayError::UnknownMethod),
    }
}

/// The brand that a card's name mentions; visa unless it mentions another.
fn brand(name: &str) -> &'static str {
    ["mastercard", "amex", "jcb", "discover"]
        .into_iter()
        .find(|brand| name.contains(brand))
        .unwrap_or("visa")
}

/// The name's last four digits when it ends in that many, otherwise four digits of its hash.
fn last4(name: &str) -> String {
    let digits: String = name.chars().rev().take_while(char::is_ascii_digit).take(4).collect();
    if digits.len() == 4 {
        return digits.chars().rev().collect();
    }
    let number = digest(&SHA256, name.as_bytes())
        .as_ref()
        .iter()
        .fold(0_u64, |sum, byte| (sum * 256 + u64::from(*byte)) % 10_000);
    format!("{number:04}")
}

/// The first 16 bytes of the key's SHA-256, in hexadecimal.
fn hash(key: &str) -> String {
    let hashed = digest(&SHA256, key.as_bytes());
    hashed.as_ref().iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
