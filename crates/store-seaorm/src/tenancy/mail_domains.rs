//! Domains of addresses of the unit's tenant.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailDomain, Page, PageRequest, StoreError, async_trait};
use tenantry_tenancy::mail_domain::{MailDomain, MailDomainId, MailDomainRepository};

use crate::entity::mail_domain;
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl MailDomainRepository for SeaOrmUnit {
    async fn find(&mut self, id: MailDomainId) -> Result<Option<MailDomain>, StoreError> {
        let found = self.row::<mail_domain::Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<MailDomain>, StoreError> {
        let mut found = self.rows::<mail_domain::Entity>();
        if let Some(after) = page.after() {
            found = found.filter(mail_domain::Column::Id.gt(after.0));
        }
        let rows = found
            .order_by_asc(mail_domain::Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let domains = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(domains, page, |domain| domain.id().as_uuid()))
    }

    async fn count(&mut self) -> Result<u64, StoreError> {
        let rows = self.rows::<mail_domain::Entity>();
        rows.count(self.txn()).await.map_err(store_error)
    }

    async fn proved(&mut self, among: &[EmailDomain]) -> Result<Vec<EmailDomain>, StoreError> {
        if among.is_empty() {
            return Ok(Vec::new());
        }
        let found: Vec<String> = self
            .rows::<mail_domain::Entity>()
            .filter(mail_domain::Column::Domain.is_in(among.iter().map(EmailDomain::as_str)))
            .filter(mail_domain::Column::VerifiedAt.is_not_null())
            .select_only()
            .column(mail_domain::Column::Domain)
            .into_tuple()
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let asked = among
            .iter()
            .filter(|domain| found.iter().any(|one| one == domain.as_str()));
        Ok(asked.cloned().collect())
    }

    async fn insert(&mut self, domain: &MailDomain) -> Result<(), StoreError> {
        self.add(to_row(self, domain)).await
    }

    async fn update(&mut self, domain: &MailDomain) -> Result<(), StoreError> {
        self.change::<mail_domain::Entity>()
            .set(to_row(self, domain))
            .filter(mail_domain::Column::Id.eq(domain.id().as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn delete(&mut self, id: MailDomainId) -> Result<(), StoreError> {
        self.remove::<mail_domain::Entity>()
            .filter(mail_domain::Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

fn to_row(unit: &SeaOrmUnit, domain: &MailDomain) -> mail_domain::ActiveModel {
    mail_domain::ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        id: Set(domain.id().as_uuid()),
        domain: Set(domain.domain().as_str().to_owned()),
        verification_token: Set(domain.verification_token().to_owned()),
        verified_at: Set(domain.verified_at().map(Micros::from)),
        created_at: Set(domain.created_at().into()),
    }
}

fn restore(row: mail_domain::Model) -> Result<MailDomain, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("mail_domain", row.id));
    Ok(MailDomain::restore(
        MailDomainId::from_uuid(row.id),
        EmailDomain::try_from(row.domain).map_err(corrupt("mail_domain", row.id))?,
        row.verification_token,
        row.verified_at.map(time).transpose()?,
        time(row.created_at)?,
    ))
}
