//! Enrolling a first factor on the way in, where the tenant wants one.

use tenantry_identity::factor::{Enrolment, FactorError, enrol_totp};
use tenantry_identity::passkey::Passkey;
use tenantry_identity::pending::{Missing, PendingSignIn};
use tenantry_identity::session::{Method, Methods};
use tenantry_identity::user::User;
use tenantry_kernel::{Event, Origin, Secret, retry};

use super::answer::SignedIn;
use super::error::SignInError;
use super::proof::{Enrol, Proof};
use super::service::{SignInService, TRIES};

impl SignInService {
    /// Begins with an authenticator app.
    ///
    /// # Errors
    /// [`SignInError::PendingOver`], [`SignInError::Factor`].
    pub async fn begin_totp(&self, token: &Secret<String>, origin: &Origin) -> Result<Enrolment, SignInError> {
        let (_, pending) = self.pending(token, Missing::Enrolment).await?;
        retry::contended(TRIES, || async {
            let now = self.0.clock.system_now();
            let mut unit = self.0.people.begin_person(pending.user, origin).await?;
            let user = unit.users().find(pending.user).await?.filter(User::is_active);
            let user = user.ok_or(SignInError::PendingOver)?;
            let enrolment = enrol_totp(&mut *unit, &user, &self.0.shape, &self.mint(), now).await?;
            unit.commit(vec![Event::new("user.totp_begun", user.id())]).await?;
            Ok(enrolment)
        })
        .await
    }

    /// Makes the authenticator app count, and goes on.
    ///
    /// # Errors
    /// [`SignInError::PendingOver`], [`SignInError::Factor`].
    pub async fn confirm_totp(
        &self,
        token: &Secret<String>,
        code: String,
        remember: bool,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        let (_, pending) = self.pending(token, Missing::Enrolment).await?;
        let enrol = Enrol::Totp(code);
        self.finish(&pending, &enrol, Method::Totp.into(), remember, origin)
            .await
    }

    /// Begins with a passkey: what the browser is asked, as JSON.
    ///
    /// # Errors
    /// [`SignInError::PendingOver`].
    pub async fn begin_passkey(&self, token: &Secret<String>) -> Result<String, SignInError> {
        let (text, pending) = self.pending(token, Missing::Enrolment).await?;
        let mut unit = self.0.people.read_person(pending.user).await?;
        let user = unit.users().find(pending.user).await?.filter(User::is_active);
        let user = user.ok_or(SignInError::PendingOver)?;
        let none: [Passkey; 0] = [];
        let challenge = text.challenge(&*self.0.cipher);
        Ok(self.0.passkeys.creation_options(&user, &none, &challenge)?)
    }

    /// Registers the passkey, and goes on.
    ///
    /// # Errors
    /// [`SignInError::PendingOver`], [`SignInError::Factor`].
    pub async fn finish_passkey(
        &self,
        token: &Secret<String>,
        (name, credential): (&str, &str),
        remember: bool,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        let (text, pending) = self.pending(token, Missing::Enrolment).await?;
        let challenge = text.challenge(&*self.0.cipher);
        let (name, new) = self.0.passkeys.check(name, credential, &challenge)?;
        let key = if new.backup_eligible {
            Method::SyncedKey
        } else {
            Method::DeviceKey
        };
        let verified = new.user_verified.then_some(Method::UserVerified);
        let methods: Methods = std::iter::once(key).chain(verified).collect();
        let enrol = Enrol::Passkey(name, new);
        self.finish(&pending, &enrol, methods, remember, origin).await
    }

    async fn finish(
        &self,
        pending: &PendingSignIn,
        enrol: &Enrol,
        methods: Methods,
        remember: bool,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        let current = self.session_behind(pending).await?;
        let proof = Proof {
            methods: pending.methods.and(methods),
            session: current.as_ref(),
            pending: Some(pending.id),
            enrol: Some(enrol),
            remember: remember && self.remembers(pending).await?,
            ..Proof::default()
        };
        let opened = self.open(pending.user, pending.seat, proof, origin).await;
        if let Err(SignInError::Factor(FactorError::Wrong)) = &opened {
            self.count_mistake(pending, origin).await?;
        }
        opened
    }
}
