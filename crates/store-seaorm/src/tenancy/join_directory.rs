//! Where people may come in: across tenants as the worker, and of a person's own as that person.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, ExprTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::id::UserId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailDomain, StoreError, SystemScope, TenantId, async_trait};
use tenantry_tenancy::joining::{JoinDirectory, JoinRequest, JoinRequestPurge};
use uuid::Uuid;

use super::join_requests;
use crate::entity::{former_member, join_request, mail_domain};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;

#[async_trait]
impl JoinDirectory for SeaOrmStore {
    async fn proved_by(&self, domains: &[EmailDomain], most: u16) -> Result<Vec<(EmailDomain, TenantId)>, StoreError> {
        if domains.is_empty() {
            return Ok(Vec::new());
        }
        let unit = self.worker_look_up().await?;
        let found: Vec<(String, Uuid)> = unit
            .every::<mail_domain::Entity>()
            .filter(mail_domain::Column::Domain.is_in(domains.iter().map(EmailDomain::as_str)))
            .filter(mail_domain::Column::VerifiedAt.is_not_null())
            .select_only()
            .columns([mail_domain::Column::Domain, mail_domain::Column::TenantId])
            .order_by_asc(mail_domain::Column::VerifiedAt)
            .order_by_asc(mail_domain::Column::TenantId)
            .limit(u64::from(most))
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let named = |(domain, tenant): (String, Uuid)| {
            let domain = EmailDomain::try_from(domain).map_err(corrupt("mail_domain", tenant))?;
            Ok((domain, TenantId::from_uuid(tenant)))
        };
        found.into_iter().map(named).collect()
    }

    async fn requests_of(&self, user: UserId) -> Result<Vec<(TenantId, JoinRequest)>, StoreError> {
        let unit = self.look_up(None, Some(user)).await?;
        let rows = unit
            .own_rows::<join_request::Entity>()
            .order_by_asc(join_request::Column::Id)
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let with_tenant = |row: join_request::Model| {
            let tenant = TenantId::from_uuid(row.tenant_id);
            join_requests::restore(row).map(|request| (tenant, request))
        };
        rows.into_iter().map(with_tenant).collect()
    }

    async fn barred_from(&self, user: UserId) -> Result<Vec<TenantId>, StoreError> {
        let unit = self.look_up(None, Some(user)).await?;
        let tenants: Vec<Uuid> = unit
            .own_rows::<former_member::Entity>()
            .select_only()
            .column(former_member::Column::TenantId)
            .order_by_asc(former_member::Column::Id)
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        Ok(tenants.into_iter().map(TenantId::from_uuid).collect())
    }
}

#[async_trait]
impl JoinRequestPurge for SeaOrmStore {
    async fn purge_join_requests(
        &self,
        _scope: &SystemScope,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let unit = self.worker_unit().await?;
        let key = [join_request::Column::TenantId, join_request::Column::Id];
        let over = Query::select()
            .columns(key)
            .from(join_request::Entity)
            .and_where(join_request::Column::EndsAt.lt(Micros::from(before)))
            .order_by(join_request::Column::EndsAt, Order::Asc)
            .limit(u64::from(limit))
            .take();
        let removed = unit
            .remove_every::<join_request::Entity>()
            .filter(Expr::tuple(key.map(Expr::col)).in_subquery(over))
            // What was asked anew meanwhile stays.
            .filter(join_request::Column::EndsAt.lt(Micros::from(before)))
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        unit.finish().await?;
        Ok(removed.rows_affected)
    }
}
