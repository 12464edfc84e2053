//! Look-ups of the hot path. Each pins what it was asked for, so that row security holds here too.

use std::sync::Arc;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect};
use tenantry_identity::api_key::ApiKey;
use tenantry_identity::directory::{ApiKeyDirectory, LiveSession, SessionDirectory};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::id::{ApiKeyId, SessionId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, TenantId, Transaction, async_trait};

use super::{api_keys, users};
use crate::entity::{api_key, session};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::{Author, Pin};

#[async_trait]
impl ApiKeyDirectory for SeaOrmStore {
    async fn find(&self, tenant: TenantId, key: ApiKeyId) -> Result<Option<Arc<ApiKey>>, StoreError> {
        let unit = self.look_up(Some(tenant), None).await?;
        let found = unit.row::<api_key::Entity>(key.as_uuid());
        let row = found.one(unit.txn()).await.map_err(store_error)?;
        row.map(|row| api_keys::restore(row).map(Arc::new)).transpose()
    }

    async fn touch(&self, tenant: TenantId, key: ApiKeyId, at: OffsetDateTime) -> Result<(), StoreError> {
        let at = Micros::from(at);
        // A use is no act: it leaves no audit row, and caches need not hear of it.
        let unit = self.open(Pin::app(Some(tenant), None), Author::Nobody).await?;
        let earlier = Condition::any()
            .add(api_key::Column::LastUsedAt.is_null())
            .add(api_key::Column::LastUsedAt.lt(at));
        unit.change::<api_key::Entity>()
            .col_expr(api_key::Column::LastUsedAt, Expr::value(at.0))
            .filter(api_key::Column::Id.eq(key.as_uuid()))
            .filter(earlier)
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        Box::new(unit).commit(Vec::new()).await
    }
}

#[async_trait]
impl SessionDirectory for SeaOrmStore {
    async fn live(
        &self,
        user: UserId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<LiveSession>, StoreError> {
        let unit = self.look_up(None, Some(user)).await?;
        let found: Option<Micros> = unit
            .own_row::<session::Entity>(session.as_uuid())
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(Micros::from(now)))
            .select_only()
            .column(session::Column::SteppedUpAt)
            .into_tuple()
            .one(unit.txn())
            .await
            .map_err(store_error)?;
        let live = |at: Micros| OffsetDateTime::try_from(at).map(|stepped_up_at| LiveSession { stepped_up_at });
        found
            .map(live)
            .transpose()
            .map_err(corrupt("session", session.as_uuid()))
    }

    async fn platform_role(&self, user: UserId) -> Result<Option<PlatformRole>, StoreError> {
        let unit = self.look_up(None, Some(user)).await?;
        users::platform_role(&unit, user).await
    }

    async fn may_sign_in(&self, user: UserId) -> Result<bool, StoreError> {
        let unit = self.look_up(None, Some(user)).await?;
        users::may_sign_in(&unit, user).await
    }
}
