//! Checks factors. Looking and spending are two steps: what is right is spent in the unit that lets somebody in, by one
//! conditional update, so that of two who show the same thing at once one gets in.

use std::sync::Arc;

use tenantry_kernel::id::UserId;
use tenantry_kernel::{Cipher, Clock, Event, Mail, Origin, StoreError};
use time::OffsetDateTime;

use super::error::FactorError;
use super::recovery;
use super::repository::{FactorRepository, PasskeyUse};
use super::totp::{OneTimeCodes, TotpFactor, TotpId, matching_step};
use crate::fingerprint::Fingerprint;
use crate::passkey::{Ceremonies, Challenge, ChallengeState, Occasion, Passkey};
use crate::pending::PendingText;
use crate::session::{Method, Methods};
use crate::store::{IdentityStore, PersonUnit};
use crate::user::User;

/// What a person has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// True with a confirmed authenticator app.
    pub totp: bool,
    /// How many recovery codes are left.
    pub recovery_codes: u64,
    /// The passkeys.
    pub passkeys: Vec<Passkey>,
}

impl Factors {
    /// Reads them.
    ///
    /// # Errors
    /// The store's.
    pub async fn of(factors: &mut dyn FactorRepository) -> Result<Self, StoreError> {
        Ok(Self {
            totp: factors.totp().await?.is_some_and(|app| app.confirmed_at.is_some()),
            recovery_codes: factors.recovery_codes_left().await?,
            passkeys: factors.passkeys().await?,
        })
    }

    /// True when a sign-in needs one of them. Recovery codes alone are none: they go with the last one.
    #[must_use]
    pub fn any(&self) -> bool {
        self.totp || !self.passkeys.is_empty()
    }

    /// What may be shown, as the API names it.
    #[must_use]
    pub fn methods(&self) -> Vec<&'static str> {
        let all = [
            ("totp", self.totp),
            ("passkey", !self.passkeys.is_empty()),
            ("recovery_code", self.recovery_codes > 0),
        ];
        all.into_iter()
            .filter(|(_, there)| *there)
            .map(|(name, _)| name)
            .collect()
    }
}

/// What a passkey was asked to sign.
#[derive(Clone, Debug)]
pub enum ChallengeOf {
    /// What belongs to a pending sign-in.
    Pending(PendingText),
    /// What the state of a ceremony says, as the client kept it.
    Ceremony(String),
}

/// What is shown.
#[derive(Clone, Debug)]
pub enum Shown {
    /// A code of an authenticator app.
    Totp(String),
    /// A recovery code.
    RecoveryCode(String),
    /// A passkey's answer, as JSON.
    Passkey {
        /// The answer of `navigator.credentials.get`.
        credential: String,
        /// To what.
        challenge: ChallengeOf,
    },
}

/// What was shown is right. It counts once it is spent.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// A code.
    Totp {
        /// Of which app.
        id: TotpId,
        /// Of which step.
        step: i64,
    },
    /// A recovery code.
    RecoveryCode(Fingerprint),
    /// A passkey.
    Passkey {
        /// Which one, as it was before.
        passkey: Box<Passkey>,
        /// What using it leaves behind.
        seen: PasskeyUse,
        /// What it proves.
        methods: Methods,
        /// The ceremony to mark as used up.
        ceremony: Option<(Fingerprint, OffsetDateTime)>,
    },
}

impl Accepted {
    /// What it proves.
    #[must_use]
    pub fn methods(&self) -> Methods {
        match self {
            Self::Totp { .. } => Method::Totp.into(),
            Self::RecoveryCode(_) => Method::RecoveryCode.into(),
            Self::Passkey { methods, .. } => *methods,
        }
    }

    /// Spends it in the caller's unit, and tells what to write down.
    ///
    /// # Errors
    /// [`FactorError::Wrong`] when somebody else spent it first; [`FactorError::Store`].
    pub async fn spend(
        &self,
        unit: &mut dyn PersonUnit,
        user: &User,
        now: OffsetDateTime,
    ) -> Result<Vec<Event>, FactorError> {
        let factors = unit.factors();
        let spent = match self {
            Self::Totp { id, step } => factors.spend_step(*id, *step).await?,
            Self::RecoveryCode(code) => factors.spend_recovery_code(code, now).await?,
            Self::Passkey {
                passkey,
                seen,
                ceremony,
                ..
            } => {
                let first = match ceremony {
                    Some((challenge, until)) => factors.spend_challenge(challenge, *until, now).await?,
                    None => true,
                };
                first && factors.use_passkey(passkey.id, *seen).await?
            }
        };
        if !spent {
            return Err(FactorError::Wrong);
        }
        let Self::RecoveryCode(_) = self else {
            return Ok(Vec::new());
        };
        let left = factors.recovery_codes_left().await?;
        let event = Event::new("user.recovery_code_used", user.id())
            .set("left", i64::try_from(left).unwrap_or(i64::MAX))
            .mail(Mail {
                template: "recovery_code_used",
                to: user.email().clone(),
                locale: user.locale().to_owned(),
                fields: vec![("name", user.name().to_owned()), ("left", left.to_string())],
                token: None,
            });
        Ok(vec![event])
    }
}

/// Looks at what is shown.
pub struct FactorChecker {
    store: Arc<dyn IdentityStore>,
    codes: Arc<dyn OneTimeCodes>,
    ceremonies: Arc<dyn Ceremonies>,
    cipher: Arc<dyn Cipher>,
    clock: Arc<dyn Clock>,
}

impl FactorChecker {
    /// A checker over these ports.
    #[must_use]
    pub fn new(
        store: Arc<dyn IdentityStore>,
        codes: Arc<dyn OneTimeCodes>,
        ceremonies: Arc<dyn Ceremonies>,
        cipher: Arc<dyn Cipher>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            codes,
            ceremonies,
            cipher,
            clock,
        }
    }

    /// What a passkey is asked that goes on with a pending sign-in.
    #[must_use]
    pub fn request_for(&self, passkeys: &[Passkey], pending: &PendingText) -> String {
        self.ceremonies
            .request_options(passkeys, &pending.challenge(&*self.cipher))
    }

    /// Looks at what somebody shows. Wrong codes are counted, one after the other, and backed off; each mistake is
    /// written down.
    ///
    /// # Errors
    /// [`FactorError::Wrong`], [`FactorError::BackOff`], [`FactorError::CeremonyOver`], [`FactorError::Store`].
    pub async fn look(&self, user: UserId, shown: &Shown, origin: &Origin) -> Result<Accepted, FactorError> {
        match shown {
            Shown::Totp(typed) => self.look_at_code(user, typed, origin).await,
            Shown::RecoveryCode(typed) => {
                let code = recovery::fingerprint(&*self.cipher, user, typed);
                let mut unit = self.store.read_person(user).await?;
                let known = unit.factors().knows_recovery_code(&code).await?;
                drop(unit);
                if known {
                    Ok(Accepted::RecoveryCode(code))
                } else {
                    self.note(user, "user.recovery_code_refused", None, origin).await
                }
            }
            Shown::Passkey { credential, challenge } => self.look_at_passkey(user, credential, challenge, origin).await,
        }
    }

    async fn look_at_code(&self, user: UserId, typed: &str, origin: &Origin) -> Result<Accepted, FactorError> {
        let now = self.clock.system_now();
        // Guesses at once wait for each other here, so that each is counted before the next is looked at.
        let mut unit = self.store.begin_person(user, origin).await?;
        let app = unit.factors().totp().await?.filter(|app| app.confirmed_at.is_some());
        let mut app = app.ok_or(FactorError::Wrong)?;
        app.attempt(now)?;
        let secret = app.secret(&*self.cipher).ok_or(FactorError::Sealed)?;
        match matching_step(&*self.codes, secret.expose(), typed, now) {
            Some(step) if step > app.last_step => Ok(Accepted::Totp { id: app.id, step }),
            // Seen before: no guess, and no second entry.
            Some(_) => Err(FactorError::Wrong),
            None => {
                app.failed(now);
                unit.factors().note_totp_failure(&app).await?;
                unit.commit(vec![wrong_code(&app)]).await?;
                Err(FactorError::Wrong)
            }
        }
    }

    async fn look_at_passkey(
        &self,
        user: UserId,
        credential: &str,
        challenge: &ChallengeOf,
        origin: &Origin,
    ) -> Result<Accepted, FactorError> {
        let now = self.clock.system_now();
        let (challenge, ceremony) = self.challenge(user, challenge, now)?;
        let Ok(head) = self.ceremonies.read_assertion(credential) else {
            return Err(FactorError::CredentialInvalid);
        };
        if head.user.is_some_and(|named| named != user) {
            return self
                .note(user, "user.passkey_refused", Some("another person's"), origin)
                .await;
        }
        let mut unit = self.store.read_person(user).await?;
        let found = unit.factors().passkey_of(&head.credential).await?;
        drop(unit);
        let Some(passkey) = found else {
            return self.note(user, "user.passkey_refused", Some("unknown"), origin).await;
        };
        let shown = match self.ceremonies.check_assertion(credential, &challenge, &passkey) {
            Ok(shown) => shown,
            Err(refused) => return self.note(user, "user.passkey_refused", Some(refused.0), origin).await,
        };
        if passkey.is_cloned(shown.sign_count) {
            return self
                .note(user, "user.passkey_cloned", Some("its counter went back"), origin)
                .await;
        }
        let methods = passkey.methods(shown.user_verified);
        Ok(Accepted::Passkey {
            passkey: Box::new(passkey),
            seen: PasskeyUse {
                sign_count: shown.sign_count,
                backed_up: shown.backed_up,
                at: now,
            },
            methods,
            ceremony,
        })
    }

    fn challenge(
        &self,
        user: UserId,
        of: &ChallengeOf,
        now: OffsetDateTime,
    ) -> Result<(Challenge, Option<(Fingerprint, OffsetDateTime)>), FactorError> {
        let cipher = &*self.cipher;
        match of {
            ChallengeOf::Pending(text) => Ok((text.challenge(cipher), None)),
            ChallengeOf::Ceremony(text) => {
                let state = ChallengeState::open(text, cipher, now).ok_or(FactorError::CeremonyOver)?;
                let theirs = match state.occasion {
                    Occasion::SignIn => true,
                    Occasion::SignInAs(named) => named == user,
                    Occasion::Register(_) => false,
                };
                if !theirs {
                    return Err(FactorError::CeremonyOver);
                }
                Ok((state.challenge, Some((state.fingerprint(cipher), state.expires_at))))
            }
        }
    }

    /// Writes a mistake down. What was shown stays out of it.
    async fn note(
        &self,
        user: UserId,
        action: &'static str,
        reason: Option<&'static str>,
        origin: &Origin,
    ) -> Result<Accepted, FactorError> {
        let unit = self.store.begin_person(user, origin).await?;
        let event = Event::new(action, user);
        let event = match reason {
            Some(reason) => event.set("reason", reason),
            None => event,
        };
        unit.commit(vec![event]).await?;
        Err(FactorError::Wrong)
    }
}

fn wrong_code(app: &TotpFactor) -> Event {
    let before = i64::from(app.failures) - 1;
    Event::new("user.code_refused", app.user)
        .change("failures", before, i64::from(app.failures))
        .set("locked_until", app.locked_until)
}
