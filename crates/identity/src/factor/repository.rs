//! Port: where second factors and passkeys are kept.

use async_trait::async_trait;
use tenantry_kernel::StoreError;
use time::OffsetDateTime;

use super::recovery::RecoveryCode;
use super::totp::{TotpFactor, TotpId};
use crate::fingerprint::Fingerprint;
use crate::passkey::{Passkey, PasskeyId};

/// The rule "one authenticator app per person".
pub const TOTP_ENROLLED: &str = "totp_enrolled";
/// The rule "a credential is registered once".
pub const PASSKEY_REGISTERED: &str = "passkey_registered";

/// What using a passkey leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasskeyUse {
    /// The signature counter of the authenticator.
    pub sign_count: u32,
    /// True when the credential lives on several devices by now.
    pub backed_up: bool,
    /// When.
    pub at: OffsetDateTime,
}

/// Second factors and passkeys of the person the unit is pinned to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait FactorRepository: Send {
    /// The authenticator app, confirmed or not. In a unit that writes, others who look wait for this unit's end.
    async fn totp(&mut self) -> Result<Option<TotpFactor>, StoreError>;

    /// Adds an authenticator app, in place of one that was never confirmed.
    ///
    /// # Errors
    /// `Conflict(`[`TOTP_ENROLLED`]`)` when a confirmed one is there.
    async fn begin_totp(&mut self, factor: &TotpFactor) -> Result<(), StoreError>;

    /// Makes it count from now on, the code of `step` being spent: one conditional update, true for exactly one
    /// caller.
    async fn confirm_totp(&mut self, id: TotpId, step: i64, at: OffsetDateTime) -> Result<bool, StoreError>;

    /// Spends the code of `step`, and those before it, and forgets the failures: one conditional update, true for
    /// exactly one caller.
    async fn spend_step(&mut self, id: TotpId, step: i64) -> Result<bool, StoreError>;

    /// Stores failures and wait.
    async fn note_totp_failure(&mut self, factor: &TotpFactor) -> Result<(), StoreError>;

    /// Removes the authenticator app; true when there was a confirmed one.
    async fn remove_totp(&mut self) -> Result<bool, StoreError>;

    /// Puts these recovery codes in place of all others.
    async fn replace_recovery_codes(&mut self, codes: &[RecoveryCode]) -> Result<(), StoreError>;

    /// How many recovery codes are left.
    async fn recovery_codes_left(&mut self) -> Result<u64, StoreError>;

    /// True when the code with this fingerprint is one of the person's, and unused.
    async fn knows_recovery_code(&mut self, fingerprint: &Fingerprint) -> Result<bool, StoreError>;

    /// Spends a recovery code: one conditional update, true for exactly one caller.
    async fn spend_recovery_code(&mut self, fingerprint: &Fingerprint, at: OffsetDateTime) -> Result<bool, StoreError>;

    /// The passkeys, the oldest first.
    async fn passkeys(&mut self) -> Result<Vec<Passkey>, StoreError>;

    /// The passkey with this credential id.
    async fn passkey_of(&mut self, credential: &[u8]) -> Result<Option<Passkey>, StoreError>;

    /// Adds a passkey.
    ///
    /// # Errors
    /// `Conflict(`[`PASSKEY_REGISTERED`]`)`.
    async fn add_passkey(&mut self, passkey: &Passkey) -> Result<(), StoreError>;

    /// Gives a passkey another name; false when there is none.
    async fn rename_passkey(&mut self, id: PasskeyId, name: &str) -> Result<bool, StoreError>;

    /// Notes that a passkey was used, if its counter went forward or it has none: one conditional update, false when
    /// somebody else showed this counter before.
    async fn use_passkey(&mut self, id: PasskeyId, what: PasskeyUse) -> Result<bool, StoreError>;

    /// Removes a passkey; false when there is none.
    async fn remove_passkey(&mut self, id: PasskeyId) -> Result<bool, StoreError>;

    /// Marks a challenge as used up, if nobody has; true for exactly one caller. Marks that are older than `now` are
    /// removed on the way.
    async fn spend_challenge(
        &mut self,
        challenge: &Fingerprint,
        expires_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
}
