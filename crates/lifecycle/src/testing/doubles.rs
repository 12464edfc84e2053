//! Doubles for the ports that are no store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tenantry_billing::gateway::{Charge, ChargeRequest, GatewayError, MethodDetails, MethodToken, PaymentGateway};
use tenantry_billing::testing::TestGateway;
use tenantry_identity::directory::PlatformKeyDirectory;
use tenantry_identity::factor::OneTimeCodes;
use tenantry_identity::passkey::{
    Assertion, AssertionHead, Ceremonies, CeremonyRefused, Challenge, NewCredential, Passkey, PasskeyOwner,
};
use tenantry_identity::platform_key::PlatformKey;
use tenantry_identity::token::{SigningFailed, TokenClaims, TokenError, TokenSigner, TokenVerifier};
use tenantry_identity::user::{ForeignHashes, HashFailed, PasswordHash, PasswordHasher, UnusableHash, Verified};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailAddress, Origin, PlatformKeyId, Secret, StoreError, UserId, async_trait};

use super::store::FakeLifecycleStore;
use crate::joining::Newcomers;

/// Platform keys in memory.
#[derive(Default)]
pub struct PlatformKeys(Mutex<Vec<Arc<PlatformKey>>>);

impl PlatformKeys {
    /// Keeps a key, in place of an earlier state of it.
    pub fn keep(&self, key: PlatformKey) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|known| known.id() != key.id());
        keys.push(Arc::new(key));
    }
}

#[async_trait]
impl PlatformKeyDirectory for PlatformKeys {
    async fn find_platform_key(&self, key: PlatformKeyId) -> Result<Option<Arc<PlatformKey>>, StoreError> {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.iter().find(|known| known.id() == key).cloned())
    }

    async fn touch_platform_key(&self, _: PlatformKeyId, _: OffsetDateTime) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Lets nobody in, and remembers whose addresses came to be held.
#[derive(Debug, Default)]
pub struct HeardNewcomers(Mutex<Vec<(UserId, EmailAddress)>>);

impl HeardNewcomers {
    /// All that it was told, in order.
    pub fn heard(&self) -> Vec<(UserId, EmailAddress)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Newcomers for HeardNewcomers {
    async fn newly_held(&self, user: UserId, email: &EmailAddress, _: &Origin) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push((user, email.clone()));
    }
}

/// A gateway that remembers its charges, and whether it was asked while a unit was open. What it does is written in
/// the token, as [`TestGateway`] tells.
#[derive(Default)]
pub struct WatchfulGateway {
    store: FakeLifecycleStore,
    gateway: TestGateway,
    disturbed: AtomicBool,
    silent: AtomicBool,
}

impl WatchfulGateway {
    /// A gateway that watches the units of `store`.
    #[must_use]
    pub fn watching(store: FakeLifecycleStore) -> Self {
        Self {
            store,
            ..Self::default()
        }
    }

    /// Every charge that was made, by idempotency key.
    #[must_use]
    pub fn charges(&self) -> Vec<Charge> {
        self.gateway.charges()
    }

    /// True when it was ever asked while a unit was open.
    #[must_use]
    pub fn was_disturbed(&self) -> bool {
        self.disturbed.load(Ordering::SeqCst)
    }

    /// From now on it charges as before but answers nothing; or answers again.
    pub fn fall_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }

    fn watch(&self) {
        if self.store.open_units() > 0 {
            self.disturbed.store(true, Ordering::SeqCst);
        }
    }

    fn answer<T>(&self, answer: Result<T, GatewayError>) -> Result<T, GatewayError> {
        if self.silent.load(Ordering::SeqCst) {
            Err(GatewayError::TimedOut)
        } else {
            answer
        }
    }
}

#[async_trait]
impl PaymentGateway for WatchfulGateway {
    async fn inspect(&self, token: &MethodToken) -> Result<MethodDetails, GatewayError> {
        self.watch();
        self.gateway.inspect(token).await
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<Charge, GatewayError> {
        self.watch();
        self.answer(self.gateway.charge(request).await)
    }

    async fn find_charge(&self, idempotency_key: &str) -> Result<Option<Charge>, GatewayError> {
        self.watch();
        self.answer(self.gateway.find_charge(idempotency_key).await)
    }
}

/// A hasher whose hashes tell the password. Those that begin with `weak:` are to be made anew.
#[derive(Debug, Default)]
pub struct TestHasher {
    verified: AtomicU32,
}

impl TestHasher {
    /// How often a password was verified, against a hash or against nothing.
    #[must_use]
    pub fn times_verified(&self) -> u32 {
        self.verified.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl PasswordHasher for TestHasher {
    async fn hash(&self, password: Secret<String>) -> Result<PasswordHash, HashFailed> {
        Ok(PasswordHash::from_phc(format!("strong:{}", password.expose())))
    }

    async fn verify(&self, password: Secret<String>, hash: Option<PasswordHash>) -> Result<Verified, HashFailed> {
        self.verified.fetch_add(1, Ordering::SeqCst);
        let text = hash.as_ref().map_or("", PasswordHash::as_str);
        let (strength, hashed) = text.split_once(':').unwrap_or_default();
        Ok(Verified {
            matches: !hashed.is_empty() && hashed == password.expose(),
            needs_rehash: strength == "weak",
        })
    }
}

/// Knows hashes that begin with `weak:`.
impl ForeignHashes for TestHasher {
    fn read(&self, text: &Secret<String>) -> Result<PasswordHash, UnusableHash> {
        match text.expose().split_once(':') {
            Some(("weak", _)) => Ok(PasswordHash::from_phc(text.expose().clone())),
            Some(("dear", _)) => Err(UnusableHash::TooDear),
            _ => Err(UnusableHash::Unknown),
        }
    }
}

/// Codes that tell their step.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestCodes;

impl OneTimeCodes for TestCodes {
    fn code(&self, _: &[u8], step: i64) -> u32 {
        u32::try_from(step.rem_euclid(1_000_000)).unwrap_or_default()
    }
}

/// Asks nothing, and believes no answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCeremonies;

impl Ceremonies for NoCeremonies {
    fn creation_options(&self, _: &PasskeyOwner, _: &[Passkey], _: &Challenge) -> String {
        "{}".to_owned()
    }

    fn request_options(&self, _: &[Passkey], _: &Challenge) -> String {
        "{}".to_owned()
    }

    fn check_registration(&self, _: &str, _: &Challenge) -> Result<NewCredential, CeremonyRefused> {
        Err(CeremonyRefused("a double"))
    }

    fn read_assertion(&self, _: &str) -> Result<AssertionHead, CeremonyRefused> {
        Err(CeremonyRefused("a double"))
    }

    fn check_assertion(&self, _: &str, _: &Challenge, _: &Passkey) -> Result<Assertion, CeremonyRefused> {
        Err(CeremonyRefused("a double"))
    }
}

/// Signs tokens by remembering them.
#[derive(Debug, Default)]
pub struct TestSigner {
    signed: Mutex<BTreeMap<String, TokenClaims>>,
}

impl TokenSigner for TestSigner {
    fn sign(&self, claims: &TokenClaims) -> Result<String, SigningFailed> {
        // As in a JWT, a dot tells it from keys.
        let text = format!("token.{}", claims.jti());
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        signed.insert(text.clone(), claims.clone());
        Ok(text)
    }

    fn issuer(&self) -> (String, String) {
        ("https://tenantry.example/".to_owned(), "tenantry".to_owned())
    }

    fn jwks(&self) -> String {
        r#"{"keys":[]}"#.to_owned()
    }
}

impl TokenVerifier for TestSigner {
    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<TokenClaims, TokenError> {
        let signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        let claims = signed.get(token).ok_or(TokenError::Invalid)?;
        if now < claims.expires_at() {
            Ok(claims.clone())
        } else {
            Err(TokenError::Expired)
        }
    }
}
