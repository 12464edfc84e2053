//! Going on with a sign-in that is pending.

use tenantry_identity::factor::{Accepted, ChallengeOf, FactorError, Factors, Shown};
use tenantry_identity::pending::{Missing, PendingSignIn, PendingText};
use tenantry_identity::session::Session;
use tenantry_kernel::{Origin, Secret};

use super::answer::Outcome;
use super::error::SignInError;
use super::proof::Proof;
use super::service::SignInService;

/// A second factor.
#[derive(Clone, Debug)]
pub struct Verify {
    /// The token of the answer that said what was missing.
    pub token: Secret<String>,
    /// What is shown. A passkey answers to what that answer asked.
    pub shown: ShownFactor,
    /// Remember this device.
    pub remember: bool,
}

/// What is shown.
#[derive(Clone, Debug)]
pub enum ShownFactor {
    /// A code of an authenticator app.
    Totp(String),
    /// A recovery code.
    RecoveryCode(String),
    /// A passkey's answer, as JSON.
    Passkey(String),
}

impl SignInService {
    /// Goes on with a second factor. Another password may be missing then.
    ///
    /// # Errors
    /// [`SignInError::PendingOver`] for every token that is not good; [`SignInError::Factor`].
    pub async fn verify(&self, request: Verify, origin: Origin) -> Result<Outcome, SignInError> {
        let (text, pending) = self.pending(&request.token, Missing::Factor).await?;
        let shown = match request.shown {
            ShownFactor::Totp(code) => Shown::Totp(code),
            ShownFactor::RecoveryCode(code) => Shown::RecoveryCode(code),
            ShownFactor::Passkey(credential) => Shown::Passkey {
                credential,
                challenge: ChallengeOf::Pending(text),
            },
        };
        let accepted = match self.0.checker.look(pending.user, &shown, &origin).await {
            Ok(accepted) => accepted,
            Err(wrong) => {
                if matches!(wrong, FactorError::Wrong) {
                    self.count_mistake(&pending, &origin).await?;
                }
                return Err(wrong.into());
            }
        };
        self.resume(&pending, &accepted, request.remember, &origin).await
    }

    async fn resume(
        &self,
        pending: &PendingSignIn,
        accepted: &Accepted,
        remember: bool,
        origin: &Origin,
    ) -> Result<Outcome, SignInError> {
        let current = self.session_behind(pending).await?;
        let proof = Proof {
            methods: pending.methods.and(accepted.methods()),
            session: current.as_ref(),
            accepted: Some(accepted),
            pending: Some(pending.id),
            outgrown: pending.outgrown.as_deref(),
            remember: remember && self.remembers(pending).await?,
            ..Proof::default()
        };
        if pending.outgrown.is_some() {
            let missing = (Missing::Password, &Factors::default());
            return self.wait(pending.user, pending.seat, missing, proof, origin).await;
        }
        let signed_in = self.open(pending.user, pending.seat, proof, origin).await?;
        Ok(Outcome::SignedIn(Box::new(signed_in)))
    }

    /// The pending sign-in that a token goes on with.
    pub(super) async fn pending(
        &self,
        token: &Secret<String>,
        missing: Missing,
    ) -> Result<(PendingText, PendingSignIn), SignInError> {
        let text = PendingText::parse(token.expose()).ok_or(SignInError::PendingOver)?;
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.read_person(text.user()).await?;
        let fingerprint = text.fingerprint(&*self.0.cipher);
        let found = unit.pending_sign_ins().find(&fingerprint).await?;
        let good = found.filter(|pending| pending.missing == missing && pending.is_good(now));
        Ok((text, good.ok_or(SignInError::PendingOver)?))
    }

    /// The session that a pending switch goes on from, which must live.
    pub(super) async fn session_behind(&self, pending: &PendingSignIn) -> Result<Option<Session>, SignInError> {
        let Some(id) = pending.session else { return Ok(None) };
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.read_person(pending.user).await?;
        let found = unit.sessions().find(id).await?;
        let live = found.filter(|session| session.is_live(&self.0.policy, now));
        live.map(Some).ok_or(SignInError::PendingOver)
    }

    pub(super) async fn remembers(&self, pending: &PendingSignIn) -> Result<bool, SignInError> {
        let Some((tenant, _)) = pending.seat else {
            return Ok(true);
        };
        let tenant = self.0.directory.tenant(tenant).await?;
        Ok(tenant.is_none_or(|tenant| tenant.security.remember_devices))
    }

    pub(super) async fn count_mistake(&self, pending: &PendingSignIn, origin: &Origin) -> Result<(), SignInError> {
        let mut unit = self.0.people.begin_person(pending.user, origin).await?;
        unit.pending_sign_ins().count_failure(pending.id).await?;
        unit.commit(vec![]).await?; // What was wrong is written down by whoever looked at it.
        Ok(())
    }
}
