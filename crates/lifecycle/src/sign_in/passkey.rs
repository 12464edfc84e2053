//! Signing in with a passkey alone.

use tenantry_identity::factor::{Accepted, ChallengeOf, FactorError, Shown};
use tenantry_identity::session::Method;
use tenantry_identity::user::User;
use tenantry_kernel::{Origin, Secret};
use tenantry_tenancy::security::SignInMethod;

use super::answer::Outcome;
use super::error::SignInError;
use super::proof::Proof;
use super::service::SignInService;

/// A passkey that signs somebody in.
#[derive(Clone, Debug)]
pub struct ByPasskey {
    /// The state of the ceremony.
    pub state: Secret<String>,
    /// The browser's answer, as JSON.
    pub credential: String,
    /// The tenant wanted, by id or slug; without it the person's first one.
    pub tenant: Option<String>,
}

impl SignInService {
    /// Signs in with a passkey whose device checked the person: that is two factors. Nobody's wrong passwords are in
    /// its way.
    ///
    /// # Errors
    /// [`SignInError`]; [`SignInError::InvalidCredentials`] for every passkey that is not good.
    pub async fn by_passkey(&self, request: ByPasskey, origin: Origin) -> Result<Outcome, SignInError> {
        let named = self.0.passkeys.who(&request.credential)?;
        let id = named.ok_or(SignInError::InvalidCredentials)?;
        let shown = Shown::Passkey {
            credential: request.credential,
            challenge: ChallengeOf::Ceremony(request.state.into_inner()),
        };
        let accepted: Accepted = self.0.checker.look(id, &shown, &origin).await.map_err(as_log_in)?;
        if !accepted.methods().has(Method::UserVerified) {
            return Err(SignInError::InvalidCredentials);
        }
        let mut unit = self.0.people.read_person(id).await?;
        let user = unit.users().find(id).await?.filter(User::is_active);
        drop(unit);
        let user = user.ok_or(SignInError::InvalidCredentials)?;
        if user.email_verified_at().is_none() && !self.0.allow_unverified {
            return Err(SignInError::EmailUnverified);
        }
        let seat = self.choose_seat(&user, request.tenant.as_deref(), &origin).await?;
        self.require_method(seat, SignInMethod::Passkey).await?;
        let proof = Proof {
            methods: accepted.methods(),
            accepted: Some(&accepted),
            ..Proof::default()
        };
        self.proceed(id, seat, proof, &origin)
            .await
            .map_err(|refused| match refused {
                SignInError::Factor(refused) => as_log_in(refused),
                other => other,
            })
    }
}

/// At a sign-in a passkey that is not good is a wrong password.
fn as_log_in(refused: FactorError) -> SignInError {
    match refused {
        FactorError::Wrong => SignInError::InvalidCredentials,
        other => other.into(),
    }
}
