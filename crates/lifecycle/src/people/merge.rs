//! Two accounts of one human become one.
//!
//! The account that is signed in stays; the other one is taken in once its owner has proved that it is theirs. From
//! then on nobody signs in as it, and [`PeopleService::finish`] moves what it has.

use tenantry_identity::factor::Factors;
use tenantry_identity::one_time_token::{self, About, OneTimeText, Purpose};
use tenantry_identity::user::User;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{EmailAddress, Event, FieldError, Mail, Origin, Secret, UserId, retry};

use super::erase::is_placeholder;
use super::{PeopleError, PeopleService, TRIES};
use crate::access::Person;

/// How somebody proves that another account is theirs.
#[derive(Clone, Debug)]
pub enum MergeProof {
    /// By its address and its password.
    Password {
        /// One of its verified addresses.
        email: EmailAddress,
        /// Its password.
        password: Secret<String>,
    },
    /// By the token of a letter to its primary address.
    Token(Secret<String>),
}

/// What the account was when it was proved.
enum Proved {
    ByToken(OneTimeText),
    ByPassword(Box<User>),
}

impl Proved {
    fn user(&self) -> UserId {
        match self {
            Self::ByToken(text) => text.user(),
            Self::ByPassword(user) => user.id(),
        }
    }
}

impl PeopleService {
    /// Mails a token to the account with this address, by which the signed-in person can take it in. Says nothing
    /// about whether there is one; known or not, one unit is written, so that the time tells nothing either.
    ///
    /// # Errors
    /// `StepUpRequired`, `NotFound`, `Store`.
    pub async fn ask_to_merge(
        &self,
        person: &Person,
        email: &EmailAddress,
        origin: &Origin,
    ) -> Result<(), PeopleError> {
        let now = self.0.clock.system_now();
        let (unit, asking) = self.begin_stepped_up(person, origin, now).await?;
        drop(unit);
        let known = self.0.people.user_by_email(email).await?;
        let id = known.filter(|id| *id != person.user);
        let id = id.unwrap_or(UserId::from_uuid(Uuid::nil()));

        let mut unit = self.0.people.begin_person(id, origin).await?;
        let other = unit.users().find(id).await?.filter(User::is_active);
        let mut event = Event::new("user.merge_requested", id);
        if let Some(other) = other {
            let about = About::subject(person.user.as_uuid());
            let tokens = unit.one_time_tokens();
            let token =
                one_time_token::issue_about(tokens, Purpose::MergeAccounts, id, about, &self.0.mint, now).await?;
            event = event.mail(Mail {
                template: "merge_accounts",
                to: other.email().clone(),
                locale: other.locale().to_owned(),
                fields: vec![
                    ("name", other.name().to_owned()),
                    ("inviter", asking.email().to_string()),
                ],
                token: Some(token),
            });
        }
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// Takes another account of the same human in: its addresses and memberships become the signed-in person's, its
    /// sessions end, and nothing but its id is left of it. Where both are members of one tenant, one membership stays
    /// with all that either was allowed.
    ///
    /// # Errors
    /// `StepUpRequired`, `SameAccount`, `NotMergeable`, `TokenRefused`, `Invalid` for a wrong password, `Hash`, `Store`.
    pub async fn merge(&self, person: &Person, proof: MergeProof, origin: &Origin) -> Result<(), PeopleError> {
        let now = self.0.clock.system_now();
        let (unit, _) = self.begin_stepped_up(person, origin, now).await?;
        drop(unit);
        let proved = self.prove(person, proof, origin).await?;
        let other = proved.user();
        retry::contended(TRIES, || self.begin_merge(person.user, &proved, origin)).await?;
        self.finish(other).await
    }

    async fn prove(&self, person: &Person, proof: MergeProof, origin: &Origin) -> Result<Proved, PeopleError> {
        match proof {
            MergeProof::Token(text) => {
                let text = OneTimeText::parse(text.expose());
                let text = text.filter(|text| text.purpose() == Purpose::MergeAccounts);
                Ok(Proved::ByToken(text.ok_or(PeopleError::TokenRefused)?))
            }
            MergeProof::Password { email, password } => {
                let wrong = || {
                    let detail = "the address or the password is wrong";
                    PeopleError::Invalid(vec![FieldError::new("password", "wrong_password", detail)])
                };
                let known = self.0.people.user_by_email(&email).await?;
                let id = known.unwrap_or(UserId::from_uuid(Uuid::nil()));
                if id == person.user {
                    return Err(PeopleError::SameAccount);
                }
                let found = self.find(id).await?;
                // While the account is backed off the password is checked against nothing, at the same price.
                let now = self.0.clock.system_now();
                let judged = found.as_ref().filter(|user| user.attempt(now).is_ok());
                let hash = judged.and_then(|user| user.password_hash().cloned());
                let verified = self.0.hasher.verify(password, hash).await?;
                if let Some(user) = found.filter(|_| verified.matches) {
                    return Ok(Proved::ByPassword(Box::new(user)));
                }
                retry::contended(TRIES, || self.count_failure(id, origin)).await?;
                Err(wrong())
            }
        }
    }

    /// A guess at another account's password counts there as it does at log-in.
    async fn count_failure(&self, id: UserId, origin: &Origin) -> Result<(), PeopleError> {
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.begin_person(id, origin).await?;
        if let Some(mut user) = unit.users().find(id).await? {
            user.failed(now);
            unit.users().update(&user).await?;
        }
        unit.commit(vec![Event::new("user.sign_in_failed", id)]).await?;
        Ok(())
    }

    async fn begin_merge(&self, into: UserId, proved: &Proved, origin: &Origin) -> Result<(), PeopleError> {
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.begin_person(proved.user(), origin).await?;
        let mut other = match proved {
            Proved::ByToken(text) => {
                let (token, other) = self.spend(unit.as_mut(), text, now).await?;
                if token.subject != Some(into.as_uuid()) {
                    return Err(PeopleError::TokenRefused);
                }
                other
            }
            Proved::ByPassword(proved) => {
                let found = unit.users().find(proved.id()).await?;
                // Somebody changed the password while this request checked it: nothing is proved.
                let same = found.filter(|found| found.password_hash() == proved.password_hash());
                same.ok_or(PeopleError::TokenRefused)?
            }
        };
        if other.id() == into {
            return Err(PeopleError::SameAccount);
        }
        if !other.is_active() || other.platform_role().is_some() {
            return Err(PeopleError::NotMergeable);
        }
        // A password or a letter alone does not pass by a second factor: its owner removes it first.
        if Factors::of(unit.factors()).await?.any() {
            return Err(PeopleError::NotMergeable);
        }
        other.merge_into(into, now);
        unit.users().update(&other).await?;
        unit.emails().release().await?;
        unit.sessions().end_all_except(None, now).await?;
        unit.commit(vec![Event::new("user.merge_begun", other.id())]).await?;
        Ok(())
    }

    /// Takes in somebody whom others added by an address that `into` has proved to be theirs. Anybody else who only
    /// claimed the address keeps their account, and loses the address.
    ///
    /// # Errors
    /// `Store`.
    pub async fn absorb(&self, placeholder: UserId, into: UserId) -> Result<(), PeopleError> {
        let marked = retry::contended(TRIES, || async {
            let now = self.0.clock.system_now();
            let mut unit = self.0.people.begin_person_for(&self.worker(), placeholder).await?;
            let found = unit.users().find(placeholder).await?;
            let Some(mut found) = found.filter(is_placeholder) else {
                return Ok::<bool, PeopleError>(false);
            };
            found.merge_into(into, now);
            unit.users().update(&found).await?;
            unit.commit(vec![Event::new("user.merge_begun", placeholder)]).await?;
            Ok(true)
        })
        .await?;
        if marked {
            self.finish(placeholder).await?;
        }
        Ok(())
    }
}
