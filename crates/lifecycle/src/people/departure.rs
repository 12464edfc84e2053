//! Asking to be erased, calling it off, and the worker that keeps the promise.

use tenantry_identity::one_time_token::{self, OneTimeText, OneTimeToken, Purpose, TokenState};
use tenantry_identity::store::PersonUnit;
use tenantry_identity::user::User;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Event, Mail, Origin, StoreError, UserId, Value, retry};

use super::{PeopleError, PeopleService, TRIES};
use crate::access::Person;

/// How long somebody who asks to be erased may think better of it.
pub const WAITS: Duration = Duration::days(14);

/// How many people one round looks after.
const ROUND: u16 = 100;

/// What a round of the worker did.
#[derive(Debug, Default)]
pub struct DepartureReport {
    /// How many are gone.
    pub gone: u64,
    /// Who could not be, and why. The next round tries again.
    pub failed: Vec<(UserId, PeopleError)>,
}

impl PeopleService {
    /// Erases the person two weeks from now, unless they call it off with the token of the letter they get. All their
    /// sessions end. Answers when it is done.
    ///
    /// # Errors
    /// `StepUpRequired`, `LastOwner` with every tenant that would be nobody's, `NotFound`, `Store`.
    pub async fn request_erasure(&self, person: &Person, origin: &Origin) -> Result<OffsetDateTime, PeopleError> {
        let user = self.find(person.user).await?.ok_or(PeopleError::NotFound)?;
        let kept = self.kept_by(&user).await?;
        retry::contended(TRIES, || async {
            let now = self.0.clock.system_now();
            let (mut unit, mut user) = self.begin_stepped_up(person, origin, now).await?;
            if !kept.is_empty() {
                return Err(PeopleError::LastOwner(kept.clone()));
            }
            let before = user.erase_at();
            let at = before.unwrap_or(now + WAITS);
            user.schedule_erasure(Some(at));
            unit.users().update(&user).await?;
            unit.sessions().end_all_except(None, now).await?;
            let event = Event::new("user.erasure_scheduled", user.id()).change("erase_at", before, at);
            let mail = self.farewell(unit.as_mut(), &user, at, now).await?;
            unit.commit(vec![event.mail(mail)]).await?;
            Ok(at)
        })
        .await
    }

    async fn farewell(
        &self,
        unit: &mut dyn PersonUnit,
        user: &User,
        at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Mail, StoreError> {
        let tokens = unit.one_time_tokens();
        let token = one_time_token::issue(tokens, Purpose::KeepAccount, user.id(), None, &self.0.mint, now).await?;
        Ok(Mail {
            template: "erasure_scheduled",
            to: user.email().clone(),
            locale: user.locale().to_owned(),
            fields: vec![
                ("name", user.name().to_owned()),
                (
                    "expires_at",
                    format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute()),
                ),
            ],
            token: Some(token),
        })
    }

    /// Calls the erasure off with the token of the letter.
    ///
    /// # Errors
    /// `TokenRefused`, `Store`.
    pub async fn keep_with(&self, token: &str, origin: &Origin) -> Result<(), PeopleError> {
        let text = OneTimeText::parse(token)
            .filter(|text| text.purpose() == Purpose::KeepAccount)
            .ok_or(PeopleError::TokenRefused)?;
        retry::contended(TRIES, || async {
            let now = self.0.clock.system_now();
            let mut unit = self.0.people.begin_person(text.user(), origin).await?;
            let user = self.spend(unit.as_mut(), &text, now).await?.1;
            self.stay(unit, user, now).await
        })
        .await
    }

    /// Calls the erasure off, by somebody who signed in once more.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn keep(&self, person: &Person, origin: &Origin) -> Result<(), PeopleError> {
        retry::contended(TRIES, || async {
            let now = self.0.clock.system_now();
            let mut unit = self.0.people.begin_person(person.user, origin).await?;
            let user = unit.users().find(person.user).await?.filter(User::is_active);
            self.stay(unit, user.ok_or(PeopleError::NotFound)?, now).await
        })
        .await
    }

    async fn stay(
        &self,
        mut unit: Box<dyn PersonUnit>,
        mut user: User,
        now: OffsetDateTime,
    ) -> Result<(), PeopleError> {
        let before = user.erase_at();
        if before.is_none() {
            return Ok(());
        }
        user.schedule_erasure(None);
        unit.users().update(&user).await?;
        unit.one_time_tokens()
            .revoke(user.id(), Purpose::KeepAccount, now)
            .await?;
        let event = Event::new("user.erasure_called_off", user.id()).change("erase_at", before, Value::Null);
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// The token and its user; the token is spent now: exactly one caller gets here.
    pub(super) async fn spend(
        &self,
        unit: &mut dyn PersonUnit,
        text: &OneTimeText,
        now: OffsetDateTime,
    ) -> Result<(OneTimeToken, User), PeopleError> {
        let user = unit.users().find(text.user()).await?.filter(User::is_active);
        let fingerprint = text.fingerprint(self.0.mint.cipher.as_ref());
        let token = unit.one_time_tokens().find(&fingerprint).await?;
        let good = |token: &OneTimeToken| token.purpose == text.purpose() && token.state(now) == TokenState::Good;
        let (Some(user), Some(token)) = (user, token.filter(good)) else {
            return Err(PeopleError::TokenRefused);
        };
        if unit.one_time_tokens().use_once(token.id, now).await? {
            Ok((token, user))
        } else {
            Err(PeopleError::TokenRefused)
        }
    }

    /// Looks after everybody whose time has come: those who asked to be erased, and those who turned out to be
    /// somebody else. Safe on any number of nodes at once, and after a crash.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be listed.
    pub async fn look_after_departures(&self) -> Result<DepartureReport, StoreError> {
        let scope = self.worker();
        let now = self.0.clock.system_now();
        let mut report = DepartureReport::default();
        for user in self.0.directory.departing(&scope, now, ROUND).await? {
            match self.finish(user).await {
                Ok(()) => report.gone += 1,
                Err(cause) => report.failed.push((user, cause)),
            }
        }
        Ok(report)
    }
}
