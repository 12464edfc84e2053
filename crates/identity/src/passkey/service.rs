//! A person's own passkeys: registering, naming, removing.

use std::sync::Arc;

use tenantry_kernel::retry::contended;
use tenantry_kernel::{Clock, Event, FieldError, Secret, Value};

use super::ceremony::{Ceremonies, NewCredential, PasskeyOwner};
use super::challenge::{Challenge, ChallengeState, Occasion};
use super::model::{MAX_PASSKEYS, Passkey, PasskeyId, PasskeyName};
use crate::factor::{FactorError, Factors, first_codes, notice};
use crate::mint::Mint;
use crate::person::Person;
use crate::store::{IdentityStore, PersonUnit};
use crate::user::User;
use tenantry_kernel::EmailAddress;
use time::OffsetDateTime;

/// How often a unit is tried again when somebody else was in the way.
const ATTEMPTS: u8 = 3;

/// A passkey that was registered.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The passkey.
    pub passkey: Passkey,
    /// Fresh recovery codes, when there were none.
    pub recovery_codes: Vec<Secret<String>>,
}

/// Registers a checked credential in the caller's unit.
///
/// # Errors
/// [`FactorError::TooManyPasskeys`], [`FactorError::PasskeyRegistered`], [`FactorError::Store`].
pub async fn register(
    unit: &mut dyn PersonUnit,
    user: &User,
    name: PasskeyName,
    new: NewCredential,
    mint: &Mint,
    now: OffsetDateTime,
) -> Result<Registration, FactorError> {
    let before = Factors::of(unit.factors()).await?;
    if before.passkeys.len() >= MAX_PASSKEYS {
        return Err(FactorError::TooManyPasskeys);
    }
    let passkey = Passkey {
        id: PasskeyId::from_uuid(mint.ids.next()),
        user: user.id(),
        name,
        credential: new.credential,
        public_key: new.public_key,
        sign_count: new.sign_count,
        backup_eligible: new.backup_eligible,
        backed_up: new.backed_up,
        transports: new.transports,
        created_at: now,
        last_used_at: None,
    };
    unit.factors().add_passkey(&passkey).await?;
    unit.devices().remove_all().await?;
    let recovery_codes = if before.any() {
        Vec::new()
    } else {
        first_codes(unit.factors(), user.id(), mint, now).await?
    };
    Ok(Registration {
        passkey,
        recovery_codes,
    })
}

/// What registering a passkey is written down as.
#[must_use]
pub fn registered(user: &User, passkey: &Passkey) -> Event {
    Event::new("passkey.registered", passkey.id)
        .set("name", passkey.name.as_str())
        .mail(notice(user, "factor_added"))
}

/// Registers, names and removes passkeys, and begins sign-ins with them.
pub struct PasskeyService {
    store: Arc<dyn IdentityStore>,
    ceremonies: Arc<dyn Ceremonies>,
    clock: Arc<dyn Clock>,
    mint: Mint,
}

impl PasskeyService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(
        store: Arc<dyn IdentityStore>,
        ceremonies: Arc<dyn Ceremonies>,
        clock: Arc<dyn Clock>,
        mint: Mint,
    ) -> Self {
        Self {
            store,
            ceremonies,
            clock,
            mint,
        }
    }

    /// Begins a registration: what the browser is asked, as JSON, and the state to bring back.
    ///
    /// # Errors
    /// [`FactorError::TooManyPasskeys`], [`FactorError::NotFound`], [`FactorError::Store`].
    pub async fn begin(&self, person: &Person) -> Result<(String, Secret<String>), FactorError> {
        let mut unit = self.store.read_person(person.user).await?;
        let user = unit.users().find(person.user).await?.ok_or(FactorError::NotFound)?;
        let known = unit.factors().passkeys().await?;
        drop(unit);
        let state = ChallengeState::begin(
            Occasion::Register(user.id()),
            &*self.mint.entropy,
            self.clock.system_now(),
        );
        let options = self.creation_options(&user, &known, &state.challenge)?;
        Ok((options, state.seal(&*self.mint.cipher)))
    }

    /// What the browser of a person is asked who registers a passkey.
    ///
    /// # Errors
    /// [`FactorError::TooManyPasskeys`].
    pub fn creation_options(
        &self,
        user: &User,
        known: &[Passkey],
        challenge: &Challenge,
    ) -> Result<String, FactorError> {
        if known.len() >= MAX_PASSKEYS {
            return Err(FactorError::TooManyPasskeys);
        }
        let owner = PasskeyOwner {
            user: user.id(),
            email: user.email().to_string(),
            name: user.name().to_owned(),
        };
        Ok(self.ceremonies.creation_options(&owner, known, challenge))
    }

    /// Checks what the browser answered to [`PasskeyService::creation_options`], and the name.
    ///
    /// # Errors
    /// [`FactorError::Invalid`] with every wrong field.
    pub fn check(
        &self,
        name: &str,
        answer: &str,
        challenge: &Challenge,
    ) -> Result<(PasskeyName, NewCredential), FactorError> {
        let mut wrong = Vec::new();
        let name =
            PasskeyName::try_from(name).map_err(|rule| wrong.push(FieldError::new("name", "invalid_name", rule)));
        let new = self.ceremonies.check_registration(answer, challenge).map_err(|_| {
            wrong.push(FieldError::new(
                "credential",
                "credential_invalid",
                FactorError::CredentialInvalid,
            ));
        });
        match (name, new) {
            (Ok(name), Ok(new)) => Ok((name, new)),
            _ => Err(FactorError::Invalid(wrong)),
        }
    }

    /// Finishes a registration. A state finishes one.
    ///
    /// # Errors
    /// [`FactorError::CeremonyOver`], [`FactorError::Invalid`], [`FactorError::PasskeyRegistered`],
    /// [`FactorError::TooManyPasskeys`], [`FactorError::Store`].
    pub async fn finish(
        &self,
        person: &Person,
        state: &str,
        name: &str,
        answer: &str,
    ) -> Result<Registration, FactorError> {
        let cipher = &*self.mint.cipher;
        let state = ChallengeState::open(state, cipher, self.clock.system_now())
            .filter(|state| state.occasion == Occasion::Register(person.user))
            .ok_or(FactorError::CeremonyOver)?;
        let (name, new) = self.check(name, answer, &state.challenge)?;
        contended(ATTEMPTS, || async {
            let now = self.clock.system_now();
            let mut unit = self.store.begin_person(person.user, &person.origin).await?;
            let user = unit.users().find(person.user).await?.ok_or(FactorError::NotFound)?;
            let spent = state.fingerprint(cipher);
            if !unit.factors().spend_challenge(&spent, state.expires_at, now).await? {
                return Err(FactorError::CeremonyOver);
            }
            let done = register(unit.as_mut(), &user, name.clone(), new.clone(), &self.mint, now).await?;
            unit.commit(vec![registered(&user, &done.passkey)]).await?;
            Ok(done)
        })
        .await
    }

    /// The passkeys of the person, the oldest first.
    ///
    /// # Errors
    /// [`FactorError::Store`].
    pub async fn list(&self, person: &Person) -> Result<Vec<Passkey>, FactorError> {
        let mut unit = self.store.read_person(person.user).await?;
        Ok(unit.factors().passkeys().await?)
    }

    /// Gives a passkey another name.
    ///
    /// # Errors
    /// [`FactorError::Invalid`], [`FactorError::NotFound`], [`FactorError::Store`].
    pub async fn rename(&self, person: &Person, id: PasskeyId, name: &str) -> Result<Passkey, FactorError> {
        let name = PasskeyName::try_from(name)
            .map_err(|rule| FactorError::Invalid(vec![FieldError::new("name", "invalid_name", rule)]))?;
        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        let found = unit.factors().passkeys().await?;
        let mut passkey = found
            .into_iter()
            .find(|known| known.id == id)
            .ok_or(FactorError::NotFound)?;
        if !unit.factors().rename_passkey(id, name.as_str()).await? {
            return Err(FactorError::NotFound);
        }
        let event = Event::new("passkey.renamed", id).change("name", passkey.name.as_str(), name.as_str());
        unit.commit(vec![event]).await?;
        passkey.name = name;
        Ok(passkey)
    }

    /// Removes a passkey. With the last factor the recovery codes go too.
    ///
    /// # Errors
    /// [`FactorError::NotFound`], [`FactorError::Store`].
    pub async fn remove(&self, person: &Person, id: PasskeyId) -> Result<(), FactorError> {
        contended(ATTEMPTS, || async {
            let mut unit = self.store.begin_person(person.user, &person.origin).await?;
            let user = unit.users().find(person.user).await?.ok_or(FactorError::NotFound)?;
            if !unit.factors().remove_passkey(id).await? {
                return Err(FactorError::NotFound);
            }
            crate::factor::after_removal(unit.as_mut()).await?;
            let event = Event::new("passkey.removed", id)
                .change("passkey", Value::Masked, Value::Null)
                .mail(notice(&user, "factor_removed"));
            unit.commit(vec![event]).await?;
            Ok(())
        })
        .await
    }

    /// Begins a sign-in: what the browser is asked, as JSON, and the state to bring back. With an address only its
    /// person can finish; whether there is one is not told.
    ///
    /// # Errors
    /// [`FactorError::Store`].
    pub async fn begin_sign_in(&self, email: Option<&EmailAddress>) -> Result<(String, Secret<String>), FactorError> {
        let occasion = match email {
            None => Occasion::SignIn,
            Some(email) => {
                let known = self.store.user_by_email(email).await?;
                let nobody = tenantry_kernel::id::UserId::from_uuid(uuid::Uuid::nil());
                Occasion::SignInAs(known.unwrap_or(nobody))
            }
        };
        let state = ChallengeState::begin(occasion, &*self.mint.entropy, self.clock.system_now());
        let options = self.ceremonies.request_options(&[], &state.challenge);
        Ok((options, state.seal(&*self.mint.cipher)))
    }

    /// Who an answer says it comes from, before anything is proved.
    ///
    /// # Errors
    /// [`FactorError::CredentialInvalid`] when it cannot be read.
    pub fn who(&self, answer: &str) -> Result<Option<tenantry_kernel::id::UserId>, FactorError> {
        let head = self.ceremonies.read_assertion(answer);
        head.map(|head| head.user).map_err(|_| FactorError::CredentialInvalid)
    }
}
