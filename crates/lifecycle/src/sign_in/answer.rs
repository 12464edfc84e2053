//! What a sign-in comes to.

use std::sync::Arc;

use tenantry_identity::pending::Missing;
use tenantry_identity::user::User;
use tenantry_kernel::Secret;
use tenantry_tenancy::directory::TenantAccess;

use crate::tokens::Tokens;

/// Somebody is in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Their tokens.
    pub tokens: Tokens,
    /// The human.
    pub user: User,
    /// The tenant they are in; `None` for platform people, and for people without one.
    pub tenant: Option<Arc<TenantAccess>>,
    /// What this device keeps, when it is remembered from now on.
    pub device: Option<Secret<String>>,
    /// Fresh recovery codes, when a first factor was enrolled on the way in.
    pub recovery_codes: Vec<Secret<String>>,
}

/// Something is missing.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Goes on with the sign-in, and is worth nothing else.
    pub token: Secret<String>,
    /// What is missing.
    pub missing: Missing,
    /// How it may be shown, or what may be enrolled.
    pub methods: Vec<&'static str>,
    /// What a browser is asked to show a passkey, as JSON; where the person has one.
    pub passkey_request: Option<String>,
    /// Which rule the password does not meet any more, by its code; where another one is missing.
    pub outgrown: Option<String>,
    /// Whole seconds for which it waits.
    pub expires_in_s: i64,
}

/// What a sign-in comes to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// In.
    SignedIn(Box<SignedIn>),
    /// Not yet.
    Waiting(Waiting),
}

impl Outcome {
    /// The one who is in; `None` while something is missing.
    #[must_use]
    pub fn signed_in(self) -> Option<SignedIn> {
        match self {
            Self::SignedIn(signed_in) => Some(*signed_in),
            Self::Waiting(_) => None,
        }
    }

    /// What is missing; `None` for who is in.
    #[must_use]
    pub fn waiting(self) -> Option<Waiting> {
        match self {
            Self::SignedIn(_) => None,
            Self::Waiting(waiting) => Some(waiting),
        }
    }
}
