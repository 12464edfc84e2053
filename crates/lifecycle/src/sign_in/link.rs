//! Signing in with a link in a mail.

use tenantry_identity::device::DeviceText;
use tenantry_identity::factor;
use tenantry_identity::one_time_token::{self, OneTimeText, Purpose, TokenState};
use tenantry_identity::session::Method;
use tenantry_identity::user::User;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{EmailAddress, Event, Mail, Origin, Secret, UserId, Value, retry};
use tenantry_tenancy::security::SignInMethod;

use super::answer::Outcome;
use super::error::SignInError;
use super::proof::Proof;
use super::seats::Seat;
use super::service::{SignInService, TRIES};

/// Whom to send a link.
#[derive(Clone, Debug)]
pub struct AskForLink {
    /// The address.
    pub email: EmailAddress,
    /// The tenant wanted, by id or slug; without it the person's first one.
    pub tenant: Option<String>,
}

/// A link that was followed.
#[derive(Clone, Debug)]
pub struct RedeemLink {
    /// What stands after `token=`.
    pub token: Secret<String>,
    /// What a remembered device kept.
    pub device: Option<Secret<String>>,
    /// Remember this device, once the person is in.
    pub remember: bool,
}

impl SignInService {
    /// Mails a link when the address is known and its tenant lets people sign in that way, and says nothing about
    /// either. Known or not, one unit is written, so that the time tells nothing either.
    ///
    /// # Errors
    /// The store's.
    pub async fn send_link(&self, request: AskForLink, origin: &Origin) -> Result<(), SignInError> {
        let known = self.0.people.user_by_email(&request.email).await?;
        let id = known.unwrap_or(UserId::from_uuid(Uuid::nil()));
        let mut unit = self.0.people.read_person(id).await?;
        let user = unit.users().find(id).await?.filter(User::is_active);
        drop(unit);
        let seat = if let Some(user) = &user {
            self.seat_for_link(user, request.tenant.as_deref(), origin).await?
        } else {
            self.0.directory.memberships_of_user(id).await?;
            None
        };
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.begin_person(id, origin).await?;
        // Earlier links stay good: a stranger who asks for one must not spoil the one that its owner waits for.
        let mut event = Event::new("user.magic_link_requested", id);
        if let Some((user, seat)) = user.zip(seat) {
            let tokens = unit.one_time_tokens();
            let token = one_time_token::issue(tokens, Purpose::MagicLink, id, seat, &self.mint(), now).await?;
            event = event.mail(Mail {
                template: "magic_link",
                to: user.email().clone(),
                locale: user.locale().to_owned(),
                fields: vec![("name", user.name().to_owned())],
                token: Some(token),
            });
        }
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// Where a link would lead; `None` when none may be sent.
    async fn seat_for_link(
        &self,
        user: &User,
        tenant: Option<&str>,
        origin: &Origin,
    ) -> Result<Option<Option<Seat>>, SignInError> {
        let seat = match self.choose_seat(user, tenant, origin).await {
            Ok(seat) => seat,
            Err(SignInError::InvalidCredentials) => return Ok(None),
            Err(other) => return Err(other),
        };
        match self.require_method(seat, SignInMethod::MagicLink).await {
            Ok(()) => Ok(Some(seat)),
            Err(SignInError::MethodNotAllowed) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Signs in with the token of a link. It proves the address; a second factor is asked for as after a password.
    ///
    /// # Errors
    /// [`SignInError::LinkRefused`] for every token that is not good.
    pub async fn redeem_link(&self, request: RedeemLink, origin: Origin) -> Result<Outcome, SignInError> {
        let text = OneTimeText::parse(request.token.expose())
            .filter(|text| text.purpose() == Purpose::MagicLink)
            .ok_or(SignInError::LinkRefused)?;
        let (id, now) = (text.user(), self.0.clock.system_now());
        let mut unit = self.0.people.read_person(id).await?;
        let token = unit.one_time_tokens().find(&text.fingerprint(&*self.0.cipher)).await?;
        let user = unit.users().find(id).await?.filter(User::is_active);
        let kept = request
            .device
            .as_ref()
            .and_then(|text| DeviceText::parse(text.expose()));
        let device = match kept.filter(|kept| kept.user() == id) {
            Some(kept) => unit.devices().find(&kept.fingerprint(&*self.0.cipher)).await?,
            None => None,
        };
        drop(unit);
        let token = token.filter(|token| token.purpose == Purpose::MagicLink && token.state(now) == TokenState::Good);
        let (Some(token), Some(user)) = (token, user) else {
            return Err(SignInError::LinkRefused);
        };
        if user.email_verified_at().is_none() {
            retry::contended(TRIES, || self.forget_unproven(id, &origin)).await?;
        }
        let seat = token.tenant.zip(token.membership);
        self.require_method(seat, SignInMethod::MagicLink).await?;
        let device = device.filter(|device| device.is_good(now));
        let proof = Proof {
            methods: Method::MailLink.into(),
            device: device.as_ref(),
            link: Some((token.id, id)),
            remember: request.remember,
            ..Proof::default()
        };
        self.proceed(id, seat, proof, &origin).await
    }

    /// Until the address was proved, anybody may have signed up with it, and would share the account of whoever follows
    /// the link: password, factors and sessions from before are worth nothing.
    async fn forget_unproven(&self, id: UserId, origin: &Origin) -> Result<(), SignInError> {
        let now = self.0.clock.system_now();
        let mut unit = self.0.people.begin_person(id, origin).await?;
        let found = unit.users().find(id).await?;
        let Some(mut user) = found.filter(|user| user.email_verified_at().is_none()) else {
            return Ok(());
        };
        factor::forget_all(&mut *unit).await?;
        unit.sessions().end_all_except(None, now).await?;
        user.forget_password();
        unit.users().update(&user).await?;
        let event =
            Event::new("user.unproven_credentials_forgotten", id).change("password", Value::Masked, Value::Null);
        unit.commit(vec![event]).await?;
        Ok(())
    }
}
