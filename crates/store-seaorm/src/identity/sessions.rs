//! The pinned person's sessions.

use std::sync::Arc;

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_identity::session::{Methods, RefreshToken, RefreshTokenId, Session, SessionRecord, SessionRepository};
use tenantry_kernel::id::{MembershipId, SessionId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, TenantId, async_trait};

use super::{refresh_tokens, require_pinned};
use crate::entity::session;
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

/// The most sessions that are listed.
const LISTED: u64 = 200;

#[async_trait]
impl SessionRepository for SeaOrmUnit {
    async fn find(&mut self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let found = self.own_row::<session::Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn list_live(&mut self, now: OffsetDateTime) -> Result<Vec<Session>, StoreError> {
        let rows = self
            .own_rows::<session::Entity>()
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(Micros::from(now)))
            .order_by_desc(session::Column::CreatedAt)
            .order_by_desc(session::Column::Id)
            .limit(LISTED)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn insert(&mut self, session: &Session) -> Result<(), StoreError> {
        require_pinned(self, session.user())?;
        self.add_own(to_row(session)).await
    }

    async fn update(&mut self, session: &Session) -> Result<(), StoreError> {
        let mut row = to_row(session);
        row.ended_at = NotSet;
        let ended_at = session.record().ended_at.map(|at| Micros::from(at).0);
        let once = Func::coalesce([Expr::col(session::Column::EndedAt), Expr::value(ended_at)]);
        self.change_own::<session::Entity>()
            .set(row)
            .col_expr(session::Column::EndedAt, once.into())
            .filter(session::Column::Id.eq(session.id().as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn end_all_except(&mut self, keep: Option<SessionId>, at: OffsetDateTime) -> Result<u64, StoreError> {
        let at = Micros::from(at);
        let mut ending = self
            .change_own::<session::Entity>()
            .col_expr(session::Column::EndedAt, Expr::value(at.0))
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(at));
        if let Some(keep) = keep {
            ending = ending.filter(session::Column::Id.ne(keep.as_uuid()));
        }
        let ended = ending.exec(self.txn()).await.map_err(store_error)?;
        Ok(ended.rows_affected)
    }

    async fn end_in_tenant(&mut self, tenant: TenantId, at: OffsetDateTime) -> Result<u64, StoreError> {
        let at = Micros::from(at);
        let ended = self
            .change_own::<session::Entity>()
            .col_expr(session::Column::EndedAt, Expr::value(at.0))
            .filter(session::Column::TenantId.eq(tenant.as_uuid()))
            .filter(session::Column::EndedAt.is_null())
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(ended.rows_affected)
    }

    async fn list_all(&mut self, limit: u16) -> Result<Vec<Session>, StoreError> {
        let rows = self
            .own_rows::<session::Entity>()
            .order_by_desc(session::Column::CreatedAt)
            .order_by_desc(session::Column::Id)
            .limit(u64::from(limit))
            .all(self.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn find_refresh(&mut self, fingerprint: &Fingerprint) -> Result<Option<RefreshToken>, StoreError> {
        refresh_tokens::find(self, fingerprint).await
    }

    async fn insert_refresh(&mut self, token: &RefreshToken) -> Result<(), StoreError> {
        refresh_tokens::insert(self, token).await
    }

    async fn use_refresh(&mut self, id: RefreshTokenId, at: OffsetDateTime) -> Result<bool, StoreError> {
        refresh_tokens::use_once(self, id, at).await
    }
}

fn to_row(session: &Session) -> session::ActiveModel {
    let record = session.record();
    session::ActiveModel {
        user_id: Set(record.user.as_uuid()),
        id: Set(record.id.as_uuid()),
        tenant_id: Set(record.tenant.map(TenantId::as_uuid)),
        membership_id: Set(record.membership.map(MembershipId::as_uuid)),
        created_at: Set(record.created_at.into()),
        expires_at: Set(record.expires_at.into()),
        last_used_at: Set(record.last_used_at.into()),
        ended_at: Set(record.ended_at.map(Micros::from)),
        stepped_up_at: Set(record.stepped_up_at.into()),
        address: Set(record.address.map(|address| address.to_string())),
        user_agent: Set(record.user_agent.as_deref().map(str::to_owned)),
        methods: Set(record.methods.to_text()),
        authenticated_at: Set(Some(record.authenticated_at.into())),
    }
}

fn restore(row: session::Model) -> Result<Session, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("session", id));
    let address = row.address.map(|text| text.parse()).transpose();
    Ok(Session::restore(SessionRecord {
        id: SessionId::from_uuid(id),
        user: UserId::from_uuid(row.user_id),
        tenant: row.tenant_id.map(TenantId::from_uuid),
        membership: row.membership_id.map(MembershipId::from_uuid),
        created_at: time(row.created_at)?,
        expires_at: time(row.expires_at)?,
        last_used_at: time(row.last_used_at)?,
        ended_at: row.ended_at.map(time).transpose()?,
        stepped_up_at: time(row.stepped_up_at)?,
        address: address.map_err(corrupt("session", id))?,
        user_agent: row.user_agent.map(Arc::from),
        methods: Methods::from_text(&row.methods),
        // Sessions from before this was kept began with a log-in.
        authenticated_at: time(row.authenticated_at.unwrap_or(row.created_at))?,
    }))
}
