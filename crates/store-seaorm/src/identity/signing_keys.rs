//! The installation's signing keys, reached as the worker: requests have no right to them.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use tenantry_identity::signing_key::{
    SigningKey, SigningKeyDirectory, SigningKeyRepository, SigningKeyStore, SigningKeyUnit, TokenAlgorithm,
};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, SystemScope, async_trait};

use crate::entity::signing_key::{ActiveModel, Column, Entity, Model};
use crate::error::{corrupt, fresh, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl SigningKeyDirectory for SeaOrmStore {
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        let unit = self.worker_look_up().await?;
        let rows = unit.shared::<Entity>().order_by_asc(Column::Sequence);
        let rows = rows.all(unit.txn()).await.map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }
}

#[async_trait]
impl SigningKeyStore for SeaOrmStore {
    async fn begin_signing_keys(&self, scope: &SystemScope) -> Result<Box<dyn SigningKeyUnit>, StoreError> {
        Ok(Box::new(self.unit_for_system(scope).await?))
    }
}

impl SigningKeyUnit for SeaOrmUnit {
    fn signing_keys(&mut self) -> &mut dyn SigningKeyRepository {
        self
    }
}

#[async_trait]
impl SigningKeyRepository for SeaOrmUnit {
    async fn insert(&mut self, key: &SigningKey) -> Result<(), StoreError> {
        let row = ActiveModel {
            sequence: Set(key.sequence),
            kid: Set(key.kid.clone()),
            algorithm: Set(key.algorithm.as_str().to_owned()),
            sealed: Set(key.sealed.clone()),
            created_at: Set(key.created_at.into()),
            signs_from: Set(key.signs_from.into()),
            revoked_at: Set(key.revoked_at.map(Micros::from)),
        };
        self.add_shared([row]).await
    }

    async fn update(&mut self, before: &SigningKey, after: &SigningKey) -> Result<(), StoreError> {
        let revoked_at = match before.revoked_at {
            Some(at) => Column::RevokedAt.eq(Micros::from(at)),
            None => Column::RevokedAt.is_null(),
        };
        let written = self
            .change_shared::<Entity>()
            .col_expr(Column::SignsFrom, Expr::value(Micros::from(after.signs_from).0))
            .col_expr(
                Column::RevokedAt,
                Expr::value(after.revoked_at.map(|at| Micros::from(at).0)),
            )
            .filter(Column::Sequence.eq(before.sequence))
            .filter(Column::SignsFrom.eq(Micros::from(before.signs_from)))
            .filter(revoked_at)
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }
}

fn restore(row: Model) -> Result<SigningKey, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("signing_key", row.sequence));
    let algorithm = TokenAlgorithm::from_name(&row.algorithm)
        .ok_or("the algorithm is unknown")
        .map_err(corrupt("signing_key", row.sequence))?;
    Ok(SigningKey {
        sequence: row.sequence,
        algorithm,
        created_at: time(row.created_at)?,
        signs_from: time(row.signs_from)?,
        revoked_at: row.revoked_at.map(time).transpose()?,
        kid: row.kid,
        sealed: row.sealed,
    })
}
