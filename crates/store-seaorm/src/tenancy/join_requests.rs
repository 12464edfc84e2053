//! Requests to join the unit's tenant, and whom it removed.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::id::UserId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{DisplayName, EmailAddress, Page, PageRequest, StoreError, async_trait};
use tenantry_tenancy::joining::{JoinRequest, JoinRequestId, JoinRequestRepository, RequestState, StoredJoinRequest};
use uuid::Uuid;

use crate::entity::former_member;
use crate::entity::join_request::{ActiveModel, Column, Entity, Model};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl JoinRequestRepository for SeaOrmUnit {
    async fn find(&mut self, id: JoinRequestId) -> Result<Option<JoinRequest>, StoreError> {
        let found = self.row::<Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn find_by_user(&mut self, user: UserId) -> Result<Option<JoinRequest>, StoreError> {
        let found = self.rows::<Entity>().filter(Column::UserId.eq(user.as_uuid()));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn waiting(&mut self, now: OffsetDateTime, page: PageRequest) -> Result<Page<JoinRequest>, StoreError> {
        let mut found = self
            .rows::<Entity>()
            .filter(Column::State.eq(RequestState::Pending.as_str()))
            .filter(Column::EndsAt.gt(Micros::from(now)));
        if let Some(after) = page.after() {
            found = found.filter(Column::Id.gt(after.0));
        }
        let rows = found
            .order_by_asc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let requests = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(requests, page, |request| request.id().as_uuid()))
    }

    async fn insert(&mut self, request: &JoinRequest) -> Result<(), StoreError> {
        self.add(to_row(self, request)).await
    }

    async fn replace(&mut self, before: RequestState, request: &JoinRequest) -> Result<bool, StoreError> {
        let written = self
            .change::<Entity>()
            .set(to_row(self, request))
            .filter(Column::Id.eq(request.id().as_uuid()))
            .filter(Column::State.eq(before.as_str()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(written.rows_affected > 0)
    }

    async fn take(&mut self, id: JoinRequestId) -> Result<bool, StoreError> {
        let removed = self
            .remove::<Entity>()
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::State.eq(RequestState::Pending.as_str()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(removed.rows_affected > 0)
    }

    async fn forget(&mut self, user: UserId) -> Result<(), StoreError> {
        self.remove::<Entity>()
            .filter(Column::UserId.eq(user.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn bar(&mut self, id: Uuid, user: UserId, at: OffsetDateTime) -> Result<(), StoreError> {
        let row = former_member::ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            id: Set(id),
            user_id: Set(user.as_uuid()),
            removed_at: Set(at.into()),
        };
        let once = OnConflict::columns([former_member::Column::TenantId, former_member::Column::UserId])
            .do_nothing()
            .to_owned();
        self.put_new(row, once).await?;
        Ok(())
    }

    async fn is_barred(&mut self, user: UserId) -> Result<bool, StoreError> {
        let found = self
            .rows::<former_member::Entity>()
            .filter(former_member::Column::UserId.eq(user.as_uuid()));
        Ok(found.count(self.txn()).await.map_err(store_error)? > 0)
    }

    async fn unbar(&mut self, user: UserId) -> Result<(), StoreError> {
        self.remove::<former_member::Entity>()
            .filter(former_member::Column::UserId.eq(user.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

fn to_row(unit: &SeaOrmUnit, request: &JoinRequest) -> ActiveModel {
    let record = request.record();
    ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        id: Set(record.id.as_uuid()),
        user_id: Set(record.user.as_uuid()),
        email: Set(record.email.as_str().to_owned()),
        name: Set(record.name.as_str().to_owned()),
        state: Set(record.state.as_str().to_owned()),
        asked_at: Set(record.asked_at.into()),
        told_at: Set(record.told_at.into()),
        ends_at: Set(record.ends_at.into()),
    }
}

pub(super) fn restore(row: Model) -> Result<JoinRequest, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("join_request", row.id));
    let state = RequestState::from_name(&row.state).ok_or("unknown state");
    Ok(JoinRequest::restore(StoredJoinRequest {
        id: JoinRequestId::from_uuid(row.id),
        user: UserId::from_uuid(row.user_id),
        email: EmailAddress::try_from(row.email.as_str()).map_err(corrupt("join_request", row.id))?,
        name: DisplayName::try_from(row.name.as_str()).map_err(corrupt("join_request", row.id))?,
        state: state.map_err(corrupt("join_request", row.id))?,
        asked_at: time(row.asked_at)?,
        told_at: time(row.told_at)?,
        ends_at: time(row.ends_at)?,
    }))
}
