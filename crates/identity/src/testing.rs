//! Doubles for this domain's ports: a store that hands out mocks, a cipher, a person.

pub mod fixtures;
mod key_shelf;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tenantry_kernel::id::{SessionId, UserId};
use tenantry_kernel::secret::CannotOpen;
use tenantry_kernel::testing::{CountingEntropy, SequentialIds};
use tenantry_kernel::{Cipher, EmailAddress, Event, Origin, Secret, StoreError, SystemScope, TenantScope, Transaction};
use uuid::Uuid;

pub use key_shelf::KeyShelf;

use crate::api_key::{ApiKeyRepository, MockApiKeyRepository};
use crate::device::{DeviceRepository, MockDeviceRepository};
use crate::email::{EmailRepository, MockEmailRepository};
use crate::factor::{FactorRepository, MockFactorRepository};
use crate::mint::Mint;
use crate::one_time_token::{MockOneTimeTokenRepository, OneTimeTokenRepository};
use crate::password::{Lengths, MockPasswordDemands, PasswordDemand, PasswordJudge, Strength, StrengthMeter};
use crate::pending::{MockPendingSignInRepository, PendingSignInRepository};
use crate::person::Person;
use crate::platform_key::{MockPlatformKeyRepository, PlatformKeyRepository, PlatformKeyStore, PlatformKeyUnit};
use crate::service_account::{MockServiceAccountRepository, ServiceAccountRepository};
use crate::session::{MockSessionRepository, SessionRepository};
use crate::store::{IdentityStore, IdentityUnit, PersonUnit};
use crate::support::{MockSupportRepository, SupportRepository};
use crate::user::{HashFailed, MockUserRepository, UserRepository};

/// One mock per repository.
#[derive(Default)]
pub struct Mocks {
    /// Users.
    pub users: MockUserRepository,
    /// Addresses.
    pub emails: MockEmailRepository,
    /// Sessions and refresh tokens.
    pub sessions: MockSessionRepository,
    /// One-time tokens.
    pub one_time_tokens: MockOneTimeTokenRepository,
    /// Second factors and passkeys.
    pub factors: MockFactorRepository,
    /// Devices.
    pub devices: MockDeviceRepository,
    /// Pending sign-ins.
    pub pending_sign_ins: MockPendingSignInRepository,
    /// API keys.
    pub api_keys: MockApiKeyRepository,
    /// Service accounts.
    pub service_accounts: MockServiceAccountRepository,
    /// Support access.
    pub support: MockSupportRepository,
    /// Platform keys.
    pub platform_keys: MockPlatformKeyRepository,
}

/// The commits that were made, each with its events.
#[derive(Clone, Default)]
pub struct Commits(Arc<Mutex<Vec<Vec<Event>>>>);

impl Commits {
    /// Every commit in order.
    #[must_use]
    pub fn all(&self) -> Vec<Vec<Event>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The actions of every event of every commit.
    #[must_use]
    pub fn actions(&self) -> Vec<&'static str> {
        self.all().iter().flatten().map(|event| event.action).collect()
    }
}

/// A store whose units hand out mocks, one unit at a time.
#[derive(Default)]
pub struct FakeIdentityStore {
    mocks: Arc<Mutex<Option<Box<Mocks>>>>,
    known: HashMap<EmailAddress, UserId>,
    commits: Commits,
}

impl FakeIdentityStore {
    /// A store over these mocks.
    #[must_use]
    pub fn over(mocks: Mocks) -> Self {
        Self {
            mocks: Arc::new(Mutex::new(Some(Box::new(mocks)))),
            ..Self::default()
        }
    }

    /// Knows this address.
    #[must_use]
    pub fn knowing(mut self, email: &EmailAddress, user: UserId) -> Self {
        self.known.insert(email.clone(), user);
        self
    }

    /// Where commits will be found.
    #[must_use]
    pub fn commits(&self) -> Commits {
        self.commits.clone()
    }

    fn unit(&self) -> Result<Box<FakeUnit>, StoreError> {
        let mut home = self.mocks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mocks) = home.take() else {
            return Err(StoreError::Backend("a unit is open already".into()));
        };
        Ok(Box::new(FakeUnit {
            mocks: Some(mocks),
            home: Arc::clone(&self.mocks),
            commits: self.commits.clone(),
            spare: Mocks::default(),
        }))
    }
}

#[async_trait]
impl IdentityStore for FakeIdentityStore {
    async fn user_by_email(&self, email: &EmailAddress) -> Result<Option<UserId>, StoreError> {
        Ok(self.known.get(email).copied())
    }

    async fn users_by_email(&self, emails: &[EmailAddress]) -> Result<BTreeMap<EmailAddress, UserId>, StoreError> {
        let known = emails
            .iter()
            .filter_map(|email| Some((email.clone(), *self.known.get(email)?)));
        Ok(known.collect())
    }

    async fn begin_person(&self, _: UserId, _: &Origin) -> Result<Box<dyn PersonUnit>, StoreError> {
        Ok(self.unit()?)
    }

    async fn begin_person_for(&self, _: &SystemScope, _: UserId) -> Result<Box<dyn PersonUnit>, StoreError> {
        Ok(self.unit()?)
    }

    async fn read_person(&self, _: UserId) -> Result<Box<dyn PersonUnit>, StoreError> {
        Ok(self.unit()?)
    }

    async fn begin(&self, _: &TenantScope) -> Result<Box<dyn IdentityUnit>, StoreError> {
        Ok(self.unit()?)
    }

    async fn read(&self, _: &TenantScope) -> Result<Box<dyn IdentityUnit>, StoreError> {
        Ok(self.unit()?)
    }
}

struct FakeUnit {
    mocks: Option<Box<Mocks>>,
    home: Arc<Mutex<Option<Box<Mocks>>>>,
    commits: Commits,
    spare: Mocks,
}

impl FakeUnit {
    fn mocks(&mut self) -> &mut Mocks {
        self.mocks.as_deref_mut().unwrap_or(&mut self.spare)
    }
}

impl Drop for FakeUnit {
    fn drop(&mut self) {
        *self.home.lock().unwrap_or_else(PoisonError::into_inner) = self.mocks.take();
    }
}

#[async_trait]
impl Transaction for FakeUnit {
    async fn commit(self: Box<Self>, events: Vec<Event>) -> Result<(), StoreError> {
        let mut commits = self.commits.0.lock().unwrap_or_else(PoisonError::into_inner);
        commits.push(events);
        Ok(())
    }
}

impl PersonUnit for FakeUnit {
    fn users(&mut self) -> &mut dyn UserRepository {
        &mut self.mocks().users
    }

    fn emails(&mut self) -> &mut dyn EmailRepository {
        &mut self.mocks().emails
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        &mut self.mocks().sessions
    }

    fn one_time_tokens(&mut self) -> &mut dyn OneTimeTokenRepository {
        &mut self.mocks().one_time_tokens
    }

    fn factors(&mut self) -> &mut dyn FactorRepository {
        &mut self.mocks().factors
    }

    fn devices(&mut self) -> &mut dyn DeviceRepository {
        &mut self.mocks().devices
    }

    fn pending_sign_ins(&mut self) -> &mut dyn PendingSignInRepository {
        &mut self.mocks().pending_sign_ins
    }
}

impl IdentityUnit for FakeUnit {
    fn api_keys(&mut self) -> &mut dyn ApiKeyRepository {
        &mut self.mocks().api_keys
    }

    fn service_accounts(&mut self) -> &mut dyn ServiceAccountRepository {
        &mut self.mocks().service_accounts
    }

    fn support(&mut self) -> &mut dyn SupportRepository {
        &mut self.mocks().support
    }
}

#[async_trait]
impl PlatformKeyStore for FakeIdentityStore {
    async fn begin_platform(&self, _: &SystemScope) -> Result<Box<dyn PlatformKeyUnit>, StoreError> {
        Ok(self.unit()?)
    }

    async fn read_platform(&self, _: &SystemScope) -> Result<Box<dyn PlatformKeyUnit>, StoreError> {
        Ok(self.unit()?)
    }
}

impl PlatformKeyUnit for FakeUnit {
    fn platform_keys(&mut self) -> &mut dyn PlatformKeyRepository {
        &mut self.mocks().platform_keys
    }
}

/// A cipher for tests: keeps contexts and values apart, and protects nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainCipher;

impl Cipher for PlainCipher {
    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let mut sealed = self.fingerprint(context, b"seal").to_vec();
        sealed.extend_from_slice(plain);
        sealed
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, CannotOpen> {
        let plain = sealed.strip_prefix(self.fingerprint(context, b"seal").as_slice());
        plain.map(|plain| Secret::new(plain.to_vec())).ok_or(CannotOpen)
    }

    fn fingerprint(&self, context: &str, value: &[u8]) -> [u8; 32] {
        // FNV-1a, once per output word: spreads, and is no cryptography.
        let mut out = [0; 32];
        for (lane, chunk) in (0_u64..).zip(out.chunks_mut(8)) {
            let seen = context.bytes().chain([0]).chain(value.iter().copied());
            let hash = seen.fold(0xCBF2_9CE4_8422_2325 ^ lane, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
            });
            chunk.copy_from_slice(&hash.to_le_bytes());
        }
        out
    }
}

/// A mint for tests: the same secrets and ids in every run.
#[must_use]
pub fn mint() -> Mint {
    Mint {
        cipher: Arc::new(PlainCipher),
        entropy: Arc::new(CountingEntropy::default()),
        ids: Arc::new(SequentialIds::default()),
    }
}

/// Measures by length alone: six characters are worth a point.
#[derive(Clone, Copy, Debug, Default)]
pub struct LengthMeter;

#[async_trait]
impl StrengthMeter for LengthMeter {
    async fn measure(&self, password: Secret<String>, _: Vec<String>) -> Result<Strength, HashFailed> {
        let points = password.expose().chars().take(24).count() / 6;
        Ok(Strength {
            score: u8::try_from(points).unwrap_or(4),
            advice: Vec::new(),
        })
    }
}

/// A judge for people without tenants, where eight characters will do.
///
/// # Panics
/// Never.
#[must_use]
pub fn judge() -> Arc<PasswordJudge> {
    let mut demands = MockPasswordDemands::new();
    demands.expect_of().returning(|_| Ok(PasswordDemand::default()));
    Arc::new(PasswordJudge::new(
        eight_characters(),
        Arc::new(demands),
        Arc::new(LengthMeter),
    ))
}

/// The rule of development: eight characters, with a second factor or without.
///
/// # Panics
/// Never.
#[must_use]
pub const fn eight_characters() -> Lengths {
    match Lengths::new(8, 8) {
        Ok(lengths) => lengths,
        Err(_) => panic!("eight is the least there is"),
    }
}

/// A person for tests: user number `user`, in session number `user + 500`.
#[must_use]
pub fn person(user: u128) -> Person {
    Person {
        user: UserId::from_uuid(Uuid::from_u128(user)),
        session: SessionId::from_uuid(Uuid::from_u128(user + 500)),
        tenant: None,
        membership: None,
        platform_role: None,
        origin: Origin::default(),
    }
}
