//! The pinned person's pending sign-ins.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, QueryFilter};
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_identity::pending::{Missing, PendingSignIn, PendingSignInId, PendingSignInRepository};
use tenantry_identity::session::Methods;
use tenantry_kernel::id::{MembershipId, SessionId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, TenantId, async_trait};

use super::{fingerprint, require_pinned};
use crate::entity::pending_sign_in;
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl PendingSignInRepository for SeaOrmUnit {
    async fn insert(&mut self, pending: &PendingSignIn, now: OffsetDateTime) -> Result<(), StoreError> {
        require_pinned(self, pending.user)?;
        self.remove_own::<pending_sign_in::Entity>()
            .filter(pending_sign_in::Column::ExpiresAt.lte(Micros::from(now)))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        self.add_own(pending_sign_in::ActiveModel {
            user_id: Set(pending.user.as_uuid()),
            id: Set(pending.id.as_uuid()),
            fingerprint: Set(pending.fingerprint.as_bytes().to_vec()),
            missing: Set(pending.missing.as_str().to_owned()),
            methods: Set(pending.methods.to_text()),
            outgrown: Set(pending.outgrown.clone()),
            tenant_id: Set(pending.seat.map(|(tenant, _)| tenant.as_uuid())),
            membership_id: Set(pending.seat.map(|(_, membership)| membership.as_uuid())),
            session_id: Set(pending.session.map(SessionId::as_uuid)),
            expires_at: Set(pending.expires_at.into()),
            used_at: Set(pending.used_at.map(Micros::from)),
            failures: Set(i64::from(pending.failures)),
        })
        .await
    }

    async fn find(&mut self, print: &Fingerprint) -> Result<Option<PendingSignIn>, StoreError> {
        let found = self
            .own_rows::<pending_sign_in::Entity>()
            .filter(pending_sign_in::Column::Fingerprint.eq(print.as_bytes().to_vec()));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn use_once(&mut self, id: PendingSignInId, at: OffsetDateTime) -> Result<bool, StoreError> {
        // One conditional update: of many at once, one finds it unused.
        let used = self
            .change_own::<pending_sign_in::Entity>()
            .col_expr(pending_sign_in::Column::UsedAt, Expr::value(Micros::from(at).0))
            .filter(pending_sign_in::Column::Id.eq(id.as_uuid()))
            .filter(pending_sign_in::Column::UsedAt.is_null())
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(used.rows_affected == 1)
    }

    async fn count_failure(&mut self, id: PendingSignInId) -> Result<(), StoreError> {
        self.change_own::<pending_sign_in::Entity>()
            .col_expr(
                pending_sign_in::Column::Failures,
                Expr::col(pending_sign_in::Column::Failures).add(1_i64),
            )
            .filter(pending_sign_in::Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn remove_all(&mut self) -> Result<u64, StoreError> {
        let removed = self
            .remove_own::<pending_sign_in::Entity>()
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(removed.rows_affected)
    }
}

fn restore(row: pending_sign_in::Model) -> Result<PendingSignIn, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("pending_sign_in", id));
    let missing = Missing::from_name(&row.missing).ok_or("it waits for something unknown");
    Ok(PendingSignIn {
        id: PendingSignInId::from_uuid(id),
        user: UserId::from_uuid(row.user_id),
        fingerprint: fingerprint(&row.fingerprint).map_err(corrupt("pending_sign_in", id))?,
        missing: missing.map_err(corrupt("pending_sign_in", id))?,
        methods: Methods::from_text(&row.methods),
        outgrown: row.outgrown,
        seat: row
            .tenant_id
            .map(TenantId::from_uuid)
            .zip(row.membership_id.map(MembershipId::from_uuid)),
        session: row.session_id.map(SessionId::from_uuid),
        expires_at: time(row.expires_at)?,
        used_at: row.used_at.map(time).transpose()?,
        failures: u32::try_from(row.failures).map_err(corrupt("pending_sign_in", id))?,
    })
}
