//! Port: the two ceremonies of WebAuthn. The documents that browsers take and give are JSON texts here; the adapter
//! reads and writes them.

use tenantry_kernel::id::UserId;

use super::challenge::Challenge;
use super::model::Passkey;

/// Who registers a passkey, as authenticators show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyOwner {
    /// The person; their id is the user handle, which names them at a sign-in without an address.
    pub user: UserId,
    /// The address.
    pub email: String,
    /// What they are called.
    pub name: String,
}

/// A credential that was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCredential {
    /// The authenticator's name for it.
    pub credential: Vec<u8>,
    /// The public key, as a COSE key.
    pub public_key: Vec<u8>,
    /// The signature counter.
    pub sign_count: u32,
    /// True when the authenticator checked the person.
    pub user_verified: bool,
    /// True when it may live on several devices.
    pub backup_eligible: bool,
    /// True when it does.
    pub backed_up: bool,
    /// How it is reached.
    pub transports: Vec<String>,
}

/// Whom an assertion says it comes from. Nothing of it is proved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionHead {
    /// The credential.
    pub credential: Vec<u8>,
    /// The person, where the authenticator told.
    pub user: Option<UserId>,
}

/// An assertion whose signature is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The signature counter.
    pub sign_count: u32,
    /// True when the authenticator checked the person.
    pub user_verified: bool,
    /// True when the credential lives on several devices.
    pub backed_up: bool,
}

/// What a browser sent is not what was asked for. The reason is for the log, never for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the passkey's answer is not valid: {0}")]
pub struct CeremonyRefused(pub &'static str);

/// Writes what browsers are asked, and checks what they answer (WebAuthn level 2, sections 5.4, 5.5, 7.1 and 7.2).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Ceremonies: Send + Sync {
    /// What `navigator.credentials.create` is asked, as JSON: `PublicKeyCredentialCreationOptionsJSON`.
    fn creation_options(&self, owner: &PasskeyOwner, known: &[Passkey], challenge: &Challenge) -> String;

    /// What `navigator.credentials.get` is asked, as JSON: `PublicKeyCredentialRequestOptionsJSON`. Without `allowed`
    /// ones the browser offers what it has, and the person is always checked.
    fn request_options(&self, allowed: &[Passkey], challenge: &Challenge) -> String;

    /// Checks a registration.
    ///
    /// # Errors
    /// [`CeremonyRefused`].
    fn check_registration(&self, answer: &str, challenge: &Challenge) -> Result<NewCredential, CeremonyRefused>;

    /// Reads whom an assertion says it comes from.
    ///
    /// # Errors
    /// [`CeremonyRefused`] when it cannot be read.
    fn read_assertion(&self, answer: &str) -> Result<AssertionHead, CeremonyRefused>;

    /// Checks an assertion against the public key of a passkey. Whether the person was checked is the caller's to
    /// demand.
    ///
    /// # Errors
    /// [`CeremonyRefused`].
    fn check_assertion(
        &self,
        answer: &str,
        challenge: &Challenge,
        passkey: &Passkey,
    ) -> Result<Assertion, CeremonyRefused>;
}
