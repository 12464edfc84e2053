//! Payment gateways: adapters of [`tenantry_billing::gateway::PaymentGateway`].
//!
//! [`SandboxGateway`] is built in and needs no network; it is the gateway of development, demonstrations and tests.
//!
//! **Invariant:** one charge per idempotency key, however often it is asked for.

pub mod sandbox;

pub use sandbox::SandboxGateway;
