//! Use cases around passwords: forgot, reset, change.
//!
//! Hashing takes tens of milliseconds, so it never happens inside a unit: each use case looks, hashes,
//! and then opens the unit that writes, where it looks again.

use std::sync::Arc;

use tenantry_kernel::id::UserId;
use tenantry_kernel::retry::contended;
use tenantry_kernel::{Clock, EmailAddress, Event, Mail, Origin, Secret, StoreError, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::error::PasswordError;
use super::judge::{PasswordJudge, PasswordOwner, Unfit};
use crate::email::note_held;
use crate::factor::{self, Factors};
use crate::mint::Mint;
use crate::one_time_token::{self, About, OneTimeText, OneTimeToken, Purpose, TokenState};
use crate::person::Person;
use crate::session::Method;
use crate::store::{IdentityStore, PersonUnit};
use crate::user::{PasswordHash, PasswordHasher, User};

/// How often a unit is tried again when someone else changed the user meanwhile.
const ATTEMPTS: u8 = 3;

/// A change of password by someone who knows the current one.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// The current one.
    pub current: Secret<String>,
    /// The next one.
    pub new: Secret<String>,
}

/// A password was set by mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Whose.
    pub user: UserId,
    /// The address of which it is known from now on that whoever holds the account reads its mail.
    pub newly_held: Option<EmailAddress>,
}

/// Changes passwords.
pub struct PasswordService {
    store: Arc<dyn IdentityStore>,
    hasher: Arc<dyn PasswordHasher>,
    clock: Arc<dyn Clock>,
    mint: Mint,
    judge: Arc<PasswordJudge>,
}

impl PasswordService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(
        store: Arc<dyn IdentityStore>,
        hasher: Arc<dyn PasswordHasher>,
        clock: Arc<dyn Clock>,
        mint: Mint,
        judge: Arc<PasswordJudge>,
    ) -> Self {
        Self {
            store,
            hasher,
            clock,
            mint,
            judge,
        }
    }

    /// Mails a reset link when the address is known, and says nothing about whether it is. Known or not,
    /// one unit is written, so that the time tells nothing either.
    ///
    /// # Errors
    /// `Store`.
    pub async fn forgot(&self, email: &EmailAddress, origin: &Origin) -> Result<(), PasswordError> {
        let known = self.store.user_by_email(email).await?;
        let id = known.unwrap_or(UserId::from_uuid(Uuid::nil()));
        let now = self.clock.system_now();

        let mut unit = self.store.begin_person(id, origin).await?;
        let user = unit.users().find(id).await?.filter(User::is_active);

        // Earlier links stay good: a stranger who asks for one must not spoil the one that its owner waits for.
        let mut event = Event::new("user.password_reset_requested", id);
        if let Some(user) = user {
            // To the address that was named, which leads to them. Another than the primary one they proved long ago.
            let known = unit.emails().list().await?;
            let other = known
                .iter()
                .find(|known| known.email == *email && *email != *user.email());
            let about = other.map_or_else(About::default, |other| About::subject(other.id.as_uuid()));
            let tokens = unit.one_time_tokens();
            let token = one_time_token::issue_about(tokens, Purpose::ResetPassword, id, about, &self.mint, now).await?;
            event = event.mail(Mail {
                template: "reset_password",
                to: email.clone(),
                locale: user.locale().to_owned(),
                fields: vec![("name", user.name().to_owned())],
                token: Some(token),
            });
        }

        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// Sets the password with a token from a mail, which also proves the address; every session ends.
    ///
    /// # Errors
    /// `TokenRefused`, `Weak`, `Hash`, `Store`.
    pub async fn reset(&self, token: &str, new: Secret<String>, origin: &Origin) -> Result<Reset, PasswordError> {
        let text = OneTimeText::parse(token).ok_or(PasswordError::TokenRefused)?;
        if !matches!(text.purpose(), Purpose::ResetPassword | Purpose::SetPassword) {
            return Err(PasswordError::TokenRefused);
        }
        let (_, user) = self.token_holder(&text).await?;
        self.weigh(&new, &user, "password").await?;
        let hash = self.hasher.hash(new).await?;

        contended(ATTEMPTS, || self.land_reset(&text, &hash, origin)).await
    }

    async fn land_reset(
        &self,
        text: &OneTimeText,
        hash: &PasswordHash,
        origin: &Origin,
    ) -> Result<Reset, PasswordError> {
        let now = self.clock.system_now();
        let mut unit = self.store.begin_person(text.user(), origin).await?;
        let (token, mut user) = self.spend(unit.as_mut(), text).await?;

        if user.email_verified_at().is_none() {
            // Whoever enrolled factors before anybody had proved the address may not be whoever reads its mail.
            factor::forget_all(unit.as_mut()).await?;
        } else {
            ended_with_the_password(unit.as_mut()).await?;
        }
        user.set_password(hash.clone());
        // Mail to another of their addresses proves nothing about the primary one.
        if token.subject.is_none() {
            user.verify_email(now);
        }
        user.forgive();
        unit.users().update(&user).await?;
        unit.sessions().end_all_except(None, now).await?;
        let tokens = unit.one_time_tokens();
        tokens.revoke(user.id(), Purpose::ResetPassword, now).await?;
        tokens.revoke(user.id(), Purpose::SetPassword, now).await?;

        let mut event = Event::new("user.password_reset", user.id()).change("password", Value::Masked, Value::Masked);
        let known = unit.emails().list().await?;
        let mailed = known.into_iter().find(|own| match token.subject {
            Some(id) => own.id.as_uuid() == id,
            None => own.email == *user.email(),
        });
        let mut newly_held = None;
        if let Some(own) = mailed
            && note_held(unit.as_mut(), &user, &own.email, Method::Password.into(), now).await?
        {
            event = event.of(user.id()).set("email", own.email.as_str());
            newly_held = Some(own.email);
        }
        unit.commit(vec![event]).await?;
        Ok(Reset {
            user: user.id(),
            newly_held,
        })
    }

    /// Changes the password of someone who knows the current one; every other session ends. Guesses are
    /// counted and backed off like log-ins.
    ///
    /// # Errors
    /// `Weak`, `WrongPassword`, `BackOff`, `NotFound`, `Hash`, `Store`.
    pub async fn change(&self, person: &Person, request: ChangePassword) -> Result<(), PasswordError> {
        let mut unit = self.store.read_person(person.user).await?;
        let found = unit.users().find(person.user).await?;
        drop(unit);
        let user = found.ok_or(PasswordError::NotFound)?;
        self.weigh(&request.new, &user, "new_password").await?;
        user.attempt(self.clock.system_now())?;

        let verified = self
            .hasher
            .verify(request.current, user.password_hash().cloned())
            .await?;
        if !verified.matches {
            contended(ATTEMPTS, || self.count_failure(person)).await?;
            return Err(PasswordError::WrongPassword);
        }
        let hash = self.hasher.hash(request.new).await?;

        contended(ATTEMPTS, || self.land_change(person, user.password_hash(), &hash)).await
    }

    async fn count_failure(&self, person: &Person) -> Result<(), PasswordError> {
        let now = self.clock.system_now();
        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        let found = unit.users().find(person.user).await?;
        let mut user = found.ok_or(PasswordError::NotFound)?;

        user.failed(now);
        unit.users().update(&user).await?;

        unit.commit(vec![Event::new("user.password_guessed", person.user)])
            .await?;
        Ok(())
    }

    async fn land_change(
        &self,
        person: &Person,
        proven: Option<&PasswordHash>,
        hash: &PasswordHash,
    ) -> Result<(), PasswordError> {
        let now = self.clock.system_now();
        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        let found = unit.users().find(person.user).await?;
        let mut user = found.ok_or(PasswordError::NotFound)?;
        user.attempt(now)?;
        // Someone else changed it while this request hashed: what was proven is the current one no more.
        if user.password_hash() != proven {
            return Err(PasswordError::WrongPassword);
        }

        user.set_password(hash.clone());
        user.forgive();
        unit.users().update(&user).await?;
        unit.sessions().end_all_except(Some(person.session), now).await?;
        ended_with_the_password(unit.as_mut()).await?;
        let tokens = unit.one_time_tokens();
        tokens.revoke(user.id(), Purpose::ResetPassword, now).await?;

        let event = Event::new("user.password_changed", user.id()).change("password", Value::Masked, Value::Masked);
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// Passes when the installation and every tenant of the user take the password.
    async fn weigh(&self, new: &Secret<String>, user: &User, field: &'static str) -> Result<(), PasswordError> {
        let demand = self.judge.demand_of(user.id()).await?;
        // Until the address is proved, factors are worth nothing: they go with the reset that proves it.
        let has_factor = if self.judge.factor_matters(new) && user.email_verified_at().is_some() {
            let mut unit = self.store.read_person(user.id()).await?;
            Factors::of(unit.factors()).await?.any()
        } else {
            false
        };
        let owner = PasswordOwner {
            email: user.email(),
            name: user.name(),
            guarded: PasswordJudge::is_guarded(user, has_factor, &demand),
        };
        match self.judge.admit(new, &owner, &demand).await {
            Ok(()) => Ok(()),
            Err(Unfit::Weak(rule)) => Err(PasswordError::Weak { field, rule }),
            Err(Unfit::Unmeasured(cause)) => Err(PasswordError::Hash(cause)),
        }
    }

    /// The token and its user, when the token is good. Only looks.
    async fn token_holder(&self, text: &OneTimeText) -> Result<(OneTimeToken, User), PasswordError> {
        let mut unit = self.store.read_person(text.user()).await?;
        self.good(unit.as_mut(), text).await
    }

    /// The user of the token, which is spent now: exactly one caller gets here.
    async fn spend(
        &self,
        unit: &mut dyn PersonUnit,
        text: &OneTimeText,
    ) -> Result<(OneTimeToken, User), PasswordError> {
        let (token, user) = self.good(unit, text).await?;
        let now = self.clock.system_now();
        if unit.one_time_tokens().use_once(token.id, now).await? {
            Ok((token, user))
        } else {
            Err(PasswordError::TokenRefused)
        }
    }

    async fn good(&self, unit: &mut dyn PersonUnit, text: &OneTimeText) -> Result<(OneTimeToken, User), PasswordError> {
        let now = self.clock.system_now();
        let fingerprint = text.fingerprint(self.mint.cipher.as_ref());
        let token = unit.one_time_tokens().find(&fingerprint).await?;
        let user = unit.users().find(text.user()).await?;
        match (token, user) {
            (Some(token), Some(user))
                if token.purpose == text.purpose() && token.state(now) == TokenState::Good && user.is_active() =>
            {
                Ok((token, user))
            }
            _ => Err(PasswordError::TokenRefused),
        }
    }
}

/// Sets another password in the caller's unit, for somebody who showed the former one on their way in. Every session
/// ends, devices are forgotten, and other sign-ins that wait begin again.
///
/// # Errors
/// The store's.
pub async fn replace(
    unit: &mut dyn PersonUnit,
    user: &mut User,
    hash: PasswordHash,
    now: OffsetDateTime,
) -> Result<Event, StoreError> {
    user.set_password(hash);
    user.forgive();
    unit.sessions().end_all_except(None, now).await?;
    ended_with_the_password(unit).await?;
    let tokens = unit.one_time_tokens();
    tokens.revoke(user.id(), Purpose::ResetPassword, now).await?;
    Ok(Event::new("user.password_changed", user.id()).change("password", Value::Masked, Value::Masked))
}

/// Devices are forgotten, and whoever showed the former password and not yet all that is asked for begins again.
async fn ended_with_the_password(unit: &mut dyn PersonUnit) -> Result<(), StoreError> {
    unit.pending_sign_ins().remove_all().await?;
    unit.devices().remove_all().await?;
    Ok(())
}

#[cfg(test)]
mod tests;
