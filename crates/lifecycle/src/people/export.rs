//! What is known of a person, for the person, and for a tenant as far as the tenant knows it.

use tenantry_activity::audit::{AuditEntry, AuditFilter, OwnAct, ResourceFilter};
use tenantry_identity::api_key::{ApiKey, KeyFilter};
use tenantry_identity::device::RememberedDevice;
use tenantry_identity::email::OwnedEmail;
use tenantry_identity::passkey::Passkey;
use tenantry_identity::session::Session;
use tenantry_identity::user::User;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{MembershipId, PageRequest, TenantId, TenantScope, UserId};
use tenantry_tenancy::directory::Belonging;
use tenantry_tenancy::joining::JoinRequest;
use tenantry_tenancy::membership::{MemberError, Membership};
use tenantry_tenancy::permissions::MEMBERS_MANAGE;

use super::{PeopleError, PeopleService};

/// The most entries of each kind that one export holds: the newest ones.
pub const MOST: u16 = 5_000;

/// All that is known of a person, as the person may have it.
#[derive(Clone, Debug)]
pub struct PersonExport {
    /// Their profile.
    pub user: User,
    /// Their addresses.
    pub emails: Vec<OwnedEmail>,
    /// Their sessions, the youngest first.
    pub sessions: Vec<Session>,
    /// Since when codes of an authenticator app are asked for.
    pub totp_since: Option<OffsetDateTime>,
    /// Recovery codes that are left.
    pub recovery_codes: u64,
    /// Their passkeys.
    pub passkeys: Vec<Passkey>,
    /// Devices that are remembered.
    pub devices: Vec<RememberedDevice>,
    /// Where they belong.
    pub belongings: Vec<Belonging>,
    /// What they asked tenants to join.
    pub requests: Vec<(TenantId, JoinRequest)>,
    /// What they did, newest first.
    pub acts: Vec<OwnAct>,
}

/// What one tenant knows of a member.
#[derive(Clone, Debug)]
pub struct MemberExport {
    /// The membership.
    pub member: Membership,
    /// API keys they made.
    pub api_keys: Vec<ApiKey>,
    /// What they did, newest first.
    pub acts: Vec<AuditEntry>,
    /// What was done to their membership, newest first.
    pub about: Vec<AuditEntry>,
}

impl PeopleService {
    /// All that is known of the person.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn export(&self, person: UserId) -> Result<PersonExport, PeopleError> {
        let mut unit = self.0.people.read_person(person).await?;
        let user = unit.users().find(person).await?.ok_or(PeopleError::NotFound)?;
        let emails = unit.emails().list().await?;
        let sessions = unit.sessions().list_all(MOST).await?;
        let totp_since = unit.factors().totp().await?.and_then(|app| app.confirmed_at);
        let recovery_codes = unit.factors().recovery_codes_left().await?;
        let passkeys = unit.factors().passkeys().await?;
        let devices = unit.devices().list(self.0.clock.system_now()).await?;
        drop(unit);
        let mut belongings = Vec::new();
        let mut page = PageRequest::first();
        loop {
            let found = self.0.belongings.belongings(person, page).await?;
            belongings.extend(found.items);
            let next = found.next.map(|next| PageRequest::new(page.limit(), Some(next)));
            let Some(Ok(next)) = next else { break };
            page = next;
        }
        let requests = self.0.joining.requests_of(person).await?;
        let acts = self.0.acts.acts_of(person, MOST).await?;
        Ok(PersonExport {
            user,
            emails,
            sessions,
            totp_since,
            recovery_codes,
            passkeys,
            devices,
            belongings,
            requests,
            acts,
        })
    }

    /// What this tenant knows of a member.
    ///
    /// # Errors
    /// `Denied`, `Member` with not found, `Store`.
    pub async fn export_member(&self, scope: &TenantScope, id: MembershipId) -> Result<MemberExport, PeopleError> {
        scope.require(&MEMBERS_MANAGE)?;
        let mut unit = self.0.store.read_spanning(scope).await?;
        let member = unit.memberships().find(id).await?.ok_or(MemberError::NotFound)?;
        let now = self.0.clock.now(scope);
        let mut api_keys = Vec::new();
        let mut page = PageRequest::first();
        loop {
            let found = unit.api_keys().list(&KeyFilter::all(now), page).await?;
            let made = found
                .items
                .into_iter()
                .filter(|key| key.record().created_by == Some(id));
            api_keys.extend(made);
            let next = found.next.map(|next| PageRequest::new(page.limit(), Some(next)));
            let Some(Ok(next)) = next else { break };
            page = next;
        }
        drop(unit);
        let by_them = AuditFilter {
            actor: Some(id.to_string()),
            ..AuditFilter::default()
        };
        let about_them = AuditFilter {
            resource: Some(ResourceFilter::Id(id.to_string())),
            ..AuditFilter::default()
        };
        Ok(MemberExport {
            acts: self.entries(scope, &by_them).await?,
            about: self.entries(scope, &about_them).await?,
            member,
            api_keys,
        })
    }

    async fn entries(&self, scope: &TenantScope, filter: &AuditFilter) -> Result<Vec<AuditEntry>, PeopleError> {
        let mut unit = self.0.records.read(scope).await?;
        let mut all = Vec::new();
        let mut page = PageRequest::first();
        loop {
            let found = unit.audit().list(filter, page).await?;
            all.extend(found.items);
            let next = found.next.map(|next| PageRequest::new(page.limit(), Some(next)));
            match next {
                Some(Ok(next)) if all.len() < usize::from(MOST) => page = next,
                _ => return Ok(all),
            }
        }
    }
}
