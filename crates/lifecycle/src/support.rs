//! Support access: an operator acts on behalf of a member, with a reason, for a while. Both stand in the tenant's own log,
//! and its owners are told.
//!
//! **Invariant:** whether a visit goes on is decided in one place, [`SupportWatch`], for every call that it makes.

mod consent;
mod error;
mod letter;
mod watch;

use std::sync::Arc;

use tenantry_identity::directory::SessionDirectory;
use tenantry_identity::store::IdentityStore;
use tenantry_identity::support::{Impersonation, MAX_MINUTES, Reason, SupportDirectory};
use tenantry_identity::token::{SupportClaims, TokenClaims, TokenSigner};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{
    Clock, Event, FieldError, IdSource, ImpersonationId, MembershipId, Origin, PermissionSet, Principal, Secret,
    SessionId, StoreError, SystemScope, TenantId, TenantScope, UserId, retry,
};
use tenantry_tenancy::directory::AccessDirectory;
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::membership::MembershipState;

pub use consent::SupportLog;
pub use error::SupportError;
pub use watch::SupportWatch;
pub(crate) use watch::acting;

use crate::catalog::Catalog;
use crate::roles::{self, PLATFORM_MANAGE, PLATFORM_READ};
use crate::store::LifecycleStore;

/// How long a visit lasts where nobody says.
const USUAL_MINUTES: i64 = 15;
/// Rows of a list.
const LISTED: u32 = 200;
/// How often a change is tried when others are in the way.
const TRIES: u8 = 3;

/// A visit that an operator asks for.
#[derive(Clone, Debug)]
pub struct StartVisit {
    /// The tenant, by id or slug.
    pub tenant: String,
    /// The membership of the member on whose behalf.
    pub membership: String,
    /// Why; the tenant reads it.
    pub reason: String,
    /// For how long; 15 minutes when absent.
    pub minutes: Option<i64>,
    /// False to change things, too; true when absent.
    pub read_only: Option<bool>,
}

/// A visit that has begun. Its token is nowhere else, and there is none to refresh it with.
#[derive(Clone, Debug)]
pub struct StartedVisit {
    /// The visit.
    pub visit: Impersonation,
    /// Its access token.
    pub access: Secret<String>,
    /// Whole seconds until the token expires.
    pub expires_in_s: i64,
}

/// What support access needs.
pub struct SupportParts {
    /// The owners' role, and what the product is called.
    pub catalog: Arc<Catalog>,
    /// People.
    pub people: Arc<dyn IdentityStore>,
    /// Units over tenants.
    pub store: Arc<dyn LifecycleStore>,
    /// Visits of all tenants.
    pub visits: Arc<dyn SupportDirectory>,
    /// Tenants and members.
    pub directory: Arc<dyn AccessDirectory>,
    /// Sessions and roles of operators.
    pub sessions: Arc<dyn SessionDirectory>,
    /// Signs tokens.
    pub signer: Arc<dyn TokenSigner>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn IdSource>,
    /// Where scopes are minted.
    pub gate: Gate,
}

/// Starts, lists and ends visits, and keeps consents.
pub struct SupportService {
    parts: SupportParts,
    watch: SupportWatch,
}

/// A visit as it was asked for, checked.
struct Wanted {
    tenant: TenantId,
    membership: MembershipId,
    user: UserId,
    reason: Reason,
    life: Duration,
    read_only: bool,
}

impl SupportService {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: SupportParts) -> Self {
        let watch = SupportWatch::new(
            Arc::clone(&parts.directory),
            Arc::clone(&parts.visits),
            Arc::clone(&parts.sessions),
        );
        Self { parts, watch }
    }

    /// Begins a visit: an operator acts on behalf of a member. Who may only look at tenants may only look here. The
    /// tenant's owners get a mail.
    ///
    /// # Errors
    /// `Denied`, `NotAPerson`; `Invalid` with every field at fault; `NoConsent`; `Enter`; `Signing`; `Store`.
    pub async fn start(&self, scope: &SystemScope, request: StartVisit) -> Result<StartedVisit, SupportError> {
        scope.require(&PLATFORM_READ)?;
        let (operator, session) = person(scope)?;
        if request.read_only == Some(false) {
            scope.require(&PLATFORM_MANAGE)?;
        }
        let wanted = self.wanted(&request).await?;
        let now = self.parts.clock.system_now();
        if !self.watch.agreed(wanted.tenant, now).await? {
            return Err(SupportError::NoConsent);
        }
        // Tokens carry whole seconds (RFC 7519, NumericDate).
        let started_at = now.replace_nanosecond(0).unwrap_or(now);
        let visit = Impersonation {
            id: ImpersonationId::from_uuid(self.parts.ids.next()),
            tenant: wanted.tenant,
            operator,
            session,
            membership: wanted.membership,
            user: wanted.user,
            reason: wanted.reason,
            read_only: wanted.read_only,
            started_at,
            expires_at: started_at + wanted.life,
            ended_at: None,
        };
        let inside = self.enter(&visit, scope.origin().clone()).await?;
        let inside = match scope.receipt() {
            Some(receipt) => inside.with_receipt(receipt.clone()),
            None => inside,
        };
        let mails = letter::to_owners(&self.parts, &inside, &visit).await?;

        let mut unit = self.parts.store.begin_spanning(&inside, None).await?;
        unit.support().add_visit(&visit).await?;
        let event = told("support_access.started", &visit)
            .set("read_only", visit.read_only)
            .set("until", visit.expires_at);
        unit.commit(vec![mails.into_iter().fold(event, Event::mail)]).await?;

        let claims = SupportClaims {
            impersonation: visit.id,
            operator,
            tenant: visit.tenant,
            membership: visit.membership,
            user: visit.user,
            read_only: visit.read_only,
            reason: visit.reason.as_str().to_owned(),
            issued_at: visit.started_at,
            expires_at: visit.expires_at,
            jti: self.parts.ids.next(),
        };
        Ok(StartedVisit {
            access: Secret::new(self.parts.signer.sign(&TokenClaims::Support(claims))?),
            expires_in_s: wanted.life.whole_seconds(),
            visit,
        })
    }

    /// The visit enters its tenant, with what is left of the member's permissions.
    async fn enter(&self, visit: &Impersonation, origin: Origin) -> Result<TenantScope, SupportError> {
        let narrow = |held: &PermissionSet| roles::of_support(held, visit.read_only);
        let (gate, acting) = (&self.parts.gate, acting(visit));
        Ok(gate
            .enter_support(visit.tenant, visit.user, acting, narrow, origin)
            .await?)
    }

    async fn wanted(&self, request: &StartVisit) -> Result<Wanted, SupportError> {
        let mut faults = Vec::new();
        let tenant = self.tenant(&request.tenant).await?;
        let member = match tenant {
            Some(tenant) => self.member(tenant, &request.membership).await?,
            None => None,
        };
        match (tenant, &member) {
            (None, _) => faults.push(FieldError::new("tenant", "unknown_tenant", "is no tenant")),
            (_, None) => {
                let detail = "is no active member of that tenant";
                faults.push(FieldError::new("user", "unknown_member", detail));
            }
            _ => {}
        }
        let reason = Reason::try_from(request.reason.as_str())
            .map_err(|rule| faults.push(FieldError::new("reason", "invalid_value", rule)))
            .ok();
        let minutes = request.minutes.unwrap_or(USUAL_MINUTES);
        if !(1..=MAX_MINUTES).contains(&minutes) {
            let detail = format!("must be 1 to {MAX_MINUTES} minutes");
            faults.push(FieldError::new("minutes", "out_of_range", detail));
        }
        match (tenant, member, reason) {
            (Some(tenant), Some((membership, user)), Some(reason)) if faults.is_empty() => Ok(Wanted {
                tenant,
                membership,
                user,
                reason,
                life: Duration::minutes(minutes),
                read_only: request.read_only.unwrap_or(true),
            }),
            _ => Err(SupportError::Invalid(faults)),
        }
    }

    async fn tenant(&self, named: &str) -> Result<Option<TenantId>, StoreError> {
        let directory = &self.parts.directory;
        match named.parse::<TenantId>() {
            Ok(id) => Ok(directory.tenant(id).await?.map(|tenant| tenant.id)),
            // A slug never looks like an id.
            Err(_) => directory.tenant_by_slug(&named.to_ascii_lowercase()).await,
        }
    }

    async fn member(&self, tenant: TenantId, named: &str) -> Result<Option<(MembershipId, UserId)>, StoreError> {
        let Ok(membership) = named.parse::<MembershipId>() else {
            return Ok(None);
        };
        let found = self.parts.directory.member(tenant, membership).await?;
        let active = found.filter(|member| member.status == MembershipState::Active);
        Ok(active.map(|member| (membership, member.user)))
    }

    /// The visit, while it goes on.
    ///
    /// # Errors
    /// The directories'.
    pub async fn live(
        &self,
        tenant: TenantId,
        id: ImpersonationId,
        now: OffsetDateTime,
    ) -> Result<Option<Arc<Impersonation>>, StoreError> {
        self.watch.live(tenant, id, now).await
    }

    /// The visits that have not been ended and whose time is not over, in all tenants, the youngest first; 200 at most.
    ///
    /// # Errors
    /// `Denied`, `Store`.
    pub async fn running(&self, scope: &SystemScope) -> Result<Vec<Impersonation>, SupportError> {
        scope.require(&PLATFORM_READ)?;
        let now = self.parts.clock.system_now();
        Ok(self.parts.visits.running(scope, now, LISTED).await?)
    }

    /// Ends a visit: an operator's own, or anybody's for those who manage the platform. Within a second its token is
    /// worth nothing on any node.
    ///
    /// # Errors
    /// `Denied`, `NotAPerson`, `NotFound` unless it goes on, `Store`.
    pub async fn end(&self, scope: &SystemScope, id: ImpersonationId) -> Result<(), SupportError> {
        scope.require(&PLATFORM_READ)?;
        let (user, session) = person(scope)?;
        let now = self.parts.clock.system_now();
        let visit = self.parts.visits.running_visit(scope, now, id).await?;
        let visit = visit.ok_or(SupportError::NotFound)?;
        if user != visit.operator {
            scope.require(&PLATFORM_MANAGE)?;
        }
        self.finish(&visit, Principal::Operator { user, session }, scope.origin())
            .await
    }

    /// Ends the visit whose token is shown; one that is over is left as it is.
    ///
    /// # Errors
    /// `Enter`, `Store`.
    pub async fn leave(&self, tenant: TenantId, id: ImpersonationId, origin: &Origin) -> Result<(), SupportError> {
        let now = self.parts.clock.system_now();
        let found = self.parts.visits.visit(tenant, id).await?;
        let Some(visit) = found.filter(|visit| visit.is_live(now)) else {
            return Ok(());
        };
        match self.finish(&visit, acting(&visit), origin).await {
            Err(SupportError::NotFound) => Ok(()),
            outcome => outcome,
        }
    }

    /// Whoever ends it stands in the tenant's log. Of two who end it at once one is told that it goes on no more.
    async fn finish(&self, visit: &Impersonation, by: Principal, origin: &Origin) -> Result<(), SupportError> {
        let gate = &self.parts.gate;
        let inside = gate.enter_to_end(visit.tenant, by, origin.clone()).await?;
        retry::contended(TRIES, || async {
            let now = self.parts.clock.system_now();
            let mut unit = self.parts.store.begin_spanning(&inside, None).await?;
            if !unit.support().end_visit(visit.id, now).await? {
                return Err(SupportError::NotFound);
            }
            unit.commit(vec![ended(visit, now)]).await?;
            Ok(())
        })
        .await
    }
}

/// The operator, as a person who is signed in: programs act on nobody's behalf.
const fn person(scope: &SystemScope) -> Result<(UserId, SessionId), SupportError> {
    match *scope.principal() {
        Principal::Operator { user, session } => Ok((user, session)),
        _ => Err(SupportError::NotAPerson),
    }
}

/// What both events of a visit say.
fn told(action: &'static str, visit: &Impersonation) -> Event {
    Event::new(action, visit.id)
        .of(visit.user)
        .set("operator", visit.operator.to_string())
        .set("on_behalf_of", visit.membership.to_string())
        .set("reason", visit.reason.as_str())
}

fn ended(visit: &Impersonation, now: OffsetDateTime) -> Event {
    told("support_access.ended", visit).set("ended_at", now)
}

#[cfg(test)]
mod tests;
