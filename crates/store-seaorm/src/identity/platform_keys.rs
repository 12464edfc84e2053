//! The installation's platform keys, reached as the worker: requests have no right to them.

use std::sync::Arc;

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::prelude::Json;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use tenantry_identity::api_key::KeyName;
use tenantry_identity::directory::PlatformKeyDirectory;
use tenantry_identity::platform_key::{
    PlatformKey, PlatformKeyRecord, PlatformKeyRepository, PlatformKeyStore, PlatformKeyUnit,
};
use tenantry_kernel::id::{PlatformKeyId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Page, PageRequest, Permission, StoreError, SystemScope, Transaction, async_trait};

use super::api_keys::{permissions, ranges};
use super::fingerprint;
use crate::entity::platform_key::{ActiveModel, Column, Entity, Model};
use crate::error::{corrupt, fresh, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl PlatformKeyStore for SeaOrmStore {
    async fn begin_platform(&self, scope: &SystemScope) -> Result<Box<dyn PlatformKeyUnit>, StoreError> {
        Ok(Box::new(self.unit_for_system(scope).await?))
    }

    async fn read_platform(&self, _: &SystemScope) -> Result<Box<dyn PlatformKeyUnit>, StoreError> {
        Ok(Box::new(self.worker_look_up().await?))
    }
}

impl PlatformKeyUnit for SeaOrmUnit {
    fn platform_keys(&mut self) -> &mut dyn PlatformKeyRepository {
        self
    }
}

#[async_trait]
impl PlatformKeyRepository for SeaOrmUnit {
    async fn find(&mut self, id: PlatformKeyId) -> Result<Option<PlatformKey>, StoreError> {
        by_id(self, id).await
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<PlatformKey>, StoreError> {
        let mut found = self.shared::<Entity>().filter(Column::RevokedAt.is_null());
        if let Some(after) = page.after() {
            found = found.filter(Column::Id.lt(after.0));
        }
        let rows = found
            .order_by_desc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let keys = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(keys, page, |key| key.id().as_uuid()))
    }

    async fn insert(&mut self, key: &PlatformKey) -> Result<(), StoreError> {
        self.add_shared([to_row(key, key.version())]).await
    }

    async fn update(&mut self, key: &PlatformKey) -> Result<(), StoreError> {
        let mut row = to_row(key, key.version() + 1);
        row.last_used_at = NotSet;
        let written = self
            .change_shared::<Entity>()
            .set(row)
            .filter(Column::Id.eq(key.id().as_uuid()))
            .filter(Column::Version.eq(key.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }
}

#[async_trait]
impl PlatformKeyDirectory for SeaOrmStore {
    async fn find_platform_key(&self, key: PlatformKeyId) -> Result<Option<Arc<PlatformKey>>, StoreError> {
        let unit = self.worker_look_up().await?;
        Ok(by_id(&unit, key).await?.map(Arc::new))
    }

    async fn touch_platform_key(&self, key: PlatformKeyId, at: OffsetDateTime) -> Result<(), StoreError> {
        let at = Micros::from(at);
        // A use is no act: it leaves no audit row, and caches need not hear of it.
        let unit = self.worker_unit().await?;
        let earlier = Condition::any()
            .add(Column::LastUsedAt.is_null())
            .add(Column::LastUsedAt.lt(at));
        unit.change_shared::<Entity>()
            .col_expr(Column::LastUsedAt, Expr::value(at.0))
            .filter(Column::Id.eq(key.as_uuid()))
            .filter(earlier)
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        Box::new(unit).commit(Vec::new()).await
    }
}

async fn by_id(unit: &SeaOrmUnit, id: PlatformKeyId) -> Result<Option<PlatformKey>, StoreError> {
    let found = unit.shared::<Entity>().filter(Column::Id.eq(id.as_uuid()));
    let row = found.one(unit.txn()).await.map_err(store_error)?;
    row.map(restore).transpose()
}

fn to_row(key: &PlatformKey, version: i64) -> ActiveModel {
    let record = key.record();
    let ranges = record.allowed_ips.iter().map(ToString::to_string);
    ActiveModel {
        id: Set(record.id.as_uuid()),
        name: Set(record.name.as_str().to_owned()),
        permissions: Set(record.permissions.iter().map(Permission::as_str).collect::<Json>()),
        allowed_ips: Set(ranges.collect::<Json>()),
        fingerprint: Set(record.fingerprint.as_bytes().to_vec()),
        hint: Set(record.hint.clone()),
        created_by: Set(record.created_by.map(UserId::as_uuid)),
        created_at: Set(record.created_at.into()),
        expires_at: Set(record.expires_at.map(Micros::from)),
        revoked_at: Set(record.revoked_at.map(Micros::from)),
        last_used_at: Set(record.last_used_at.map(Micros::from)),
        version: Set(version),
    }
}

fn restore(row: Model) -> Result<PlatformKey, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("platform_key", id));
    Ok(PlatformKey::restore(PlatformKeyRecord {
        id: PlatformKeyId::from_uuid(id),
        name: KeyName::try_from(row.name.as_str()).map_err(corrupt("platform_key", id))?,
        permissions: permissions(&row.permissions).map_err(corrupt("platform_key", id))?,
        allowed_ips: ranges(&row.allowed_ips).map_err(corrupt("platform_key", id))?,
        fingerprint: fingerprint(&row.fingerprint).map_err(corrupt("platform_key", id))?,
        hint: row.hint,
        created_by: row.created_by.map(UserId::from_uuid),
        created_at: time(row.created_at)?,
        expires_at: row.expires_at.map(time).transpose()?,
        revoked_at: row.revoked_at.map(time).transpose()?,
        last_used_at: row.last_used_at.map(time).transpose()?,
        version: row.version,
    }))
}
