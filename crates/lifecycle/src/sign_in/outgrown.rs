//! Passwords that were right and do not do any more: another one is chosen on the way in.

use tenantry_identity::factor::Factors;
use tenantry_identity::password::{PasswordDemand, PasswordJudge, PasswordOwner, WeakPassword};
use tenantry_identity::pending::Missing;
use tenantry_identity::user::User;
use tenantry_kernel::{Origin, Secret};

use super::answer::Outcome;
use super::error::SignInError;
use super::proof::Proof;
use super::service::SignInService;

/// Another password in the place of one that does not do any more.
#[derive(Clone, Debug)]
pub struct ChooseAnother {
    /// The token of the answer that said so.
    pub token: Secret<String>,
    /// The other one.
    pub password: Secret<String>,
    /// Remember this device, once the person is in.
    pub remember: bool,
}

impl SignInService {
    /// Sets another password, and goes on. Every other session of the person ends. What will not do leaves the token
    /// good.
    ///
    /// # Errors
    /// [`SignInError::PendingOver`] for every token that is not good; [`SignInError::Weak`].
    pub async fn choose_another(&self, request: ChooseAnother, origin: Origin) -> Result<Outcome, SignInError> {
        let (_, pending) = self.pending(&request.token, Missing::Password).await?;
        let mut unit = self.0.people.read_person(pending.user).await?;
        let user = unit.users().find(pending.user).await?.filter(User::is_active);
        drop(unit);
        let user = user.ok_or(SignInError::PendingOver)?;
        let demand = self.0.judge.demand_of(user.id()).await?;
        let guarded = self.is_guarded(&user, &request.password, &demand).await?;
        let owner = PasswordOwner {
            email: user.email(),
            name: user.name(),
            guarded,
        };
        self.0.judge.admit(&request.password, &owner, &demand).await?;
        let hash = self.0.hasher.hash(request.password).await?;

        let proof = Proof {
            methods: pending.methods,
            pending: Some(pending.id),
            new_password: Some(&hash),
            remember: request.remember && self.remembers(&pending).await?,
            ..Proof::default()
        };
        self.proceed(pending.user, pending.seat, proof, &origin).await
    }

    /// Which rule the password does not meet any more that somebody just showed to be theirs.
    pub(super) async fn outgrown(
        &self,
        user: &User,
        password: &Secret<String>,
    ) -> Result<Option<WeakPassword>, SignInError> {
        let demand = self.0.judge.demand_of(user.id()).await?;
        let owner = PasswordOwner {
            email: user.email(),
            name: user.name(),
            guarded: self.is_guarded(user, password, &demand).await?,
        };
        Ok(self.0.judge.outgrown(password, &owner, &demand).await?)
    }

    /// Whether the password is never all that is asked for. Looks for a factor only where one makes a difference.
    async fn is_guarded(
        &self,
        user: &User,
        password: &Secret<String>,
        demand: &PasswordDemand,
    ) -> Result<bool, SignInError> {
        let has_factor = if self.0.judge.factor_matters(password) {
            let mut unit = self.0.people.read_person(user.id()).await?;
            Factors::of(unit.factors()).await?.any()
        } else {
            false
        };
        Ok(PasswordJudge::is_guarded(user, has_factor, demand))
    }
}
