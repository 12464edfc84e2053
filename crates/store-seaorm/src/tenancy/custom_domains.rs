//! Custom domains of the unit's tenant, and the directory of the verified ones.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Page, PageRequest, StoreError, async_trait};
use tenantry_tenancy::domain::{CustomDomain, CustomDomainId, CustomDomainRepository, DOMAIN_TAKEN, HostName};

use crate::entity::{custom_domain, domain_directory};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl CustomDomainRepository for SeaOrmUnit {
    async fn find(&mut self, id: CustomDomainId) -> Result<Option<CustomDomain>, StoreError> {
        let found = self.row::<custom_domain::Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<CustomDomain>, StoreError> {
        let mut found = self.rows::<custom_domain::Entity>();
        if let Some(after) = page.after() {
            found = found.filter(custom_domain::Column::Id.gt(after.0));
        }
        let rows = found
            .order_by_asc(custom_domain::Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let domains = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(domains, page, |domain| domain.id().as_uuid()))
    }

    async fn count(&mut self) -> Result<u64, StoreError> {
        let rows = self.rows::<custom_domain::Entity>();
        rows.count(self.txn()).await.map_err(store_error)
    }

    async fn insert(&mut self, domain: &CustomDomain) -> Result<(), StoreError> {
        match entry(self, domain).await? {
            Some(entry) if entry.tenant_id != self.tenant_uuid() => Err(StoreError::Conflict(DOMAIN_TAKEN)),
            _ => self.add(to_row(self, domain)).await,
        }
    }

    async fn update(&mut self, domain: &CustomDomain) -> Result<(), StoreError> {
        self.change::<custom_domain::Entity>()
            .set(to_row(self, domain))
            .filter(custom_domain::Column::Id.eq(domain.id().as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        if domain.verified_at().is_none() {
            return Ok(());
        }
        match entry(self, domain).await? {
            Some(entry) if entry.tenant_id == self.tenant_uuid() => Ok(()),
            Some(_) => Err(StoreError::Conflict(DOMAIN_TAKEN)),
            // Of two tenants who verify at once, the primary key refuses the second.
            None => self.add(to_entry(self, domain)).await,
        }
    }

    async fn delete(&mut self, id: CustomDomainId) -> Result<(), StoreError> {
        self.remove::<domain_directory::Entity>()
            .filter(domain_directory::Column::DomainId.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        self.remove::<custom_domain::Entity>()
            .filter(custom_domain::Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

/// Who has verified the host, of all tenants.
async fn entry(unit: &SeaOrmUnit, domain: &CustomDomain) -> Result<Option<domain_directory::Model>, StoreError> {
    unit.shared::<domain_directory::Entity>()
        .filter(domain_directory::Column::Host.eq(domain.host().as_str()))
        .one(unit.txn())
        .await
        .map_err(store_error)
}

fn to_row(unit: &SeaOrmUnit, domain: &CustomDomain) -> custom_domain::ActiveModel {
    custom_domain::ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        id: Set(domain.id().as_uuid()),
        host: Set(domain.host().as_str().to_owned()),
        verification_token: Set(domain.verification_token().to_owned()),
        verified_at: Set(domain.verified_at().map(Micros::from)),
        created_at: Set(domain.created_at().into()),
    }
}

fn to_entry(unit: &SeaOrmUnit, domain: &CustomDomain) -> domain_directory::ActiveModel {
    domain_directory::ActiveModel {
        host: Set(domain.host().as_str().to_owned()),
        tenant_id: Set(unit.tenant_uuid()),
        domain_id: Set(domain.id().as_uuid()),
    }
}

fn restore(row: custom_domain::Model) -> Result<CustomDomain, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("custom_domain", row.id));
    Ok(CustomDomain::restore(
        CustomDomainId::from_uuid(row.id),
        HostName::try_from(row.host).map_err(corrupt("custom_domain", row.id))?,
        row.verification_token,
        row.verified_at.map(time).transpose()?,
        time(row.created_at)?,
    ))
}
