//! Use cases around a person's addresses.
//!
//! Every writing unit reads the user first: that locks their row, so that two changes of one person queue, and the
//! count of addresses holds.

use std::sync::Arc;

use tenantry_kernel::id::{SessionId, UserId};
use tenantry_kernel::retry::contended;
use tenantry_kernel::{Clock, EmailAddress, Event, Mail, Origin, Value};
use time::OffsetDateTime;

use super::error::EmailError;
use super::holder::note_held;
use super::model::{EmailId, MAX_EMAILS, OwnedEmail};
use crate::mint::Mint;
use crate::one_time_token::{self, About, OneTimeText, OneTimeToken, Purpose, TokenState};
use crate::person::Person;
use crate::session::{Methods, SessionPolicy};
use crate::store::{IdentityStore, PersonUnit};
use crate::user::User;

/// How often a unit is tried again when someone else changed the user meanwhile.
const ATTEMPTS: u8 = 5;

/// An address was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// By whom.
    pub user: UserId,
    /// Which one.
    pub email: EmailAddress,
    /// Who had only claimed it, and gave way.
    pub from: Option<UserId>,
    /// True when it is known from now on that whoever holds the account reads mail there.
    pub newly_held: bool,
}

/// Changes which addresses a person has.
pub struct EmailService {
    store: Arc<dyn IdentityStore>,
    clock: Arc<dyn Clock>,
    mint: Mint,
    policy: SessionPolicy,
}

impl EmailService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(store: Arc<dyn IdentityStore>, clock: Arc<dyn Clock>, mint: Mint, policy: SessionPolicy) -> Self {
        Self {
            store,
            clock,
            mint,
            policy,
        }
    }

    /// The person's addresses, oldest first.
    ///
    /// # Errors
    /// `Store`.
    pub async fn list(&self, person: &Person) -> Result<Vec<OwnedEmail>, EmailError> {
        let mut unit = self.store.read_person(person.user).await?;
        Ok(unit.emails().list().await?)
    }

    /// Claims an address and mails a link to it that proves it, for whoever is signed in to this account. Says nothing about
    /// whether somebody else has it: who follows the link reads mail there, and is told then. An address that is claimed
    /// already gets another mail, until it is held.
    ///
    /// # Errors
    /// `StepUpRequired`, `TooMany`, `NotFound`, `Store`.
    pub async fn add(&self, person: &Person, email: &EmailAddress) -> Result<OwnedEmail, EmailError> {
        let claim = || self.claim(person, email, Purpose::VerifyEmail);
        contended(ATTEMPTS, claim).await
    }

    /// Asks for another primary address: a link is mailed to it, and following it while signed in changes the address.
    ///
    /// # Errors
    /// `StepUpRequired`, `TooMany`, `NotFound`, `Store`.
    pub async fn change(&self, person: &Person, email: &EmailAddress) -> Result<OwnedEmail, EmailError> {
        let claim = || self.claim(person, email, Purpose::ChangeEmail);
        contended(ATTEMPTS, claim).await
    }

    async fn claim(&self, person: &Person, email: &EmailAddress, purpose: Purpose) -> Result<OwnedEmail, EmailError> {
        let now = self.clock.system_now();
        let (mut unit, user) = self.begin_stepped_up(person, now).await?;
        let known = unit.emails().list().await?;
        let found = known.iter().find(|known| known.email == *email);
        let claimed = match found {
            Some(known) => known.clone(),
            None if known.len() >= MAX_EMAILS => return Err(EmailError::TooMany),
            None => {
                let id = EmailId::from_uuid(self.mint.ids.next());
                let claimed = OwnedEmail::claim(id, email.clone(), now);
                unit.emails().insert(&claimed).await?;
                claimed
            }
        };
        let nothing_to_do = match purpose {
            Purpose::ChangeEmail => *email == *user.email(),
            _ => claimed.held_at.is_some(),
        };
        if nothing_to_do {
            return Ok(claimed);
        }
        let (action, template) = match purpose {
            Purpose::ChangeEmail => ("user.email_change_requested", "change_email"),
            _ => ("user.email_added", "verify_email"),
        };
        let mail = self
            .letter(unit.as_mut(), &user, purpose, &claimed, template, now)
            .await?;
        let event = Event::new(action, user.id()).of(user.id());
        unit.commit(vec![event.set("email", email.as_str()).mail(mail)]).await?;
        Ok(claimed)
    }

    /// A letter to this address, with a token about it.
    async fn letter(
        &self,
        unit: &mut dyn PersonUnit,
        user: &User,
        purpose: Purpose,
        email: &OwnedEmail,
        template: &'static str,
        now: OffsetDateTime,
    ) -> Result<Mail, EmailError> {
        let about = About::subject(email.id.as_uuid());
        let tokens = unit.one_time_tokens();
        let token = one_time_token::issue_about(tokens, purpose, user.id(), about, &self.mint, now).await?;
        Ok(Mail {
            template,
            to: email.email.clone(),
            locale: user.locale().to_owned(),
            fields: vec![("name", user.name().to_owned())],
            token: Some(token),
        })
    }

    /// Proves an address with a token from a mail; where a change was asked for, makes it the primary one.
    ///
    /// Whoever is `signed_in` to the account of the token shows with it that they hold what they prove the address of,
    /// also a second time until the token expires. An address that was added to an account wants that: else a stranger
    /// could add one of somebody who follows every link. One that was signed up with does not, for there may be no way
    /// to sign in before.
    ///
    /// # Errors
    /// `TokenRefused`, `NotYours`, `Taken`, `Store`.
    pub async fn verify(
        &self,
        token: &str,
        signed_in: Option<(UserId, SessionId)>,
        origin: &Origin,
    ) -> Result<Proved, EmailError> {
        let text = OneTimeText::parse(token)
            .filter(|text| matches!(text.purpose(), Purpose::VerifyEmail | Purpose::ChangeEmail))
            .ok_or(EmailError::TokenRefused)?;
        let session = signed_in.filter(|(user, _)| *user == text.user());
        let session = session.map(|(_, session)| session);
        contended(ATTEMPTS, || self.land_proof(&text, session, origin)).await
    }

    async fn land_proof(
        &self,
        text: &OneTimeText,
        session: Option<SessionId>,
        origin: &Origin,
    ) -> Result<Proved, EmailError> {
        let now = self.clock.system_now();
        let mut unit = self.store.begin_person(text.user(), origin).await?;
        let (token, mut user) = self.present(unit.as_mut(), text).await?;
        let shown = match session {
            Some(id) => unit.sessions().find(id).await?.map(|session| session.methods()),
            None => None,
        };
        match token.state(now) {
            TokenState::Good if token.subject.is_some() && shown.is_none() => return Err(EmailError::NotYours),
            TokenState::Good => use_up(unit.as_mut(), &token, now).await?,
            TokenState::Spent if shown.is_some() && now < token.expires_at => {
                return self
                    .prove_again(unit, &token, &user, shown.unwrap_or_default(), now)
                    .await;
            }
            TokenState::Spent | TokenState::Expired => return Err(EmailError::TokenRefused),
        }

        let email = about(unit.as_mut(), &token, &user).await?;
        let from = unit.emails().prove(&email, now).await?;
        let mut events = Vec::new();
        if email.verified_at.is_none() {
            let proved = Event::new("user.email_verified", user.id()).of(user.id());
            events.push(proved.set("email", email.email.as_str()).set("email_verified_at", now));
        }
        if email.email == *user.email() {
            user.verify_email(now);
            unit.users().update(&user).await?;
        } else if token.purpose == Purpose::ChangeEmail {
            events.push(self.move_to(unit.as_mut(), &mut user, &email, now).await?);
        }
        let newly_held = match shown {
            Some(shown) => note_held(unit.as_mut(), &user, &email.email, shown, now).await?,
            None => false,
        };
        if newly_held {
            events.push(held(&user, &email.email));
        }
        unit.commit(events).await?;
        Ok(Proved {
            user: user.id(),
            email: email.email,
            from,
            newly_held,
        })
    }

    /// The link was followed before, perhaps by somebody else: all that it shows now is who reads its mail.
    async fn prove_again(
        &self,
        mut unit: Box<dyn PersonUnit>,
        token: &OneTimeToken,
        user: &User,
        shown: Methods,
        now: OffsetDateTime,
    ) -> Result<Proved, EmailError> {
        let email = about(unit.as_mut(), token, user).await?;
        if email.verified_at.is_none() {
            return Err(EmailError::TokenRefused);
        }
        let newly_held = note_held(unit.as_mut(), user, &email.email, shown, now).await?;
        if newly_held {
            unit.commit(vec![held(user, &email.email)]).await?;
        }
        Ok(Proved {
            user: user.id(),
            email: email.email,
            from: None,
            newly_held,
        })
    }

    /// Makes a proved address the primary one. The former one gets a letter that can undo it.
    ///
    /// # Errors
    /// `StepUpRequired`, `NotFound`, `Unverified`, `Store`.
    pub async fn make_primary(&self, person: &Person, id: EmailId) -> Result<OwnedEmail, EmailError> {
        contended(ATTEMPTS, || self.try_make_primary(person, id)).await
    }

    async fn try_make_primary(&self, person: &Person, id: EmailId) -> Result<OwnedEmail, EmailError> {
        let now = self.clock.system_now();
        let (mut unit, mut user) = self.begin_stepped_up(person, now).await?;
        let mut email = unit.emails().find(id).await?.ok_or(EmailError::NotFound)?;
        if email.email == *user.email() {
            return Ok(email);
        }
        if email.verified_at.is_none() {
            return Err(EmailError::Unverified);
        }
        let event = self.move_to(unit.as_mut(), &mut user, &email, now).await?;
        unit.commit(vec![event]).await?;
        email.replaced_at = None;
        Ok(email)
    }

    /// Writes that the person's primary address is `to` now.
    async fn move_to(
        &self,
        unit: &mut dyn PersonUnit,
        user: &mut User,
        to: &OwnedEmail,
        now: OffsetDateTime,
    ) -> Result<Event, EmailError> {
        let known = unit.emails().list().await?;
        let former = known.into_iter().find(|known| known.email == *user.email());
        let before = user.email().clone();
        let mut event = Event::new("user.email_changed", user.id()).of(user.id());
        event = event.change("email", before.as_str(), to.email.as_str());
        if let Some(former) = former {
            unit.emails().replace(former.id, Some(now)).await?;
            // To an address that was never proved a stranger may listen.
            if former.verified_at.is_some() {
                let undo = Purpose::UndoEmailChange;
                let mail = self.letter(unit, user, undo, &former, "email_changed", now).await?;
                event = event.mail(mail);
            }
        }
        unit.emails().replace(to.id, None).await?;
        user.move_to(to.email.clone(), to.verified_at.unwrap_or(now));
        unit.users().update(user).await?;
        // Links that were mailed to the former address set no password and sign nobody in any longer.
        for purpose in [Purpose::ResetPassword, Purpose::SetPassword, Purpose::MagicLink] {
            unit.one_time_tokens().revoke(user.id(), purpose, now).await?;
        }
        Ok(event)
    }

    /// Brings the former primary address back, with the token of the letter to it: whoever changed it is out, their
    /// sessions end, and the addresses that were proved with the change or after it are gone.
    ///
    /// # Errors
    /// `TokenRefused`, `Store`.
    pub async fn undo(&self, token: &str, origin: &Origin) -> Result<(), EmailError> {
        let text = OneTimeText::parse(token)
            .filter(|text| text.purpose() == Purpose::UndoEmailChange)
            .ok_or(EmailError::TokenRefused)?;
        contended(ATTEMPTS, || self.land_undo(&text, origin)).await
    }

    async fn land_undo(&self, text: &OneTimeText, origin: &Origin) -> Result<(), EmailError> {
        let now = self.clock.system_now();
        let mut unit = self.store.begin_person(text.user(), origin).await?;
        let (token, mut user) = self.spend(unit.as_mut(), text, now).await?;
        let known = unit.emails().list().await?;
        let subject = token.subject.ok_or(EmailError::TokenRefused)?;
        let former = known.iter().find(|known| known.id.as_uuid() == subject);
        let (Some(former), Some(changed_at)) = (former, former.and_then(|former| former.replaced_at)) else {
            return Err(EmailError::TokenRefused);
        };

        let before = user.email().clone();
        for email in &known {
            let later = email.verified_at.is_none_or(|at| at >= changed_at);
            if email.id != former.id && later {
                unit.emails().remove(email).await?;
            } else if email.email == before {
                unit.emails().replace(email.id, Some(now)).await?;
            }
        }
        unit.emails().replace(former.id, None).await?;
        user.move_to(former.email.clone(), former.verified_at.unwrap_or(now));
        unit.users().update(&user).await?;
        unit.sessions().end_all_except(None, now).await?;
        for purpose in [
            Purpose::ResetPassword,
            Purpose::SetPassword,
            Purpose::MagicLink,
            Purpose::UndoEmailChange,
        ] {
            unit.one_time_tokens().revoke(user.id(), purpose, now).await?;
        }
        let event = Event::new("user.email_change_undone", user.id()).of(user.id());
        let event = event.change("email", before.as_str(), former.email.as_str());
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// Removes an address: not the primary one, nor the last one that can be signed in with.
    ///
    /// # Errors
    /// `StepUpRequired`, `NotFound`, `Primary`, `RecentlyPrimary`, `LastVerified`, `Store`.
    pub async fn remove(&self, person: &Person, id: EmailId) -> Result<(), EmailError> {
        contended(ATTEMPTS, || self.try_remove(person, id)).await
    }

    async fn try_remove(&self, person: &Person, id: EmailId) -> Result<(), EmailError> {
        let now = self.clock.system_now();
        let (mut unit, user) = self.begin_stepped_up(person, now).await?;
        let known = unit.emails().list().await?;
        let email = known.iter().find(|known| known.id == id).ok_or(EmailError::NotFound)?;
        if email.email == *user.email() {
            return Err(EmailError::Primary);
        }
        if email.may_return(now) {
            return Err(EmailError::RecentlyPrimary);
        }
        let others = |known: &&OwnedEmail| known.id != id && known.verified_at.is_some();
        if email.verified_at.is_some() && known.iter().filter(others).count() == 0 {
            return Err(EmailError::LastVerified);
        }
        unit.emails().remove(email).await?;
        let event = Event::new("user.email_removed", user.id()).of(user.id());
        unit.commit(vec![event.change("email", email.email.as_str(), Value::Null)])
            .await?;
        Ok(())
    }

    /// A writing unit of somebody who showed lately who they are.
    async fn begin_stepped_up(
        &self,
        person: &Person,
        now: OffsetDateTime,
    ) -> Result<(Box<dyn PersonUnit>, User), EmailError> {
        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        let user = unit.users().find(person.user).await?.filter(User::is_active);
        let user = user.ok_or(EmailError::NotFound)?;
        let session = unit.sessions().find(person.session).await?;
        if !session.is_some_and(|session| session.is_stepped_up(&self.policy, now)) {
            return Err(EmailError::StepUpRequired);
        }
        Ok((unit, user))
    }

    /// The token and its user; the token is spent now: exactly one caller gets here.
    async fn spend(
        &self,
        unit: &mut dyn PersonUnit,
        text: &OneTimeText,
        now: OffsetDateTime,
    ) -> Result<(OneTimeToken, User), EmailError> {
        let (token, user) = self.present(unit, text).await?;
        if token.state(now) != TokenState::Good {
            return Err(EmailError::TokenRefused);
        }
        use_up(unit, &token, now).await?;
        Ok((token, user))
    }

    /// The token, good or not, and its user. The user is read first: that locks their row.
    async fn present(&self, unit: &mut dyn PersonUnit, text: &OneTimeText) -> Result<(OneTimeToken, User), EmailError> {
        let user = unit.users().find(text.user()).await?.filter(User::is_active);
        let fingerprint = text.fingerprint(self.mint.cipher.as_ref());
        let token = unit.one_time_tokens().find(&fingerprint).await?;
        let token = token.filter(|token| token.purpose == text.purpose());
        token.zip(user).ok_or(EmailError::TokenRefused)
    }
}

/// Spends the token: exactly one caller gets past here.
async fn use_up(unit: &mut dyn PersonUnit, token: &OneTimeToken, now: OffsetDateTime) -> Result<(), EmailError> {
    let first = unit.one_time_tokens().use_once(token.id, now).await?;
    first.then_some(()).ok_or(EmailError::TokenRefused)
}

/// The address that a token is about. Without a subject it is the one that the person registered with, while that is the
/// primary one.
async fn about(unit: &mut dyn PersonUnit, token: &OneTimeToken, user: &User) -> Result<OwnedEmail, EmailError> {
    let known = unit.emails().list().await?;
    let mut known = known.into_iter();
    let found = known.find(|known| match token.subject {
        Some(id) => known.id.as_uuid() == id,
        None => known.email == *user.email() && known.created_at <= user.record().created_at,
    });
    found.ok_or(EmailError::TokenRefused)
}

fn held(user: &User, email: &EmailAddress) -> Event {
    let event = Event::new("user.email_held", user.id()).of(user.id());
    event.set("email", email.as_str())
}

#[cfg(test)]
mod tests;
