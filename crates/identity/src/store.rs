//! How this domain reaches its data.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tenantry_kernel::id::UserId;
use tenantry_kernel::{EmailAddress, Origin, StoreError, SystemScope, TenantScope, Transaction};

use crate::api_key::ApiKeyRepository;
use crate::device::DeviceRepository;
use crate::email::EmailRepository;
use crate::factor::FactorRepository;
use crate::one_time_token::OneTimeTokenRepository;
use crate::pending::PendingSignInRepository;
use crate::service_account::ServiceAccountRepository;
use crate::session::SessionRepository;
use crate::support::SupportRepository;
use crate::user::UserRepository;

/// One transaction over the data of one person. Others' rows are not there.
pub trait PersonUnit: Transaction {
    /// The person's own user row.
    fn users(&mut self) -> &mut dyn UserRepository;

    /// The person's addresses.
    fn emails(&mut self) -> &mut dyn EmailRepository;

    /// The person's sessions and refresh tokens.
    fn sessions(&mut self) -> &mut dyn SessionRepository;

    /// The person's one-time tokens.
    fn one_time_tokens(&mut self) -> &mut dyn OneTimeTokenRepository;

    /// The person's second factors and passkeys.
    fn factors(&mut self) -> &mut dyn FactorRepository;

    /// The person's devices.
    fn devices(&mut self) -> &mut dyn DeviceRepository;

    /// The person's sign-ins that are not over.
    fn pending_sign_ins(&mut self) -> &mut dyn PendingSignInRepository;
}

/// One transaction over one tenant's credentials.
pub trait IdentityUnit: Transaction {
    /// The tenant's API keys.
    fn api_keys(&mut self) -> &mut dyn ApiKeyRepository;

    /// The tenant's service accounts.
    fn service_accounts(&mut self) -> &mut dyn ServiceAccountRepository;

    /// Visits of support, and the tenant's consents.
    fn support(&mut self) -> &mut dyn SupportRepository;
}

/// Opens units.
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Which user this address leads to, if any: the look-up before a person is known. It leads there from each of
    /// the addresses they proved, and from the one they registered with, as long as nobody else proved that.
    async fn user_by_email(&self, email: &EmailAddress) -> Result<Option<UserId>, StoreError>;

    /// The same for many addresses at once, in a bounded number of statements. Addresses of nobody are left out.
    async fn users_by_email(&self, emails: &[EmailAddress]) -> Result<BTreeMap<EmailAddress, UserId>, StoreError>;

    /// Begins a unit pinned to one person, who is also the actor of its events.
    async fn begin_person(&self, user: UserId, origin: &Origin) -> Result<Box<dyn PersonUnit>, StoreError>;

    /// Begins a unit pinned to one person, where an operator or a worker is the actor.
    async fn begin_person_for(&self, scope: &SystemScope, user: UserId) -> Result<Box<dyn PersonUnit>, StoreError>;

    /// Opens a unit pinned to one person, for reading only.
    async fn read_person(&self, user: UserId) -> Result<Box<dyn PersonUnit>, StoreError>;

    /// Begins a unit bound to the tenant in `scope`.
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn IdentityUnit>, StoreError>;

    /// Opens a unit bound to the tenant in `scope`, for reading only.
    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn IdentityUnit>, StoreError>;
}
