//! Appointing people to platform roles, and dismissing them. Called by the command line only: no request can do it.

use std::sync::Arc;

use tenantry_identity::factor::Factors;
use tenantry_identity::password::{PasswordDemand, PasswordJudge, PasswordOwner, Unfit, WeakPassword};
use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::{HashFailed, PasswordHasher, PlatformRole, User};
use tenantry_kernel::{
    Clock, DisplayName, EmailAddress, Event, IdSource, Locale, Origin, Secret, StoreError, UserId, Value,
};

/// Why nobody was appointed.
#[derive(Debug, thiserror::Error)]
pub enum AppointError {
    /// The password is too weak.
    #[error("the password {0}")]
    Weak(#[from] WeakPassword),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashFailed),
    /// Nobody with this address has a role over the installation.
    #[error("nobody with this address has a platform role")]
    NobodyThere,
    /// The store failed.
    #[error("the operator could not be stored")]
    Store(#[from] StoreError),
}

/// Somebody was appointed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appointed {
    /// A new person.
    New(UserId),
    /// Somebody who was known already; they have the role and the password now.
    Known(UserId),
}

/// Makes operators, and unmakes them.
pub struct AppointService {
    people: Arc<dyn IdentityStore>,
    hasher: Arc<dyn PasswordHasher>,
    judge: Arc<PasswordJudge>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl AppointService {
    /// Works on these ports.
    #[must_use]
    pub fn new(
        people: Arc<dyn IdentityStore>,
        hasher: Arc<dyn PasswordHasher>,
        judge: Arc<PasswordJudge>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            people,
            hasher,
            judge,
            clock,
            ids,
        }
    }

    /// Gives the role and the password to the person with this address, who need not exist yet. All their
    /// sessions end.
    ///
    /// # Errors
    /// [`AppointError`].
    pub async fn appoint(
        &self,
        email: &EmailAddress,
        name: DisplayName,
        secret: Secret<String>,
        role: PlatformRole,
    ) -> Result<Appointed, AppointError> {
        let known = self.people.user_by_email(email).await?;
        self.weigh(&secret, email, name.as_str(), known).await?;
        let hash = self.hasher.hash(secret).await?;
        let now = self.clock.system_now();
        let id = known.unwrap_or_else(|| UserId::from_uuid(self.ids.next()));

        let mut unit = self.people.begin_person(id, &Origin::default()).await?;
        let found = unit.users().find(id).await?;
        let before = found.as_ref().and_then(User::platform_role);
        let is_new = found.is_none();
        let mut user = found.unwrap_or_else(|| User::register(id, email.clone(), name, Locale::default(), now));
        user.set_platform_role(Some(role));
        user.set_password(hash);
        if user.email() == email {
            user.verify_email(now);
        }
        user.forgive();
        if is_new {
            unit.users().insert(&user).await?;
        } else {
            unit.users().update(&user).await?;
            unit.sessions().end_all_except(None, now).await?;
        }
        let event = Event::new("user.appointed", id)
            .change(
                "platform_role",
                before.map(|role| Value::from(role.as_str())),
                role.as_str(),
            )
            .change("password", Value::Masked, Value::Masked);
        unit.commit(vec![event]).await?;
        Ok(if is_new {
            Appointed::New(id)
        } else {
            Appointed::Known(id)
        })
    }

    /// Takes the role away from the person with this address, and tells which it was. All their sessions end, and with them
    /// what they do on behalf of others; as a member of a tenant they sign in as before.
    ///
    /// # Errors
    /// [`AppointError::NobodyThere`], [`AppointError::Store`].
    pub async fn dismiss(&self, email: &EmailAddress) -> Result<PlatformRole, AppointError> {
        let known = self.people.user_by_email(email).await?;
        let id = known.ok_or(AppointError::NobodyThere)?;
        let mut unit = self.people.begin_person(id, &Origin::default()).await?;
        let mut user = unit.users().find(id).await?.ok_or(AppointError::NobodyThere)?;
        let role = user.platform_role().ok_or(AppointError::NobodyThere)?;
        user.set_platform_role(None);
        unit.users().update(&user).await?;
        unit.sessions().end_all_except(None, self.clock.system_now()).await?;
        let event = Event::new("user.dismissed", id).change("platform_role", role.as_str(), Value::Null);
        unit.commit(vec![event]).await?;
        Ok(role)
    }

    /// Passes when the installation takes the password, and the tenants of somebody who is known. Whoever has a role
    /// over the installation comes in without a tenant: what guards them is a factor of their own.
    async fn weigh(
        &self,
        secret: &Secret<String>,
        email: &EmailAddress,
        name: &str,
        known: Option<UserId>,
    ) -> Result<(), AppointError> {
        let (demand, guarded) = match known {
            Some(user) => {
                let mut unit = self.people.read_person(user).await?;
                let guarded = Factors::of(unit.factors()).await?.any();
                drop(unit);
                (self.judge.demand_of(user).await?, guarded)
            }
            None => (PasswordDemand::default(), false),
        };
        let owner = PasswordOwner { email, name, guarded };
        match self.judge.admit(secret, &owner, &demand).await {
            Ok(()) => Ok(()),
            Err(Unfit::Weak(weak)) => Err(AppointError::Weak(weak)),
            Err(Unfit::Unmeasured(cause)) => Err(AppointError::Hash(cause)),
        }
    }
}
