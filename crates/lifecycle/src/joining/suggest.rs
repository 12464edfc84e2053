//! Where a person may come in.

use std::collections::BTreeSet;
use std::sync::Arc;

use tenantry_kernel::{EmailAddress, EmailDomain, PageRequest, TenantId, UserId};
use tenantry_tenancy::directory::{Belonging, TenantAccess};
use tenantry_tenancy::joining::JoinRequest;
use tenantry_tenancy::membership::MembershipState;
use tenantry_tenancy::tenant::TenantState;

use super::{JoinError, JoiningService, domains};

/// The most tenants that are looked at for one person's domains.
pub const MOST: u16 = 100;

/// How a person comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// By accepting the invitation that waits for them.
    Invitation,
    /// At once.
    Automatic,
    /// When somebody of the tenant agrees.
    Request,
}

/// A tenant that a person may come in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The tenant.
    pub tenant: Arc<TenantAccess>,
    /// The held address that makes the claim.
    pub email: EmailAddress,
    /// How.
    pub joining: Joining,
    /// What the person asked this tenant, unless it has run out.
    pub request: Option<JoinRequest>,
}

impl JoiningService {
    /// The tenants that the person may come in to: those that invited one of their held addresses, then those that
    /// proved the domain of one and let people in by it. Where they belong already is not among them.
    ///
    /// # Errors
    /// The store's.
    pub async fn suggestions(&self, user: UserId) -> Result<Vec<Suggestion>, JoinError> {
        let emails = self.held_by(user).await?;
        if emails.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.0.clock.system_now();
        let belongings = self.all_belongings(user).await?;
        let mut found = Vec::new();
        for belonging in &belongings {
            let open = belonging.status == MembershipState::Invited
                && belonging.state == TenantState::Active
                && belonging.invitation_expires_at.is_some_and(|at| now < at)
                && emails.contains(&belonging.email);
            if !open {
                continue;
            }
            found.extend(self.0.access.tenant(belonging.tenant).await?.map(|tenant| Suggestion {
                tenant,
                email: belonging.email.clone(),
                joining: Joining::Invitation,
                request: None,
            }));
        }

        let proved = self.0.directory.proved_by(&domains(&emails), MOST).await?;
        let requests = self.0.directory.requests_of(user).await?;
        let barred = self.0.directory.barred_from(user).await?;
        let mut seen: BTreeSet<TenantId> = belongings.iter().map(|belonging| belonging.tenant).collect();
        for (_, id) in &proved {
            if !seen.insert(*id) {
                continue;
            }
            let Some(tenant) = self.welcoming(*id).await? else {
                continue;
            };
            let claims = |email: &&EmailAddress| {
                let at = |(domain, proved_by): &(EmailDomain, TenantId)| proved_by == id && domain.has(email);
                proved.iter().any(at) && tenant.security.allows_email(email)
            };
            let Some(email) = emails.iter().find(claims).cloned() else {
                continue;
            };
            let at_once = self.automatic_role(&tenant.security).is_some() && !barred.contains(id);
            let request = requests
                .iter()
                .find(|(asked, request)| asked == id && !request.is_over(now));
            found.push(Suggestion {
                tenant,
                email,
                joining: if at_once { Joining::Automatic } else { Joining::Request },
                request: request.map(|(_, request)| request.clone()),
            });
        }
        Ok(found)
    }

    async fn all_belongings(&self, user: UserId) -> Result<Vec<Belonging>, JoinError> {
        let mut all = Vec::new();
        let mut page = PageRequest::first();
        loop {
            let found = self.0.belongings.belongings(user, page).await?;
            all.extend(found.items);
            let next = found.next.map(|next| PageRequest::new(page.limit(), Some(next)));
            let Some(Ok(next)) = next else { return Ok(all) };
            page = next;
        }
    }
}
