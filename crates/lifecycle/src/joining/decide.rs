//! What the tenant does about requests. Whoever may invite decides.

use tenantry_identity::user::User;
use tenantry_kernel::{FieldError, Page, PageRequest, PermissionSet, TenantScope, UserId, retry};
use tenantry_tenancy::joining::{JoinRequest, JoinRequestId, RequestState};
use tenantry_tenancy::membership::{Membership, MembershipDetails, MembershipSource, policy, steps};
use tenantry_tenancy::permissions::MEMBERS_INVITE;

use super::{JoinError, JoiningService, TRIES, held, letter};
use crate::members::{MembersError, role_named, screening};
use crate::seats;

impl JoiningService {
    /// A page of the requests that wait, oldest first.
    ///
    /// # Errors
    /// Denied to all who may not invite under the policy; the store's.
    pub async fn waiting(&self, scope: &TenantScope, page: PageRequest) -> Result<Page<JoinRequest>, JoinError> {
        scope.require(&MEMBERS_INVITE)?;

        let mut unit = self.0.store.read_spanning(scope).await?;
        screening::inviting_under(&mut *unit, &self.0.catalog, scope).await?;
        Ok(unit.join_requests().waiting(self.0.clock.now(scope), page).await?)
    }

    /// Lets somebody in who asked, with this role, or the one that the policy gives. Takes a seat, and tells them by mail.
    ///
    /// # Errors
    /// Denied, also to who lacks what the role gives; `NotFound` when none waits; unknown role; no seat; `Void` when they
    /// have the address no longer; a member already; another domain than the policy allows.
    pub async fn approve(
        &self,
        scope: &TenantScope,
        id: JoinRequestId,
        role: Option<&str>,
    ) -> Result<Membership, JoinError> {
        scope.require(&MEMBERS_INVITE)?;

        let mut unit = self.0.store.read_spanning(scope).await?;
        screening::inviting_under(&mut *unit, &self.0.catalog, scope).await?;
        let found = unit.join_requests().find(id).await?;
        drop(unit);
        let user = found.ok_or(JoinError::NotFound)?.user();
        retry::contended(TRIES, || self.try_approve(scope, id, user, role)).await
    }

    async fn try_approve(
        &self,
        scope: &TenantScope,
        id: JoinRequestId,
        user: UserId,
        role: Option<&str>,
    ) -> Result<Membership, JoinError> {
        let now = self.0.clock.now(scope);
        let mut unit = self.0.store.begin_spanning(scope, Some(user)).await?;
        let own = steps::hold_roles(&mut *unit).await?;
        let book = own.book(self.0.catalog.roles());
        let policy_of_tenant = screening::inviting_under(&mut *unit, &self.0.catalog, scope).await?;
        let found = unit.join_requests().find(id).await?;
        let request = found.filter(|request| request.waits(now) && request.user() == user);
        let request = request.ok_or(JoinError::NotFound)?;
        let role = match role {
            Some(text) => role_named(book, text)?,
            None => self.usual_role(&policy_of_tenant).ok_or_else(no_role)?,
        };
        policy::may_grant(scope.permissions(), role, &PermissionSet::default())?;
        screening::allowed(&policy_of_tenant, request.email())?;
        let person = unit.users().find(user).await?.filter(User::is_active);
        let person = person.ok_or(JoinError::Void)?;
        if !held(&mut *unit, &person).await?.contains(request.email()) {
            return Err(JoinError::Void);
        }
        // Of approving, declining and taking back at once one wins.
        if !unit.join_requests().take(id).await? {
            return Err(JoinError::NotFound);
        }
        let details = MembershipDetails {
            user,
            email: request.email().clone(),
            name: Some(person.record().name.clone()),
            role: role.code.clone(),
            extra: PermissionSet::default(),
            department: None,
            position: None,
        };
        let member = Membership::join(request.membership(), details, now).sourced(MembershipSource::Domain);
        unit.memberships().insert(&member).await?;
        seats::adjust(&mut *unit, &self.0.catalog, 1, now).await?;
        unit.join_requests().unbar(user).await?;
        let mut created = member.created();
        created
            .mails
            .extend(letter::to_newcomer(&mut *unit, &self.0.catalog, &person, &member).await?);
        unit.commit(vec![created, request.approved(member.role())]).await?;
        Ok(member)
    }

    /// Declines a request. The person may ask again a month later.
    ///
    /// # Errors
    /// Denied; `NotFound` when none waits; the store's.
    pub async fn decline(&self, scope: &TenantScope, id: JoinRequestId) -> Result<(), JoinError> {
        scope.require(&MEMBERS_INVITE)?;

        retry::contended(TRIES, || async {
            let now = self.0.clock.now(scope);
            let mut unit = self.0.store.begin_spanning(scope, None).await?;
            screening::inviting_under(&mut *unit, &self.0.catalog, scope).await?;
            let found = unit.join_requests().find(id).await?;
            let request = found.filter(|request| request.waits(now)).ok_or(JoinError::NotFound)?;
            let declined = request.refused(now);
            if !unit.join_requests().replace(RequestState::Pending, &declined).await? {
                return Err(JoinError::NotFound);
            }
            unit.commit(vec![declined.declined()]).await?;
            Ok(())
        })
        .await
    }
}

/// The role that the policy names is none any more.
fn no_role() -> MembersError {
    let detail = "the security policy names no role that can be given; name one";
    MembersError::Invalid(vec![FieldError::new("role", "unknown_role", detail)])
}
