//! Address and password.

use tenantry_identity::device::{DeviceText, RememberedDevice};
use tenantry_identity::password::WeakPassword;
use tenantry_identity::session::Method;
use tenantry_identity::user::{PasswordHash, User};
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{EmailAddress, Event, Origin, Secret, StoreError, UserId, retry};
use tenantry_tenancy::security::SignInMethod;

use super::answer::Outcome;
use super::error::SignInError;
use super::proof::Proof;
use super::service::{SignInService, TRIES};

/// Who wants in.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// The address.
    pub email: EmailAddress,
    /// The password.
    pub password: Secret<String>,
    /// The tenant wanted, by id or slug; without it the person's first one.
    pub tenant: Option<String>,
    /// What a remembered device kept.
    pub device: Option<Secret<String>>,
    /// Remember this device, once the person is in.
    pub remember: bool,
}

impl SignInService {
    /// Signs in with address and password.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn log_in(&self, request: LogIn, origin: Origin) -> Result<Outcome, SignInError> {
        let (user, device) = self.check_password(&request, &origin).await?;
        // Another address than the primary one leads to somebody only once they have proved it.
        let proved = user.email_verified_at().is_some() || request.email != *user.email();
        if !proved && !self.0.allow_unverified {
            return Err(SignInError::EmailUnverified);
        }
        let seat = self.choose_seat(&user, request.tenant.as_deref(), &origin).await?;
        self.require_method(seat, SignInMethod::Password).await?;
        let outgrown = self.outgrown(&user, &request.password).await?;
        let proof = Proof {
            methods: Method::Password.into(),
            outgrown: outgrown.as_ref().map(WeakPassword::code),
            device: device.as_ref(),
            remember: request.remember,
            ..Proof::default()
        };
        self.proceed(user.id(), seat, proof, &origin).await
    }

    /// Checks the password: one refusal for everything that can be wrong. Known or not, as many rows are looked
    /// for and one unit is written, so that the time tells nothing either.
    ///
    /// A remembered device is not kept out by others' guesses; its own are counted at the device.
    async fn check_password(
        &self,
        request: &LogIn,
        origin: &Origin,
    ) -> Result<(User, Option<RememberedDevice>), SignInError> {
        let now = self.0.clock.system_now();
        let tenant = self.named_tenant(request.tenant.as_deref()).await?;
        let known = self.0.people.user_by_email(&request.email).await?;
        let id = known.unwrap_or(UserId::from_uuid(Uuid::nil()));
        let mut unit = self.0.people.read_person(id).await?;
        let user = unit.users().find(id).await?;
        let text = request
            .device
            .as_ref()
            .and_then(|text| DeviceText::parse(text.expose()));
        let device = match text.filter(|text| text.user() == id) {
            Some(text) => unit.devices().find(&text.fingerprint(&*self.0.cipher)).await?,
            None => None,
        };
        drop(unit);
        let device = device.filter(|device| device.is_good(now));
        if device.is_none() {
            self.0.budget.admit(origin.address, tenant).await?;
        }
        // While the user is backed off the password is checked against nothing, at the same price.
        let judged = user
            .as_ref()
            .filter(|user| device.is_some() || user.attempt(now).is_ok());
        let hash = judged.and_then(|user| user.password_hash().cloned());
        let verified = self.0.hasher.verify(request.password.clone(), hash).await?;
        let Some(user) = user.filter(|user| verified.matches && user.is_active()) else {
            self.0.budget.count(origin.address, tenant).await;
            retry::contended(TRIES, || self.count_failure(id, device.as_ref(), origin)).await?;
            return Err(SignInError::InvalidCredentials);
        };
        if verified.needs_rehash {
            let hash = self.0.hasher.hash(request.password.clone()).await?;
            self.rehash(&user, hash, origin).await?;
        }
        Ok((user, device))
    }

    async fn count_failure(
        &self,
        id: UserId,
        device: Option<&RememberedDevice>,
        origin: &Origin,
    ) -> Result<(), SignInError> {
        let now = self.0.clock.system_now();
        let mut event = Event::new("user.sign_in_failed", id);

        let mut unit = self.0.people.begin_person(id, origin).await?;
        if let Some(device) = device {
            unit.devices().count_failure(device.id).await?;
            event = event.set("device", device.id.to_string());
        } else if let Some(mut user) = unit.users().find(id).await? {
            let before = user.record().clone();
            user.failed(now);
            unit.users().update(&user).await?;
            let after = user.record();
            event = event
                .change(
                    "failed_logins",
                    i64::from(before.failed_logins),
                    i64::from(after.failed_logins),
                )
                .change("locked_until", before.locked_until, after.locked_until);
        }
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// Stores a stronger hash of the same password, unless the person changed meanwhile: the next log-in may.
    async fn rehash(&self, user: &User, hash: PasswordHash, origin: &Origin) -> Result<(), StoreError> {
        let mut unit = self.0.people.begin_person(user.id(), origin).await?;
        let found = unit.users().find(user.id()).await?;
        let same = found.filter(|found| found.password_hash() == user.password_hash());
        let Some(mut current) = same else { return Ok(()) };
        current.set_password(hash);
        let stored = match unit.users().update(&current).await {
            Ok(()) => unit.commit(vec![]).await, // The password is the same; only its hash is stronger.
            refused => refused,
        };
        match stored {
            Err(StoreError::Stale | StoreError::Contended) => Ok(()),
            other => other,
        }
    }
}
