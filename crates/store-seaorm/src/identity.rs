//! Identity's ports over the database.

mod api_keys;
mod devices;
mod directories;
mod emails;
mod factors;
mod one_time_tokens;
mod pending_sign_ins;
mod platform_keys;
mod refresh_tokens;
mod service_accounts;
mod sessions;
mod signing_keys;
mod support;
mod users;

use std::collections::BTreeMap;

use tenantry_identity::api_key::ApiKeyRepository;
use tenantry_identity::device::DeviceRepository;
use tenantry_identity::email::{EMAIL_EXISTS, EmailRepository};
use tenantry_identity::factor::{FactorRepository, PASSKEY_REGISTERED, TOTP_ENROLLED};
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_identity::one_time_token::OneTimeTokenRepository;
use tenantry_identity::pending::PendingSignInRepository;
use tenantry_identity::service_account::ServiceAccountRepository;
use tenantry_identity::session::SessionRepository;
use tenantry_identity::signing_key::SIGNING_KEY_EXISTS;
use tenantry_identity::store::{IdentityStore, IdentityUnit, PersonUnit};
use tenantry_identity::support::SupportRepository;
use tenantry_identity::user::{EMAIL_TAKEN, UserRepository};
use tenantry_kernel::id::UserId;
use tenantry_kernel::{EmailAddress, Origin, StoreError, SystemScope, TenantScope, async_trait};

use crate::error::Rule;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

/// The unique indexes of identity's tables.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        index: "email_directory_pkey",
        columns: "email_directory.fingerprint",
        name: EMAIL_TAKEN,
    },
    Rule {
        index: "totp_factor_person_key",
        columns: "totp_factor.user_id",
        name: TOTP_ENROLLED,
    },
    Rule {
        index: "passkey_credential_key",
        columns: "passkey.user_id, passkey.credential",
        name: PASSKEY_REGISTERED,
    },
    Rule {
        index: "user_email_key",
        columns: "user_email.user_id, user_email.email",
        name: EMAIL_EXISTS,
    },
    Rule {
        index: "signing_key_pkey",
        columns: "signing_key.sequence",
        name: SIGNING_KEY_EXISTS,
    },
];

#[async_trait]
impl IdentityStore for SeaOrmStore {
    async fn user_by_email(&self, email: &EmailAddress) -> Result<Option<UserId>, StoreError> {
        users::by_email(self, email).await
    }

    async fn users_by_email(&self, emails: &[EmailAddress]) -> Result<BTreeMap<EmailAddress, UserId>, StoreError> {
        users::by_emails(self, emails).await
    }

    async fn begin_person(&self, user: UserId, origin: &Origin) -> Result<Box<dyn PersonUnit>, StoreError> {
        Ok(Box::new(self.unit_for_person(user, origin).await?))
    }

    async fn begin_person_for(&self, scope: &SystemScope, user: UserId) -> Result<Box<dyn PersonUnit>, StoreError> {
        Ok(Box::new(self.unit_for_person_as(scope, user).await?))
    }

    async fn read_person(&self, user: UserId) -> Result<Box<dyn PersonUnit>, StoreError> {
        Ok(Box::new(self.look_up(None, Some(user)).await?))
    }

    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn IdentityUnit>, StoreError> {
        Ok(Box::new(self.unit_for(scope).await?))
    }

    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn IdentityUnit>, StoreError> {
        Ok(Box::new(self.read_for(scope).await?))
    }
}

impl PersonUnit for SeaOrmUnit {
    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }

    fn emails(&mut self) -> &mut dyn EmailRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn one_time_tokens(&mut self) -> &mut dyn OneTimeTokenRepository {
        self
    }

    fn factors(&mut self) -> &mut dyn FactorRepository {
        self
    }

    fn devices(&mut self) -> &mut dyn DeviceRepository {
        self
    }

    fn pending_sign_ins(&mut self) -> &mut dyn PendingSignInRepository {
        self
    }
}

impl IdentityUnit for SeaOrmUnit {
    fn api_keys(&mut self) -> &mut dyn ApiKeyRepository {
        self
    }

    fn service_accounts(&mut self) -> &mut dyn ServiceAccountRepository {
        self
    }

    fn support(&mut self) -> &mut dyn SupportRepository {
        self
    }
}

pub(crate) use users::entry as directory_entry;

/// A fingerprint as it was stored.
fn fingerprint(bytes: &[u8]) -> Result<Fingerprint, &'static str> {
    let bytes = bytes.try_into().map_err(|_| "a fingerprint has not 32 bytes")?;
    Ok(Fingerprint::from_bytes(bytes))
}

/// Refuses rows of another person than the unit is pinned to: a mistake of ours, never the caller's.
fn require_pinned(unit: &SeaOrmUnit, user: UserId) -> Result<(), StoreError> {
    if unit.user_uuid() == user.as_uuid() {
        Ok(())
    } else {
        Err(StoreError::Backend("the unit is pinned to another person".into()))
    }
}
