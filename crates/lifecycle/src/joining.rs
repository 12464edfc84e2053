//! Coming in by a held address at a domain that a tenant proved: where one may, at once or on request, and who
//! decides.
//!
//! Only an address that is held ([`note_held`](tenantry_identity::email::note_held)) and a domain that the tenant proved
//! make a claim; without one a tenant answers as if it did not exist. The security policy (`domain_join`) says whether a
//! claim lets somebody in.

mod decide;
mod error;
mod join;
mod letter;
mod newcomers;
mod suggest;

use std::sync::Arc;

use tenantry_identity::store::{IdentityStore, PersonUnit};
use tenantry_identity::user::User;
use tenantry_kernel::{Clock, EmailAddress, EmailDomain, IdSource, StoreError, TenantId, UserId};
use tenantry_tenancy::directory::{AccessDirectory, BelongingDirectory, TenantAccess};
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::joining::JoinDirectory;
use tenantry_tenancy::role::{RoleDefinition, SystemRole};
use tenantry_tenancy::security::{JoinMode, SecurityPolicy};
use tenantry_tenancy::tenant::TenantState;

pub use error::JoinError;
pub use join::{Joined, Outcome};
pub use newcomers::Newcomers;
pub use suggest::{Joining, MOST, Suggestion};

use crate::catalog::Catalog;
use crate::store::LifecycleStore;

/// How often a change is tried when others are in the way.
const TRIES: u8 = 8;

/// What joining needs.
pub struct JoiningParts {
    /// The roles, and what counts seats.
    pub catalog: Arc<Catalog>,
    /// People.
    pub people: Arc<dyn IdentityStore>,
    /// Units over tenant and person.
    pub store: Arc<dyn LifecycleStore>,
    /// Tenants and memberships.
    pub access: Arc<dyn AccessDirectory>,
    /// Where people belong.
    pub belongings: Arc<dyn BelongingDirectory>,
    /// Which tenants proved which domains, and who asked.
    pub directory: Arc<dyn JoinDirectory>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn IdSource>,
    /// Where scopes are minted.
    pub gate: Gate,
}

/// Lets people in by their addresses.
pub struct JoiningService(JoiningParts);

impl JoiningService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: JoiningParts) -> Self {
        Self(parts)
    }

    /// The addresses that an active person holds, the primary one first.
    async fn held_by(&self, user: UserId) -> Result<Vec<EmailAddress>, StoreError> {
        let mut unit = self.0.people.read_person(user).await?;
        let Some(found) = unit.users().find(user).await?.filter(User::is_active) else {
            return Ok(Vec::new());
        };
        held(&mut *unit, &found).await
    }

    /// The tenant, when it is open and lets people in by their domain.
    async fn welcoming(&self, tenant: TenantId) -> Result<Option<Arc<TenantAccess>>, StoreError> {
        let found = self.0.access.tenant(tenant).await?;
        Ok(found.filter(|tenant| {
            tenant.status.state() == TenantState::Active && tenant.security.domain_join.mode != JoinMode::Off
        }))
    }

    /// The tenant that a text names.
    async fn named(&self, text: &str) -> Result<Option<TenantId>, StoreError> {
        match text.parse::<TenantId>() {
            Ok(id) => Ok(Some(id)),
            Err(_) => self.0.access.tenant_by_slug(&text.to_ascii_lowercase()).await,
        }
    }

    /// The role that an address alone gives; `None` when somebody of the tenant has to decide.
    fn automatic_role(&self, policy: &SecurityPolicy) -> Option<&RoleDefinition> {
        if policy.domain_join.mode != JoinMode::Auto {
            return None;
        }
        self.usual_role(policy)
    }

    /// The role that the policy names, the member's when it names none; `None` when it left the catalog, or has become
    /// one that lets others in or shuts them out.
    fn usual_role(&self, policy: &SecurityPolicy) -> Option<&RoleDefinition> {
        let roles = self.0.catalog.roles();
        let role = match &policy.domain_join.role {
            Some(code) => roles.get(code),
            None => roles.by_base(SystemRole::Member),
        };
        role.filter(|role| !matches!(role.base(), Some(SystemRole::Owner | SystemRole::Admin)))
    }
}

/// The addresses that the unit's person holds, the primary one first. That somebody verified one does not do: who follows a
/// link that a stranger asked for would lend the stranger their place.
async fn held<U: PersonUnit + ?Sized>(unit: &mut U, user: &User) -> Result<Vec<EmailAddress>, StoreError> {
    let known = unit.emails().list().await?;
    let mut emails: Vec<EmailAddress> = known
        .into_iter()
        .filter(|own| own.held_at.is_some())
        .map(|own| own.email)
        .collect();
    emails.sort_by_key(|email| email != user.email());
    Ok(emails)
}

/// The domains of these addresses at which not everybody can have one, each once.
fn domains(emails: &[EmailAddress]) -> Vec<EmailDomain> {
    let mut domains: Vec<EmailDomain> = Vec::new();
    for domain in emails.iter().map(EmailDomain::of) {
        if !domain.is_anybodys() && !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    domains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_domains_that_are_somebodys_count_and_each_once() {
        let emails = [
            "ada@acme.example",
            "ada@gmail.com",
            "a.l@acme.example",
            "ada@x.mailinator.com",
        ];
        let emails = emails.map(|email| EmailAddress::try_from(email).unwrap());

        let found = domains(&emails);

        assert_eq!(found, [EmailDomain::try_from("acme.example").unwrap()]);
    }
}
