//! The tenant's side: who came, and its consent to that.

use tenantry_identity::support::{Consent, ConsentId, Impersonation, MAX_CONSENT_HOURS};
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Denied, Event, FieldError, Principal, TenantScope, retry};

use super::{LISTED, SupportError, SupportService, TRIES, ended};
use crate::roles::SUPPORT_ACCESS_MANAGE;

/// What a tenant sees of support access.
#[derive(Clone, Debug)]
pub struct SupportLog {
    /// Consents, the youngest first.
    pub consents: Vec<Consent>,
    /// Visits, the youngest first.
    pub visits: Vec<Impersonation>,
    /// When it was asked.
    pub now: OffsetDateTime,
}

impl SupportService {
    /// What the tenant sees of support access: its consents, and who came; the latest 200 of each.
    ///
    /// # Errors
    /// `Denied`, `Store`.
    pub async fn log(&self, scope: &TenantScope) -> Result<SupportLog, SupportError> {
        scope.require(&SUPPORT_ACCESS_MANAGE)?;
        let mut unit = self.parts.store.read_spanning(scope).await?;
        Ok(SupportLog {
            consents: unit.support().consents(LISTED).await?,
            visits: unit.support().visits(LISTED).await?,
            now: self.parts.clock.system_now(),
        })
    }

    /// Agrees to support access for some hours. Members agree, and nobody in their place: neither programs nor the
    /// installation's own people.
    ///
    /// # Errors
    /// `Denied`, `Invalid`, `Store`.
    pub async fn agree(&self, scope: &TenantScope, hours: i64) -> Result<Consent, SupportError> {
        scope.require(&SUPPORT_ACCESS_MANAGE)?;
        let Principal::Member { membership, .. } = *scope.principal() else {
            return Err(Denied::new(SUPPORT_ACCESS_MANAGE).into());
        };
        if !(1..=MAX_CONSENT_HOURS).contains(&hours) {
            let detail = format!("must be 1 to {MAX_CONSENT_HOURS} hours");
            let fault = FieldError::new("hours", "out_of_range", detail);
            return Err(SupportError::Invalid(vec![fault]));
        }
        let now = self.parts.clock.system_now();
        let consent = Consent {
            id: ConsentId::from_uuid(self.parts.ids.next()),
            given_by: membership,
            given_at: now,
            expires_at: now + Duration::hours(hours),
            ended_at: None,
        };

        let mut unit = self.parts.store.begin_spanning(scope, None).await?;
        unit.support().add_consent(&consent).await?;
        let event = Event::new("support_access.agreed", consent.id).set("until", consent.expires_at);
        unit.commit(vec![event]).await?;
        Ok(consent)
    }

    /// Takes a consent back. Where the tenant's policy asks for one and no other holds, visits end with it: a later
    /// consent is not one to them.
    ///
    /// # Errors
    /// `Denied`, `NotFound` unless it holds, `Store`.
    pub async fn withdraw(&self, scope: &TenantScope, id: ConsentId) -> Result<(), SupportError> {
        scope.require(&SUPPORT_ACCESS_MANAGE)?;
        let asks = self.watch.asks(scope.tenant_id()).await?;
        retry::contended(TRIES, || self.try_withdraw(scope, id, asks)).await
    }

    async fn try_withdraw(&self, scope: &TenantScope, id: ConsentId, asks: bool) -> Result<(), SupportError> {
        let now = self.parts.clock.system_now();

        let mut unit = self.parts.store.begin_spanning(scope, None).await?;
        if !unit.support().end_consent(id, now).await? {
            return Err(SupportError::NotFound);
        }
        let mut events = vec![Event::new("support_access.withdrawn", id).set("ended_at", now)];
        let others = unit.support().consents(LISTED).await?;
        if asks && !others.iter().any(|consent| consent.is_live(now)) {
            for visit in unit.support().visits(LISTED).await? {
                if visit.is_live(now) && unit.support().end_visit(visit.id, now).await? {
                    events.push(ended(&visit, now));
                }
            }
        }
        unit.commit(events).await?;
        Ok(())
    }
}
