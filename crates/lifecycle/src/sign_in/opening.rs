//! From what was shown to a session, or to what is still missing.

use tenantry_identity::factor::Factors;
use tenantry_identity::pending::{Missing, PENDING_LIFE, PendingSignIn, PendingSignInId, PendingText};
use tenantry_identity::session::{self, Method, RefreshText, Session};
use tenantry_identity::store::PersonUnit;
use tenantry_identity::user::User;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Event, Origin, SessionId, UserId, retry};
use tenantry_tenancy::membership::MembershipState;

use super::answer::{Outcome, SignedIn, Waiting};
use super::error::SignInError;
use super::proof::{Noted, Proof};
use super::seats::Seat;
use super::service::{SignInService, TRIES};

impl SignInService {
    /// Opens a session when what was shown is enough for this person and this tenant, and leaves the sign-in pending
    /// otherwise.
    pub(super) async fn proceed(
        &self,
        user: UserId,
        seat: Option<Seat>,
        proof: Proof<'_>,
        origin: &Origin,
    ) -> Result<Outcome, SignInError> {
        let tenant = match seat {
            Some((tenant, _)) => self.0.directory.tenant(tenant).await?,
            None => None,
        };
        let wants_two = tenant.as_ref().is_some_and(|tenant| tenant.security.mfa_required);
        let remembers = tenant.as_ref().is_none_or(|tenant| tenant.security.remember_devices);
        let mut proof = Proof {
            remember: proof.remember && remembers,
            ..proof
        };
        if proof.device.is_some() && remembers {
            proof.methods = proof.methods.with(Method::RememberedDevice);
        }
        let two = proof.methods.is_multi_factor();
        let factors = if two {
            Factors::default()
        } else {
            let mut unit = self.0.people.read_person(user).await?;
            Factors::of(unit.factors()).await?
        };
        // Whoever only switches showed a factor when they signed in, if they had one; the tenant may want more.
        let missing = if factors.any() && (wants_two || proof.session.is_none()) {
            Some(Missing::Factor)
        } else if proof.outgrown.is_some() {
            // Before anything is enrolled: what is enrolled ends in a session.
            Some(Missing::Password)
        } else if wants_two && !two {
            Some(Missing::Enrolment)
        } else {
            None
        };
        if let Some(missing) = missing {
            return self.wait(user, seat, (missing, &factors), proof, origin).await;
        }
        let signed_in = self.open(user, seat, proof, origin).await?;
        Ok(Outcome::SignedIn(Box::new(signed_in)))
    }

    /// Leaves the sign-in pending for what is missing. What was shown so far is spent: who goes on shows the rest.
    pub(super) async fn wait(
        &self,
        user: UserId,
        seat: Option<Seat>,
        (missing, factors): (Missing, &Factors),
        proof: Proof<'_>,
        origin: &Origin,
    ) -> Result<Outcome, SignInError> {
        let cipher = &*self.0.cipher;
        let text = PendingText::mint(user, &*self.0.entropy);
        retry::contended(TRIES, || async {
            let now = self.0.clock.system_now();
            let mut unit = self.0.people.begin_person(user, origin).await?;
            let found = unit.users().find(user).await?.filter(User::is_active);
            let mut person = found.ok_or(SignInError::InvalidCredentials)?;
            let mut events = proof.settle(&mut *unit, &mut person, now).await?;
            if proof.new_password.is_some() {
                unit.users().update(&person).await?;
            }
            let id = PendingSignInId::from_uuid(self.0.ids.next());
            let session = proof.session.map(Session::id);
            let what = (missing, proof.methods);
            let pending = PendingSignIn::begin(id, &text, what, seat, session, cipher, now).outgrown(proof.outgrown);
            unit.pending_sign_ins().insert(&pending, now).await?;
            events.push(Event::new("user.sign_in_pending", user).set("missing", missing.as_str()));
            unit.commit(events).await?;
            Ok::<_, SignInError>(())
        })
        .await?;
        let (methods, passkey_request) = match missing {
            Missing::Factor if !factors.passkeys.is_empty() => (
                factors.methods(),
                Some(self.0.checker.request_for(&factors.passkeys, &text)),
            ),
            Missing::Factor => (factors.methods(), None),
            Missing::Enrolment => (vec!["totp", "passkey"], None),
            Missing::Password => (Vec::new(), None),
        };
        let outgrown = proof.outgrown.filter(|_| missing == Missing::Password);
        Ok(Outcome::Waiting(Waiting {
            token: text.to_text(),
            missing,
            methods,
            passkey_request,
            outgrown: outgrown.map(str::to_owned),
            expires_in_s: PENDING_LIFE.whole_seconds(),
        }))
    }

    pub(super) async fn open(
        &self,
        user: UserId,
        seat: Option<Seat>,
        proof: Proof<'_>,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        retry::contended(TRIES, || self.try_open(user, seat, proof, origin)).await
    }

    async fn try_open(
        &self,
        user: UserId,
        seat: Option<Seat>,
        proof: Proof<'_>,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        let now = self.0.clock.system_now();
        let id = SessionId::from_uuid(self.0.ids.next());
        let policy = self.session_policy_for(seat.map(|(tenant, _)| tenant)).await?;
        let mut session = proof.session(id, user, origin, &policy, now);
        // Whoever goes on from another session signed in too long ago for this tenant.
        if !session.is_live(&policy, now) {
            return Err(SignInError::InvalidCredentials);
        }
        let (noted, refresh) = match seat {
            Some(seat) => {
                session.act_in(seat.0, seat.1);
                self.open_in_tenant(&session, seat, proof, origin, now).await?
            }
            None => self.open_on_platform(&session, proof, origin, now).await?,
        };
        if noted.newly_held {
            self.0.newcomers.newly_held(user, noted.user.email(), origin).await;
        }

        let tenant = match seat {
            Some((tenant, _)) => self.0.directory.tenant(tenant).await?,
            None => None,
        };
        let role = noted.user.platform_role();
        let tokens = self.0.tokens.issue(&session, &refresh, role, now)?;
        Ok(SignedIn {
            tokens,
            user: noted.user,
            tenant,
            device: noted.device,
            recovery_codes: noted.recovery_codes,
        })
    }

    /// A seat's session stands in its tenant's own log.
    async fn open_in_tenant(
        &self,
        session: &Session,
        (tenant, membership): Seat,
        proof: Proof<'_>,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<(Noted, RefreshText), SignInError> {
        let user = session.user();
        let gate = &self.0.gate;
        // Whoever may come in to pay must be able to sign in; what else they may not do, each request is told.
        let scope = gate
            .enter_member_to_pay(tenant, user, membership, session.id(), origin.clone())
            .await?;
        let mut unit = self.0.store.begin_spanning(&scope, Some(user)).await?;
        // The gate may have asked a cache; the seat itself is what counts.
        let found = unit.memberships().find(membership).await?;
        let open = found.filter(|seat| seat.user() == user && seat.state() == MembershipState::Active);
        let mut seat = open.ok_or_else(|| proof.seatless())?;
        seat.signed_in(now);
        unit.memberships().note_sign_in(&seat).await?;
        let (noted, refresh) = self.admit(&mut *unit, session, proof, origin, now).await?;
        unit.commit(started(session, &noted)).await?;
        Ok((noted, refresh))
    }

    /// A session without a seat stands in the platform's log.
    async fn open_on_platform(
        &self,
        session: &Session,
        proof: Proof<'_>,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<(Noted, RefreshText), SignInError> {
        let mut unit = self.0.people.begin_person(session.user(), origin).await?;
        let (noted, refresh) = self.admit(&mut *unit, session, proof, origin, now).await?;
        unit.commit(started(session, &noted)).await?;
        Ok((noted, refresh))
    }

    async fn admit(
        &self,
        unit: &mut dyn PersonUnit,
        session: &Session,
        proof: Proof<'_>,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<(Noted, RefreshText), SignInError> {
        let parts = &self.0;
        let mint = self.mint();
        let noted = proof
            .note(unit, session.user(), origin, (&*parts.codes, &mint), now)
            .await?;
        let keys = (&*parts.cipher, &*parts.entropy, &*parts.ids);
        let refresh = session::open(unit.sessions(), session, &parts.policy, keys, now).await?;
        Ok((noted, refresh))
    }
}

fn started(session: &Session, noted: &Noted) -> Vec<Event> {
    let mut event = Event::new("session.started", session.id()).set("methods", session.methods().amr());
    event.mails.clone_from(&noted.mails);
    std::iter::once(event).chain(noted.events.iter().cloned()).collect()
}
