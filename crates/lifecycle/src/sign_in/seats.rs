//! Where somebody signs in to.

use std::sync::Arc;

use tenantry_identity::user::User;
use tenantry_kernel::{MembershipId, Origin, TenantId, UserId};
use tenantry_tenancy::directory::{MemberAccess, TenantAccess};
use tenantry_tenancy::membership::MembershipState;
use tenantry_tenancy::security::SignInMethod;
use tenantry_tenancy::tenant::TenantState;

use super::error::SignInError;
use super::service::SignInService;

pub(super) type Seat = (TenantId, MembershipId);

impl SignInService {
    /// Where a person belongs, oldest membership first.
    ///
    /// # Errors
    /// The store's.
    pub async fn seats_of(&self, user: UserId) -> Result<Vec<(Arc<TenantAccess>, Arc<MemberAccess>)>, SignInError> {
        let mut seats = Vec::new();
        for (tenant, membership) in self.0.directory.memberships_of_user(user).await? {
            let found = self.0.directory.tenant(tenant).await?;
            let member = self.0.directory.member(tenant, membership).await?;
            seats.extend(found.zip(member));
        }
        Ok(seats)
    }

    /// The seat asked for; else none for platform people; else the first one that is open, in a tenant that may be
    /// used, and from here, if there is one.
    pub(super) async fn choose_seat(
        &self,
        user: &User,
        wanted: Option<&str>,
        origin: &Origin,
    ) -> Result<Option<Seat>, SignInError> {
        if let Some(tenant) = wanted {
            let seat = self.seat_in(user.id(), tenant).await?;
            return seat.map(Some).ok_or(SignInError::InvalidCredentials);
        }
        if user.platform_role().is_some() {
            return Ok(None);
        }
        let mut second_best = None;
        for (tenant, membership) in self.0.directory.memberships_of_user(user.id()).await? {
            if !self.is_open(tenant, membership).await? {
                continue;
            }
            let Some(found) = self.0.directory.tenant(tenant).await? else {
                continue;
            };
            let usable = found.status.state() == TenantState::Active && found.security.allows_address(origin.address);
            if usable {
                return Ok(Some((tenant, membership)));
            }
            second_best = second_best.or(Some((tenant, membership)));
        }
        Ok(second_best)
    }

    /// The tenant that a text names, whether the person is a member or not.
    pub(super) async fn named_tenant(&self, text: Option<&str>) -> Result<Option<TenantId>, SignInError> {
        let Some(text) = text else { return Ok(None) };
        match text.parse::<TenantId>() {
            Ok(id) => Ok(Some(id)),
            Err(_) => Ok(self.0.directory.tenant_by_slug(&text.to_ascii_lowercase()).await?),
        }
    }

    pub(super) async fn seat_in(&self, user: UserId, tenant: &str) -> Result<Option<Seat>, SignInError> {
        let Some(id) = self.named_tenant(Some(tenant)).await? else {
            return Ok(None);
        };
        let Some(membership) = self.0.directory.membership_of(id, user).await? else {
            return Ok(None);
        };
        Ok(self.is_open(id, membership).await?.then_some((id, membership)))
    }

    pub(super) async fn is_open(&self, tenant: TenantId, membership: MembershipId) -> Result<bool, SignInError> {
        let member = self.0.directory.member(tenant, membership).await?;
        Ok(member.is_some_and(|member| member.status == MembershipState::Active))
    }

    /// Passes when the tenant lets people sign in this way.
    pub(super) async fn require_method(&self, seat: Option<Seat>, method: SignInMethod) -> Result<(), SignInError> {
        let Some((tenant, _)) = seat else { return Ok(()) };
        let tenant = self.0.directory.tenant(tenant).await?;
        if tenant.is_none_or(|tenant| tenant.security.allows_method(method)) {
            Ok(())
        } else {
            Err(SignInError::MethodNotAllowed)
        }
    }
}
