//! The pinned person's one-time tokens.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_identity::one_time_token::{OneTimeToken, OneTimeTokenId, OneTimeTokenRepository, Purpose};
use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, TenantId, async_trait};

use super::{fingerprint, require_pinned};
use crate::entity::one_time_token;
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl OneTimeTokenRepository for SeaOrmUnit {
    async fn insert(&mut self, token: &OneTimeToken) -> Result<(), StoreError> {
        require_pinned(self, token.user)?;
        self.add_own(to_row(token)).await
    }

    async fn insert_many(&mut self, tokens: &[OneTimeToken]) -> Result<(), StoreError> {
        self.add_listed(tokens.iter().map(to_row)).await
    }

    async fn find(&mut self, print: &Fingerprint) -> Result<Option<OneTimeToken>, StoreError> {
        let found = self
            .own_rows::<one_time_token::Entity>()
            .filter(one_time_token::Column::Fingerprint.eq(print.as_bytes().to_vec()));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn use_once(&mut self, id: OneTimeTokenId, at: OffsetDateTime) -> Result<bool, StoreError> {
        // One conditional update: of many at once, one finds it unused.
        let used = self
            .change_own::<one_time_token::Entity>()
            .col_expr(one_time_token::Column::UsedAt, Expr::value(Micros::from(at).0))
            .filter(one_time_token::Column::Id.eq(id.as_uuid()))
            .filter(one_time_token::Column::UsedAt.is_null())
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(used.rows_affected == 1)
    }

    async fn revoke(&mut self, user: UserId, purpose: Purpose, at: OffsetDateTime) -> Result<u64, StoreError> {
        let revoked = self
            .change_own::<one_time_token::Entity>()
            .col_expr(one_time_token::Column::UsedAt, Expr::value(Micros::from(at).0))
            .filter(one_time_token::Column::UserId.eq(user.as_uuid()))
            .filter(one_time_token::Column::Purpose.eq(purpose.as_str()))
            .filter(one_time_token::Column::UsedAt.is_null())
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(revoked.rows_affected)
    }
}

fn to_row(token: &OneTimeToken) -> one_time_token::ActiveModel {
    one_time_token::ActiveModel {
        user_id: Set(token.user.as_uuid()),
        id: Set(token.id.as_uuid()),
        tenant_id: Set(token.tenant.map(TenantId::as_uuid)),
        membership_id: Set(token.membership.map(MembershipId::as_uuid)),
        purpose: Set(token.purpose.as_str().to_owned()),
        fingerprint: Set(token.fingerprint.as_bytes().to_vec()),
        expires_at: Set(token.expires_at.into()),
        used_at: Set(token.used_at.map(Micros::from)),
        subject_id: Set(token.subject),
    }
}

fn restore(row: one_time_token::Model) -> Result<OneTimeToken, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("one_time_token", row.id));
    let purpose = Purpose::from_name(&row.purpose).ok_or("unknown purpose");
    Ok(OneTimeToken {
        id: OneTimeTokenId::from_uuid(row.id),
        user: UserId::from_uuid(row.user_id),
        tenant: row.tenant_id.map(TenantId::from_uuid),
        membership: row.membership_id.map(MembershipId::from_uuid),
        purpose: purpose.map_err(corrupt("one_time_token", row.id))?,
        fingerprint: fingerprint(&row.fingerprint).map_err(corrupt("one_time_token", row.id))?,
        expires_at: time(row.expires_at)?,
        used_at: row.used_at.map(time).transpose()?,
        subject: row.subject_id,
    })
}
