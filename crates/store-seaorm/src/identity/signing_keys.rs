//! The installation's signing keys, reached as the worker: requests have no right to them.

use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use tenantry_identity::signing_key::{SigningKey, SigningKeyRepository};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, Transaction, async_trait};

use crate::entity::signing_key;
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;

#[async_trait]
impl SigningKeyRepository for SeaOrmStore {
    async fn list(&self) -> Result<Vec<SigningKey>, StoreError> {
        let unit = self.worker_look_up().await?;
        let rows = unit
            .shared::<signing_key::Entity>()
            .order_by_asc(signing_key::Column::Sequence)
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn insert(&self, key: &SigningKey) -> Result<(), StoreError> {
        let unit = self.worker_unit().await?;
        let row = signing_key::ActiveModel {
            sequence: Set(key.sequence),
            kid: Set(key.kid.clone()),
            sealed: Set(key.sealed.clone()),
            created_at: Set(key.created_at.into()),
            signs_from: Set(key.signs_from.into()),
        };
        unit.add_shared([row]).await?;
        Box::new(unit).commit(Vec::new()).await
    }
}

fn restore(row: signing_key::Model) -> Result<SigningKey, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("signing_key", row.sequence));
    Ok(SigningKey {
        sequence: row.sequence,
        created_at: time(row.created_at)?,
        signs_from: time(row.signs_from)?,
        kid: row.kid,
        sealed: row.sealed,
    })
}
