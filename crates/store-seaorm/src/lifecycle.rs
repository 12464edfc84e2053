//! Lifecycle's ports over the database: units that span domains, published plans, the operators' overview.

mod operator_directory;
mod person_directory;
mod plan_archive;

use tenantry_kernel::{StoreError, TenantScope, UserId, async_trait};
use tenantry_lifecycle::store::{LifecycleStore, LifecycleUnit};

use crate::error::Rule;
use crate::store::SeaOrmStore;

/// Another node published at the same time; the port answers false, so the name is ours alone.
const PUBLISHED_MEANWHILE: &str = "catalog_published_meanwhile";

/// The unique index that the first publication is won by.
pub(crate) const RULES: &[Rule] = &[Rule {
    index: "catalog_state_pkey",
    columns: "catalog_state.id",
    name: PUBLISHED_MEANWHILE,
}];

#[async_trait]
impl LifecycleStore for SeaOrmStore {
    async fn begin_spanning(
        &self,
        scope: &TenantScope,
        person: Option<UserId>,
    ) -> Result<Box<dyn LifecycleUnit>, StoreError> {
        let unit = match person {
            Some(person) => self.unit_for_tenant_and_person(scope, person).await?,
            None => self.unit_for(scope).await?,
        };
        Ok(Box::new(unit))
    }

    async fn begin_adding(&self, scope: &TenantScope, people: &[UserId]) -> Result<Box<dyn LifecycleUnit>, StoreError> {
        let mut unit = self.unit_for(scope).await?;
        unit.name_people(people.iter().copied().collect()).await?;
        Ok(Box::new(unit))
    }

    async fn read_spanning(&self, scope: &TenantScope) -> Result<Box<dyn LifecycleUnit>, StoreError> {
        Ok(Box::new(self.read_for(scope).await?))
    }
}
