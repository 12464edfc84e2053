//! Domains of addresses, and requests to join.

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{EmailDomain, Page, PageRequest, StoreError, UserId, async_trait};
use tenantry_tenancy::joining::{JOIN_REQUESTED, JoinRequest, JoinRequestId, JoinRequestRepository, RequestState};
use tenantry_tenancy::mail_domain::{MAIL_DOMAIN_EXISTS, MailDomain, MailDomainId, MailDomainRepository};

use super::tenancy::page_of;
use super::unit::FakeUnit;

#[async_trait]
impl MailDomainRepository for FakeUnit {
    async fn find(&mut self, id: MailDomainId) -> Result<Option<MailDomain>, StoreError> {
        Ok(self.rows().mail_domains.iter().find(|row| row.id() == id).cloned())
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<MailDomain>, StoreError> {
        let all = self.rows().mail_domains.clone();
        Ok(page_of(all.into_iter(), page, |row| row.id().as_uuid()))
    }

    async fn count(&mut self) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.rows().mail_domains.len()).unwrap_or(u64::MAX))
    }

    async fn proved(&mut self, among: &[EmailDomain]) -> Result<Vec<EmailDomain>, StoreError> {
        let proved = self
            .rows()
            .mail_domains
            .iter()
            .filter(|row| row.verified_at().is_some());
        let asked = proved
            .map(|row| row.domain().clone())
            .filter(|domain| among.contains(domain));
        Ok(asked.collect())
    }

    async fn insert(&mut self, domain: &MailDomain) -> Result<(), StoreError> {
        let rows = &mut self.rows().mail_domains;
        if rows.iter().any(|row| row.domain() == domain.domain()) {
            return Err(StoreError::Conflict(MAIL_DOMAIN_EXISTS));
        }
        rows.push(domain.clone());
        Ok(())
    }

    async fn update(&mut self, domain: &MailDomain) -> Result<(), StoreError> {
        let stored = self.rows().mail_domains.iter_mut().find(|row| row.id() == domain.id());
        *stored.ok_or(StoreError::Stale)? = domain.clone();
        Ok(())
    }

    async fn delete(&mut self, id: MailDomainId) -> Result<(), StoreError> {
        self.rows().mail_domains.retain(|row| row.id() != id);
        Ok(())
    }
}

#[async_trait]
impl JoinRequestRepository for FakeUnit {
    async fn find(&mut self, id: JoinRequestId) -> Result<Option<JoinRequest>, StoreError> {
        Ok(self.rows().join_requests.iter().find(|row| row.id() == id).cloned())
    }

    async fn find_by_user(&mut self, user: UserId) -> Result<Option<JoinRequest>, StoreError> {
        Ok(self.rows().join_requests.iter().find(|row| row.user() == user).cloned())
    }

    async fn waiting(&mut self, now: OffsetDateTime, page: PageRequest) -> Result<Page<JoinRequest>, StoreError> {
        let mut all = self.rows().join_requests.clone();
        all.retain(|row| row.waits(now));
        Ok(page_of(all.into_iter(), page, |row| row.id().as_uuid()))
    }

    async fn insert(&mut self, request: &JoinRequest) -> Result<(), StoreError> {
        let rows = &mut self.rows().join_requests;
        if rows.iter().any(|row| row.user() == request.user()) {
            return Err(StoreError::Conflict(JOIN_REQUESTED));
        }
        rows.push(request.clone());
        Ok(())
    }

    async fn replace(&mut self, before: RequestState, request: &JoinRequest) -> Result<bool, StoreError> {
        let same = |row: &&mut JoinRequest| row.id() == request.id() && row.record().state == before;
        let stored = self.rows().join_requests.iter_mut().find(same);
        Ok(stored.map(|row| *row = request.clone()).is_some())
    }

    async fn take(&mut self, id: JoinRequestId) -> Result<bool, StoreError> {
        let rows = &mut self.rows().join_requests;
        let before = rows.len();
        rows.retain(|row| row.id() != id || row.record().state != RequestState::Pending);
        Ok(rows.len() < before)
    }

    async fn forget(&mut self, user: UserId) -> Result<(), StoreError> {
        self.rows().join_requests.retain(|row| row.user() != user);
        Ok(())
    }

    async fn bar(&mut self, _: Uuid, user: UserId, at: OffsetDateTime) -> Result<(), StoreError> {
        self.rows().removed.entry(user).or_insert(at);
        Ok(())
    }

    async fn is_barred(&mut self, user: UserId) -> Result<bool, StoreError> {
        Ok(self.rows().removed.contains_key(&user))
    }

    async fn unbar(&mut self, user: UserId) -> Result<(), StoreError> {
        self.rows().removed.remove(&user);
        Ok(())
    }
}
