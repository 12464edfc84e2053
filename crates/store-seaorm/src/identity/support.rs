//! Visits of operators on behalf of members, and the tenants' consents.

use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_identity::support::{Consent, ConsentId, Impersonation, Reason, SupportDirectory, SupportRepository};
use tenantry_kernel::id::{ImpersonationId, MembershipId, SessionId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, SystemScope, TenantId, async_trait};

use crate::entity::{impersonation, support_consent};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl SupportRepository for SeaOrmUnit {
    async fn visits(&mut self, limit: u32) -> Result<Vec<Impersonation>, StoreError> {
        let found = self
            .rows::<impersonation::Entity>()
            .order_by_desc(impersonation::Column::Id)
            .limit(u64::from(limit));
        let rows = found.all(self.txn()).await.map_err(store_error)?;
        rows.into_iter().map(visit).collect()
    }

    async fn add_visit(&mut self, visit: &Impersonation) -> Result<(), StoreError> {
        self.add(impersonation::ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            id: Set(visit.id.as_uuid()),
            operator_id: Set(visit.operator.as_uuid()),
            session_id: Set(visit.session.as_uuid()),
            membership_id: Set(visit.membership.as_uuid()),
            user_id: Set(visit.user.as_uuid()),
            reason: Set(visit.reason.as_str().to_owned()),
            read_only: Set(visit.read_only),
            started_at: Set(visit.started_at.into()),
            expires_at: Set(visit.expires_at.into()),
            ended_at: Set(visit.ended_at.map(Micros::from)),
        })
        .await
    }

    async fn end_visit(&mut self, id: ImpersonationId, at: OffsetDateTime) -> Result<bool, StoreError> {
        let ended = self
            .change::<impersonation::Entity>()
            .col_expr(impersonation::Column::EndedAt, Expr::value(Micros::from(at).0))
            .filter(impersonation::Column::Id.eq(id.as_uuid()))
            .filter(impersonation::Column::EndedAt.is_null())
            .filter(impersonation::Column::ExpiresAt.gt(Micros::from(at)))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(ended.rows_affected == 1)
    }

    async fn consents(&mut self, limit: u32) -> Result<Vec<Consent>, StoreError> {
        let found = self
            .rows::<support_consent::Entity>()
            .order_by_desc(support_consent::Column::Id)
            .limit(u64::from(limit));
        let rows = found.all(self.txn()).await.map_err(store_error)?;
        rows.into_iter().map(consent).collect()
    }

    async fn add_consent(&mut self, consent: &Consent) -> Result<(), StoreError> {
        self.add(support_consent::ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            id: Set(consent.id.as_uuid()),
            given_by: Set(consent.given_by.as_uuid()),
            given_at: Set(consent.given_at.into()),
            expires_at: Set(consent.expires_at.into()),
            ended_at: Set(consent.ended_at.map(Micros::from)),
        })
        .await
    }

    async fn end_consent(&mut self, id: ConsentId, at: OffsetDateTime) -> Result<bool, StoreError> {
        let ended = self
            .change::<support_consent::Entity>()
            .col_expr(support_consent::Column::EndedAt, Expr::value(Micros::from(at).0))
            .filter(support_consent::Column::Id.eq(id.as_uuid()))
            .filter(support_consent::Column::EndedAt.is_null())
            .filter(support_consent::Column::ExpiresAt.gt(Micros::from(at)))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(ended.rows_affected == 1)
    }
}

#[async_trait]
impl SupportDirectory for SeaOrmStore {
    async fn running_visit(
        &self,
        _scope: &SystemScope,
        now: OffsetDateTime,
        id: ImpersonationId,
    ) -> Result<Option<Impersonation>, StoreError> {
        let unit = self.worker_look_up().await?;
        let found = unit
            .every::<impersonation::Entity>()
            .filter(impersonation::Column::Id.eq(id.as_uuid()))
            .filter(impersonation::Column::EndedAt.is_null())
            .filter(impersonation::Column::ExpiresAt.gt(Micros::from(now)))
            .one(unit.txn())
            .await
            .map_err(store_error)?;
        found.map(visit).transpose()
    }

    async fn visit(&self, tenant: TenantId, id: ImpersonationId) -> Result<Option<Arc<Impersonation>>, StoreError> {
        let unit = self.look_up(Some(tenant), None).await?;
        let found = unit.row::<impersonation::Entity>(id.as_uuid());
        let row = found.one(unit.txn()).await.map_err(store_error)?;
        row.map(|row| visit(row).map(Arc::new)).transpose()
    }

    async fn agreed_until(&self, tenant: TenantId) -> Result<Option<OffsetDateTime>, StoreError> {
        let unit = self.look_up(Some(tenant), None).await?;
        let latest = unit
            .rows::<support_consent::Entity>()
            .filter(support_consent::Column::EndedAt.is_null())
            .order_by_desc(support_consent::Column::ExpiresAt)
            .one(unit.txn())
            .await
            .map_err(store_error)?;
        latest.map(|row| Ok(consent(row)?.expires_at)).transpose()
    }

    async fn running(
        &self,
        _scope: &SystemScope,
        now: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<Impersonation>, StoreError> {
        let unit = self.worker_look_up().await?;
        let rows = unit
            .every::<impersonation::Entity>()
            .filter(impersonation::Column::EndedAt.is_null())
            .filter(impersonation::Column::ExpiresAt.gt(Micros::from(now)))
            .order_by_desc(impersonation::Column::Id)
            .limit(u64::from(limit))
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(visit).collect()
    }
}

fn visit(row: impersonation::Model) -> Result<Impersonation, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("impersonation", id));
    Ok(Impersonation {
        id: ImpersonationId::from_uuid(id),
        tenant: TenantId::from_uuid(row.tenant_id),
        operator: UserId::from_uuid(row.operator_id),
        session: SessionId::from_uuid(row.session_id),
        membership: MembershipId::from_uuid(row.membership_id),
        user: UserId::from_uuid(row.user_id),
        reason: Reason::try_from(row.reason.as_str()).map_err(corrupt("impersonation", id))?,
        read_only: row.read_only,
        started_at: time(row.started_at)?,
        expires_at: time(row.expires_at)?,
        ended_at: row.ended_at.map(time).transpose()?,
    })
}

fn consent(row: support_consent::Model) -> Result<Consent, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("support_consent", id));
    Ok(Consent {
        id: ConsentId::from_uuid(id),
        given_by: MembershipId::from_uuid(row.given_by),
        given_at: time(row.given_at)?,
        expires_at: time(row.expires_at)?,
        ended_at: row.ended_at.map(time).transpose()?,
    })
}
