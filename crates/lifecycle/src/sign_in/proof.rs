//! What a new session rests on.

use tenantry_identity::device::{self, Familiarity, KnownPlaceId, RememberedDevice, place_of};
use tenantry_identity::email::note_held;
use tenantry_identity::factor::{Accepted, Factors, OneTimeCodes, confirm_totp, first_codes, notice};
use tenantry_identity::mint::Mint;
use tenantry_identity::one_time_token::{OneTimeTokenId, Purpose};
use tenantry_identity::passkey::{NewCredential, PasskeyName, register, registered};
use tenantry_identity::password;
use tenantry_identity::pending::PendingSignInId;
use tenantry_identity::session::{Method, Methods, Session, SessionPolicy, SessionRecord};
use tenantry_identity::store::PersonUnit;
use tenantry_identity::user::{PasswordHash, User};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::time::format_description::well_known::Rfc3339;
use tenantry_kernel::{Event, Mail, Origin, Secret, SessionId, UserId, Value};

use super::error::SignInError;

/// A factor that is enrolled on the way in.
#[derive(Clone, Debug)]
pub(super) enum Enrol {
    /// An authenticator app, by its first code.
    Totp(String),
    /// A passkey.
    Passkey(PasskeyName, NewCredential),
}

/// What a new session rests on. All that can be used once is spent in the unit that opens the session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Proof<'a> {
    /// How the person proved who they are.
    pub methods: Methods,
    /// The session it goes on from.
    pub session: Option<&'a Session>,
    /// The device that was remembered.
    pub device: Option<&'a RememberedDevice>,
    /// The factor that was shown.
    pub accepted: Option<&'a Accepted>,
    /// The sign-in that was pending.
    pub pending: Option<PendingSignInId>,
    /// The link that was followed, and whose it is.
    pub link: Option<(OneTimeTokenId, UserId)>,
    /// The factor that is enrolled.
    pub enrol: Option<&'a Enrol>,
    /// Which rule the password does not meet any more, by its code.
    pub outgrown: Option<&'a str>,
    /// The password that was chosen in its place.
    pub new_password: Option<&'a PasswordHash>,
    /// The device is to be remembered.
    pub remember: bool,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Noted {
    pub user: User,
    /// The person's address is held from now on.
    pub newly_held: bool,
    pub events: Vec<Event>,
    /// What follows from the new session itself.
    pub mails: Vec<Mail>,
    pub device: Option<Secret<String>>,
    pub recovery_codes: Vec<Secret<String>>,
}

impl Proof<'_> {
    /// The session that follows from it. One that goes on from another ends when that one would have, and proves
    /// nothing anew unless something was shown: switching tenants is no step-up.
    pub(super) fn session(
        self,
        id: SessionId,
        user: UserId,
        origin: &Origin,
        policy: &SessionPolicy,
        now: OffsetDateTime,
    ) -> Session {
        let Some(current) = self.session else {
            return Session::start_by(self.methods, id, user, origin, policy, now);
        };
        let mut session = Session::restore(SessionRecord {
            id,
            tenant: None,
            membership: None,
            created_at: now,
            last_used_at: now,
            ended_at: None,
            address: origin.address,
            user_agent: origin.user_agent.clone(),
            ..current.record().clone()
        });
        if self.accepted.is_some() || self.enrol.is_some() {
            session.step_up(self.methods, now);
        }
        session
    }

    /// Notes the sign-in at the person, and spends what was shown, in the unit that lets them in.
    pub(super) async fn note(
        self,
        unit: &mut dyn PersonUnit,
        id: UserId,
        origin: &Origin,
        (codes, mint): (&dyn OneTimeCodes, &Mint),
        now: OffsetDateTime,
    ) -> Result<Noted, SignInError> {
        let found = unit.users().find(id).await?.filter(User::is_active);
        let mut user = found.ok_or(SignInError::InvalidCredentials)?;
        let mut events = self.settle(unit, &mut user, now).await?;
        if let Some(device) = self.device {
            unit.devices().touch(device.id, now).await?;
        }
        let mut recovery_codes = Vec::new();
        if let Some(enrol) = self.enrol {
            // Somebody enrolled meanwhile: then that is what must be shown.
            if Factors::of(unit.factors()).await?.any() {
                return Err(SignInError::PendingOver);
            }
            let (event, codes) = enrolled(unit, &user, enrol, (codes, mint), now).await?;
            events.push(event);
            recovery_codes = codes;
        }
        self.mark(&mut user, now)?;
        unit.users().update(&user).await?;
        let is_by_link = self.methods.has(Method::MailLink) && self.session.is_none();
        let newly_held = is_by_link && note_held(unit, &user, user.email(), self.methods, now).await?;
        let user = user.stored();
        let device = if self.remember {
            Some(device::issue(unit.devices(), id, origin, mint, now).await?)
        } else {
            None
        };
        let mails = if self.session.is_none() {
            seen_from(unit, &user, origin, mint, now).await?
        } else {
            Vec::new()
        };
        Ok(Noted {
            user,
            newly_held,
            events,
            mails,
            device,
            recovery_codes,
        })
    }

    /// The link is good once, and the others that were asked for meanwhile end with it.
    async fn follow(&self, unit: &mut dyn PersonUnit, now: OffsetDateTime) -> Result<(), SignInError> {
        let Some((link, user)) = self.link else {
            return Ok(());
        };
        if !unit.one_time_tokens().use_once(link, now).await? {
            return Err(SignInError::LinkRefused);
        }
        unit.one_time_tokens().revoke(user, Purpose::MagicLink, now).await?;
        Ok(())
    }

    /// Spends what can be used once, and sets the password that was chosen; the caller stores the user. Done in the unit
    /// that lets somebody in, or that leaves the sign-in waiting for something more.
    pub(super) async fn settle(
        self,
        unit: &mut dyn PersonUnit,
        user: &mut User,
        now: OffsetDateTime,
    ) -> Result<Vec<Event>, SignInError> {
        if let Some(pending) = self.pending
            && !unit.pending_sign_ins().use_once(pending, now).await?
        {
            return Err(SignInError::PendingOver);
        }
        self.follow(unit, now).await?;
        let mut events = match self.accepted {
            Some(accepted) => accepted.spend(unit, user, now).await?,
            None => Vec::new(),
        };
        if let Some(hash) = self.new_password {
            events.push(password::replace(unit, user, hash.clone(), now).await?);
        }
        Ok(events)
    }

    /// A password ends the back-off, unless too many others failed meanwhile. Nothing else says anything about guesses.
    fn mark(self, user: &mut User, now: OffsetDateTime) -> Result<(), SignInError> {
        if self.methods.has(Method::MailLink) {
            user.verify_email(now);
        }
        let password = self.methods.has(Method::Password) && self.session.is_none();
        if !password || self.device.is_some() {
            user.seen(now);
        } else if user.signed_in(now).is_err() {
            // Others guess meanwhile. Alone the password is worth nothing then; with a second factor it is.
            if self.accepted.is_none() {
                return Err(SignInError::InvalidCredentials);
            }
            user.seen(now);
        }
        Ok(())
    }

    /// How somebody is refused whose seat closed while they were let in.
    pub(super) const fn seatless(self) -> SignInError {
        if self.session.is_some() {
            SignInError::NoSuchTenant
        } else {
            SignInError::InvalidCredentials
        }
    }
}

async fn enrolled(
    unit: &mut dyn PersonUnit,
    user: &User,
    enrol: &Enrol,
    (codes, mint): (&dyn OneTimeCodes, &Mint),
    now: OffsetDateTime,
) -> Result<(Event, Vec<Secret<String>>), SignInError> {
    match enrol {
        Enrol::Totp(typed) => {
            confirm_totp(unit, typed, codes, mint, now).await?;
            let texts = first_codes(unit.factors(), user.id(), mint, now).await?;
            unit.devices().remove_all().await?;
            let event = Event::new("user.totp_enrolled", user.id())
                .change("totp", Value::Null, Value::Masked)
                .mail(notice(user, "factor_added"));
            Ok((event, texts))
        }
        Enrol::Passkey(name, new) => {
            let done = register(unit, user, name.clone(), new.clone(), mint, now).await?;
            Ok((registered(user, &done.passkey), done.recovery_codes))
        }
    }
}

/// Tells the person when they sign in from where they never did. The first time of all is no news.
async fn seen_from(
    unit: &mut dyn PersonUnit,
    user: &User,
    origin: &Origin,
    mint: &Mint,
    now: OffsetDateTime,
) -> Result<Vec<Mail>, SignInError> {
    let place = place_of(&*mint.cipher, user.id(), origin);
    let id = KnownPlaceId::from_uuid(mint.ids.next());
    if unit.devices().see(id, &place, now).await? != Familiarity::New {
        return Ok(Vec::new());
    }
    let at = now
        .replace_nanosecond(0)
        .unwrap_or(now)
        .format(&Rfc3339)
        .unwrap_or_default();
    let mut fields = vec![("name", user.name().to_owned()), ("at", at)];
    if let Some(address) = origin.address {
        fields.push(("address", address.to_canonical().to_string()));
    }
    if let Some(agent) = &origin.user_agent {
        fields.push(("device", agent.to_string()));
    }
    Ok(vec![Mail {
        template: "new_device",
        to: user.email().clone(),
        locale: user.locale().to_owned(),
        fields,
        token: None,
    }])
}
