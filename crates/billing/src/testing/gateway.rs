//! A gateway that remembers every charge it made, so that a test can count them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::gateway::{Charge, ChargeRequest, GatewayError, MethodDetails, MethodToken, PaymentGateway};

/// What the gateway does is written in the token: `card_declined`, `card_3ds`, `card_unreachable`,
/// `card_timeout_before_charge` and `card_timeout_after_charge`; any other `card_…` is charged.
#[derive(Debug, Default)]
pub struct TestGateway {
    charges: Mutex<BTreeMap<String, Charge>>,
    asked: Mutex<u32>,
}

impl TestGateway {
    /// Every charge that was made, by idempotency key.
    #[must_use]
    pub fn charges(&self) -> Vec<Charge> {
        let charges = self.charges.lock().unwrap_or_else(PoisonError::into_inner);
        charges.values().cloned().collect()
    }

    /// How often it was asked to charge.
    #[must_use]
    pub fn times_asked(&self) -> u32 {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make(&self, request: &ChargeRequest) -> Charge {
        let mut charges = self.charges.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("charge_{}", charges.len() + 1);
        let fresh = Charge {
            id,
            amount: request.amount,
        };
        charges.entry(request.idempotency_key.clone()).or_insert(fresh).clone()
    }
}

#[async_trait]
impl PaymentGateway for TestGateway {
    async fn inspect(&self, token: &MethodToken) -> Result<MethodDetails, GatewayError> {
        if !token.expose().starts_with("card_") {
            return Err(GatewayError::UnknownMethod);
        }
        Ok(MethodDetails {
            brand: "visa".to_owned(),
            last4: "4242".to_owned(),
        })
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<Charge, GatewayError> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        match request.method_token.expose() {
            "card_declined" => Err(GatewayError::Declined {
                code: "card_declined".to_owned(),
            }),
            "card_3ds" => Err(GatewayError::ActionRequired),
            "card_unreachable" => Err(GatewayError::Unavailable),
            "card_timeout_before_charge" => Err(GatewayError::TimedOut),
            "card_timeout_after_charge" => {
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
