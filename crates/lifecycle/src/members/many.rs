//! Many at once: invitations by file, and people who are brought along from another system. A report tells what became
//! of each row; what is right lands, whatever stands beside it.
//!
//! All of it is one transaction: a look-up of all addresses, one of all memberships, one move of the seats, and one
//! insert per table.

mod admit;
mod report;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use tenantry_identity::user::User;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailAddress, Event, MembershipId, Principal, StoreError, TenantScope, UserId, retry};
use tenantry_tenancy::membership::{
    Invitation, MemberError, Membership, MembershipDetails, MembershipSource, MembershipState,
};
use tenantry_tenancy::membership::{policy, steps};
use tenantry_tenancy::permissions::{MEMBERS_INVITE, MEMBERS_MANAGE, PLATFORM_MANAGE};
use tenantry_tenancy::role::RoleBook;

pub use report::{Outcome, Verdict};
pub use rows::{Arrival, InvalidDays, InvitationDays, ListedRow, MAX_ROWS, Newcomer};

use self::admit::Admitted;
use super::error::MembersError;
use super::letter::{Letterhead, Minting};
use super::screening;
use super::service::{MembersService, TRIES, name_of};
use crate::seats;
use crate::store::LifecycleUnit;

/// A row that passed every check that needs no database.
struct Candidate<'a> {
    /// Its place in the report.
    at: usize,
    wish: &'a Newcomer,
    admitted: Admitted,
}

/// Somebody who is to be written.
struct Written<'a> {
    at: usize,
    wish: &'a Newcomer,
    membership: Membership,
    /// A person whom nobody knew before.
    person: Option<User>,
}

impl Written<'_> {
    fn sourced(mut self, source: Option<MembershipSource>) -> Self {
        if let Some(source) = source {
            self.membership = self.membership.sourced(source);
        }
        self
    }
}

impl MembersService {
    /// Invites or adds many. The answer has one verdict per row, in their order. With `dry_run` nothing is written and
    /// nobody hears of it: the report says what would become of each.
    ///
    /// # Errors
    /// [`MembersError`]: denied, or the store failed. What is wrong with one row is that row's verdict.
    pub async fn add_many(
        &self,
        scope: &TenantScope,
        rows: &[ListedRow],
        dry_run: bool,
    ) -> Result<Vec<Verdict>, MembersError> {
        scope.require(&MEMBERS_INVITE)?;
        self.land(scope, rows, dry_run, None).await
    }

    async fn land(
        &self,
        scope: &TenantScope,
        rows: &[ListedRow],
        dry_run: bool,
        source: Option<MembershipSource>,
    ) -> Result<Vec<Verdict>, MembersError> {
        retry::contended(TRIES, || async {
            let own = self.roles_of(scope).await?;
            let book = own.book(self.parts().catalog.roles());
            let mut verdicts: Vec<Verdict> = rows.iter().map(Verdict::open).collect();
            let candidates = self.candidates(scope, book, rows, &mut verdicts);
            let attempt = self.try_land(scope, &candidates, verdicts, dry_run, source).await;
            // Somebody else added one of them meanwhile: looked up again, that row says so.
            attempt.map_err(|cause| match cause {
                MembersError::Member(MemberError::AlreadyMember) => StoreError::Contended.into(),
                other => other,
            })
        })
        .await
    }

    /// Brings people along from another system: as [`MembersService::add_many`], and members without an invitation,
    /// also such as are shut out.
    ///
    /// # Errors
    /// As [`MembersService::add_many`].
    pub async fn import(
        &self,
        scope: &TenantScope,
        rows: &[ListedRow],
        dry_run: bool,
    ) -> Result<Vec<Verdict>, MembersError> {
        scope.require(&MEMBERS_MANAGE)?;
        scope.require(&MEMBERS_INVITE)?;
        self.land(scope, rows, dry_run, Some(MembershipSource::Import)).await
    }

    /// Rows that may be tried. The others get their verdict here: what is wrong by itself, what stands twice, what the
    /// caller may not give.
    fn candidates<'a>(
        &self,
        scope: &TenantScope,
        book: &RoleBook,
        rows: &'a [ListedRow],
        verdicts: &mut [Verdict],
    ) -> Vec<Candidate<'a>> {
        let is_operator = scope.permissions().holds(&PLATFORM_MANAGE);
        let mut first_with: HashMap<&EmailAddress, u32> = HashMap::new();
        let mut candidates = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let Some(verdict) = verdicts.get_mut(at) else { continue };
            let wish = match &row.wish {
                Ok(wish) => wish,
                Err(errors) => {
                    verdict.outcome = Outcome::Invalid(errors.clone());
                    continue;
                }
            };
            if let Some(first) = first_with.get(&wish.email) {
                verdict.outcome = Outcome::Duplicate { first: *first };
                continue;
            }
            first_with.insert(&wish.email, row.number);
            match self.admissible(scope, book, wish, is_operator) {
                Ok(admitted) => candidates.push(Candidate { at, wish, admitted }),
                Err(refusal) => verdict.outcome = refusal.into_outcome(),
            }
        }
        candidates
    }

    async fn try_land(
        &self,
        scope: &TenantScope,
        candidates: &[Candidate<'_>],
        mut verdicts: Vec<Verdict>,
        dry_run: bool,
        source: Option<MembershipSource>,
    ) -> Result<Vec<Verdict>, MembersError> {
        let now = self.parts().clock.now(scope);
        let emails: Vec<EmailAddress> = candidates.iter().map(|one| one.wish.email.clone()).collect();
        let known = self.parts().people.users_by_email(&emails).await?;
        let mut written: Vec<Written<'_>> = candidates
            .iter()
            .map(|candidate| self.draft_of(scope, candidate, &known, now))
            .map(|one| one.sourced(source))
            .collect();

        let people: Vec<UserId> = written.iter().map(|one| one.membership.user()).collect();
        let mut unit = if dry_run {
            self.parts().store.read_spanning(scope).await?
        } else {
            self.parts().store.begin_adding(scope, &people).await?
        };
        if !dry_run {
            // As they were a moment ago, or all of it is looked at again: roles go, and come to allow more.
            let own = steps::hold_roles(&mut *unit).await?;
            let book = own.book(self.parts().catalog.roles());
            let holds = |one: &Candidate<'_>| {
                let role = book.get(&one.admitted.role);
                role.is_some_and(|role| policy::may_grant(scope.permissions(), role, &one.admitted.extra).is_ok())
            };
            if !candidates.iter().all(holds) {
                return Err(StoreError::Contended.into());
            }
        }
        let policy = screening::inviting_under(&mut *unit, &self.parts().catalog, scope).await?;
        written.retain(|one| {
            let fault = screening::elsewhere(&policy, one.membership.email());
            let refused = fault.is_some();
            if let (Some(fault), Some(verdict)) = (fault, verdicts.get_mut(one.at)) {
                verdict.outcome = Outcome::Invalid(vec![fault]);
            }
            !refused
        });
        let there = unit.memberships().among(&emails, &people).await?;
        written.retain(|one| {
            let same = |member: &&Membership| {
                member.email() == one.membership.email() || member.user() == one.membership.user()
            };
            let found = there.iter().find(same);
            if let (Some(member), Some(verdict)) = (found, verdicts.get_mut(one.at)) {
                verdict.outcome = Outcome::there_already(member);
            }
            found.is_none()
        });
        self.seat(&mut *unit, &mut written, &mut verdicts, now, dry_run).await?;
        for one in &written {
            if let Some(verdict) = verdicts.get_mut(one.at) {
                verdict.outcome = Outcome::Landed {
                    id: (!dry_run).then(|| one.membership.id()),
                    state: one.membership.state(),
                    known: one.wish.password_hash.is_some() && one.person.is_none(),
                };
            }
        }
        if !dry_run {
            self.write_all(scope, unit, &written, now).await?;
        }
        Ok(verdicts)
    }

    /// Takes seats for as many as fit, in the order of their rows; the others are told that the plan is full.
    async fn seat(
        &self,
        unit: &mut dyn LifecycleUnit,
        written: &mut Vec<Written<'_>>,
        verdicts: &mut [Verdict],
        now: OffsetDateTime,
        dry_run: bool,
    ) -> Result<(), MembersError> {
        let takes_a_seat = |one: &Written<'_>| one.membership.state().takes_a_seat();
        let wanted = i64::try_from(written.iter().filter(|one| takes_a_seat(one)).count()).unwrap_or(i64::MAX);
        let catalog = &self.parts().catalog;
        let seating = if dry_run {
            seats::free(unit, catalog, wanted, now).await?
        } else {
            seats::take_up_to(unit, catalog, wanted, now).await?
        };
        let mut left = seating.taken;
        written.retain(|one| {
            if !takes_a_seat(one) || left > 0 {
                left -= i64::from(takes_a_seat(one));
                return true;
            }
            if let (Some(verdict), Some(full)) = (verdicts.get_mut(one.at), &seating.full) {
                verdict.outcome = Outcome::no_seat(full);
            }
            false
        });
        Ok(())
    }

    fn draft_of<'a>(
        &self,
        scope: &TenantScope,
        candidate: &Candidate<'a>,
        known: &BTreeMap<EmailAddress, UserId>,
        now: OffsetDateTime,
    ) -> Written<'a> {
        let wish = candidate.wish;
        let user = known.get(&wish.email).copied();
        let name = wish.name.clone().unwrap_or_else(|| name_of(&wish.email));
        let details = MembershipDetails {
            user: user.unwrap_or_else(|| UserId::from_uuid(self.parts().ids.next())),
            email: wish.email.clone(),
            name: Some(name.clone()),
            role: candidate.admitted.role.clone(),
            extra: candidate.admitted.extra.clone(),
            department: wish.department.clone(),
            position: wish.position.clone(),
        };
        let id = MembershipId::from_uuid(self.parts().ids.next());
        let person = user.is_none().then(|| {
            let locale = wish.locale.clone().unwrap_or_default();
            let mut person = User::register(details.user, wish.email.clone(), name, locale, now);
            // Only operators can bring these; somebody who is known keeps what is theirs.
            if let Some(password) = candidate.admitted.password.clone() {
                person.set_password(password);
            }
            if wish.verified {
                person.verify_email(now);
            }
            person
        });
        let membership = match wish.arrival {
            Arrival::Invited => {
                let invitation = Invitation {
                    by: inviter(scope),
                    expires_at: self.invitation_end(wish.expires_in, now),
                };
                Membership::invite(id, details, invitation, now)
            }
            Arrival::Active => Membership::join(id, details, now),
            Arrival::Deactivated => Membership::closed(id, details, now),
        };
        Written {
            at: candidate.at,
            wish,
            membership,
            person,
        }
    }

    async fn write_all(
        &self,
        scope: &TenantScope,
        mut unit: Box<dyn LifecycleUnit>,
        written: &[Written<'_>],
        now: OffsetDateTime,
    ) -> Result<(), MembersError> {
        let parts = self.parts();
        let head = Letterhead::read(&mut *unit, scope.tenant_id(), parts.catalog.display(), inviter(scope)).await?;
        // In the order of addresses: of two who write the same people at once, one waits and neither gets stuck.
        let mut people: Vec<User> = written.iter().filter_map(|one| one.person.clone()).collect();
        for (person, wish) in people.iter_mut().zip(written.iter().filter(|one| one.person.is_some())) {
            if wish.wish.locale.is_none() {
                person.speak(head.locale.clone());
            }
        }
        people.sort_by(|one, other| one.email().cmp(other.email()));
        let mut members: Vec<Membership> = written.iter().map(|one| one.membership.clone()).collect();
        members.sort_by(|one, other| one.email().cmp(other.email()));
        unit.users().insert_many(&people).await?;
        unit.memberships().insert_many(&members).await?;

        let mint = Minting {
            cipher: &*parts.cipher,
            entropy: &*parts.entropy,
            ids: &*parts.ids,
        };
        let mut tokens = Vec::new();
        let mut events: Vec<Event> = Vec::with_capacity(written.len());
        for one in written {
            let mut event = one.membership.created();
            if one.membership.state() == MembershipState::Invited {
                let (token, text) = head.token(&one.membership, mint, now);
                tokens.push(token);
                let wish = one.wish;
                event = event.mail(head.mail(&one.membership, wish.message.as_ref(), wish.locale.as_ref(), text));
            }
            events.push(event);
        }
        unit.one_time_tokens().insert_many(&tokens).await?;
        unit.commit(events).await?;
        Ok(())
    }
}

/// Who invites, if a member does.
pub(super) const fn inviter(scope: &TenantScope) -> Option<MembershipId> {
    match scope.principal() {
        Principal::Member { membership, .. } => Some(*membership),
        _ => None,
    }
}
