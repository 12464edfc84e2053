//! Look-ups before a scope exists. Each pins what it was asked for, so that row security holds here too.

use std::sync::Arc;

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::{Code, StoreError, TenantId, async_trait};
use tenantry_tenancy::directory::{AccessDirectory, MemberAccess, TenantAccess};
use tenantry_tenancy::locale::Timezone;
use tenantry_tenancy::role::own::Remembered;
use tenantry_tenancy::role::{OwnRoles, RoleAssignment, RoleRepository};
use tenantry_tenancy::tenant::Slug;
use tenantry_tenancy::text::DisplayName;

use super::{assignments, memberships, security, tenants};
use crate::entity::{domain_directory, membership, slug_directory, tenant};
use crate::error::{corrupt, store_error};
use crate::store::SeaOrmStore;

#[async_trait]
impl AccessDirectory for SeaOrmStore {
    async fn tenant(&self, tenant: TenantId) -> Result<Option<Arc<TenantAccess>>, StoreError> {
        let mut unit = self.look_up(Some(tenant), None).await?;
        let row = unit
            .rows::<tenant::Entity>()
            .one(unit.txn())
            .await
            .map_err(store_error)?;
        let Some(row) = row else {
            return Ok(None);
        };
        let roles = OwnRoles::new(RoleRepository::all(&mut unit).await?);
        tenant_access(row, roles).map(Some)
    }

    async fn member(
        &self,
        tenant: TenantId,
        membership: MembershipId,
    ) -> Result<Option<Arc<MemberAccess>>, StoreError> {
        let unit = self.look_up(Some(tenant), None).await?;
        let found = unit.row::<membership::Entity>(membership.as_uuid());
        let Some(row) = found.one(unit.txn()).await.map_err(store_error)? else {
            return Ok(None);
        };
        let assigned = assignments::of(&unit, &[membership]).await?;
        member_access(row, assigned).map(Some)
    }

    async fn membership_of(&self, tenant: TenantId, user: UserId) -> Result<Option<MembershipId>, StoreError> {
        let unit = self.look_up(Some(tenant), None).await?;
        let found = unit
            .rows::<membership::Entity>()
            .filter(membership::Column::UserId.eq(user.as_uuid()));
        let row = found.one(unit.txn()).await.map_err(store_error)?;
        Ok(row.map(|row| MembershipId::from_uuid(row.id)))
    }

    async fn memberships_of_user(&self, user: UserId) -> Result<Vec<(TenantId, MembershipId)>, StoreError> {
        let unit = self.look_up(None, Some(user)).await?;
        let rows = unit
            .own_rows::<membership::Entity>()
            .order_by_asc(membership::Column::CreatedAt)
            .order_by_asc(membership::Column::Id)
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let pair = |row: membership::Model| (TenantId::from_uuid(row.tenant_id), MembershipId::from_uuid(row.id));
        Ok(rows.into_iter().map(pair).collect())
    }

    async fn tenant_by_slug(&self, slug: &str) -> Result<Option<TenantId>, StoreError> {
        let unit = self.look_up(None, None).await?;
        let found = unit
            .shared::<slug_directory::Entity>()
            .filter(slug_directory::Column::Slug.eq(slug));
        let row = found.one(unit.txn()).await.map_err(store_error)?;
        Ok(row.map(|row| TenantId::from_uuid(row.tenant_id)))
    }

    async fn tenant_by_host(&self, host: &str) -> Result<Option<TenantId>, StoreError> {
        let unit = self.look_up(None, None).await?;
        let found = unit
            .shared::<domain_directory::Entity>()
            .filter(domain_directory::Column::Host.eq(host));
        let row = found.one(unit.txn()).await.map_err(store_error)?;
        Ok(row.map(|row| TenantId::from_uuid(row.tenant_id)))
    }
}

fn tenant_access(row: tenant::Model, roles: Arc<OwnRoles>) -> Result<Arc<TenantAccess>, StoreError> {
    let status = tenants::status(&row)?;
    Ok(Arc::new(TenantAccess {
        id: TenantId::from_uuid(row.id),
        slug: Slug::try_from(row.slug.as_str()).map_err(corrupt("tenant", row.id))?,
        name: DisplayName::try_from(row.name).map_err(corrupt("tenant", row.id))?,
        status,
        security: Arc::new(security::policy(row.id, row.security)?),
        timezone: Timezone::try_from(row.timezone).map_err(corrupt("tenant", row.id))?,
        roles,
    }))
}

fn member_access(row: membership::Model, assigned: Vec<RoleAssignment>) -> Result<Arc<MemberAccess>, StoreError> {
    let status = memberships::state(&row)?;
    Ok(Arc::new(MemberAccess {
        membership: MembershipId::from_uuid(row.id),
        user: UserId::from_uuid(row.user_id),
        role: Code::try_from(row.role).map_err(corrupt("membership", row.id))?,
        extra: memberships::permissions(&row.extra_permissions).map_err(corrupt("membership", row.id))?,
        status,
        assigned,
        remembered: Remembered::default(),
    }))
}
