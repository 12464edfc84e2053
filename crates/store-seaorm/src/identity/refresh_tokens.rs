//! Refresh tokens of the pinned person's sessions.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_identity::session::{RefreshToken, RefreshTokenId};
use tenantry_kernel::StoreError;
use tenantry_kernel::id::SessionId;
use tenantry_kernel::time::OffsetDateTime;

use super::fingerprint;
use crate::entity::refresh_token;
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

pub(super) async fn find(unit: &SeaOrmUnit, print: &Fingerprint) -> Result<Option<RefreshToken>, StoreError> {
    let found = unit
        .own_rows::<refresh_token::Entity>()
        .filter(refresh_token::Column::Fingerprint.eq(print.as_bytes().to_vec()));
    let row = found.one(unit.txn()).await.map_err(store_error)?;
    row.map(restore).transpose()
}

pub(super) async fn insert(unit: &SeaOrmUnit, token: &RefreshToken) -> Result<(), StoreError> {
    let row = refresh_token::ActiveModel {
        user_id: Set(unit.user_uuid()),
        id: Set(token.id.as_uuid()),
        session_id: Set(token.session.as_uuid()),
        fingerprint: Set(token.fingerprint.as_bytes().to_vec()),
        issued_at: Set(token.issued_at.into()),
        expires_at: Set(token.expires_at.into()),
        used_at: Set(token.used_at.map(Micros::from)),
    };
    unit.add_own(row).await
}

/// One conditional update: of many at once, one finds it unused. On PostgreSQL the others wait for that
/// one's commit before they find it used.
pub(super) async fn use_once(unit: &SeaOrmUnit, id: RefreshTokenId, at: OffsetDateTime) -> Result<bool, StoreError> {
    let used = unit
        .change_own::<refresh_token::Entity>()
        .col_expr(refresh_token::Column::UsedAt, Expr::value(Micros::from(at).0))
        .filter(refresh_token::Column::Id.eq(id.as_uuid()))
        .filter(refresh_token::Column::UsedAt.is_null())
        .exec(unit.txn())
        .await
        .map_err(store_error)?;
    Ok(used.rows_affected == 1)
}

fn restore(row: refresh_token::Model) -> Result<RefreshToken, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("refresh_token", row.id));
    Ok(RefreshToken {
        id: RefreshTokenId::from_uuid(row.id),
        session: SessionId::from_uuid(row.session_id),
        fingerprint: fingerprint(&row.fingerprint).map_err(corrupt("refresh_token", row.id))?,
        issued_at: time(row.issued_at)?,
        expires_at: time(row.expires_at)?,
        used_at: row.used_at.map(time).transpose()?,
    })
}
