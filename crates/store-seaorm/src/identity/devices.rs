//! The pinned person's devices, and where they signed in from.

use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_identity::device::{DeviceRepository, Familiarity, KnownPlaceId, RememberedDevice, RememberedDeviceId};
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_kernel::id::UserId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, async_trait};

use super::{fingerprint, require_pinned};
use crate::entity::{known_place, remembered_device};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

/// The most places of a person that are kept.
const PLACES: u64 = 100;

#[async_trait]
impl DeviceRepository for SeaOrmUnit {
    async fn add(&mut self, device: &RememberedDevice, at_most: u64) -> Result<(), StoreError> {
        require_pinned(self, device.user)?;
        let too_many = self
            .own_rows::<remembered_device::Entity>()
            .order_by_desc(remembered_device::Column::LastUsedAt)
            .order_by_desc(remembered_device::Column::Id)
            .offset(at_most.saturating_sub(1))
            .limit(PLACES)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        for row in too_many {
            DeviceRepository::remove(self, RememberedDeviceId::from_uuid(row.id)).await?;
        }
        self.add_own(remembered_device::ActiveModel {
            user_id: Set(device.user.as_uuid()),
            id: Set(device.id.as_uuid()),
            fingerprint: Set(device.fingerprint.as_bytes().to_vec()),
            user_agent: Set(device.user_agent.as_deref().map(str::to_owned)),
            address: Set(device.address.map(|address| address.to_string())),
            created_at: Set(device.created_at.into()),
            last_used_at: Set(device.last_used_at.into()),
            expires_at: Set(device.expires_at.into()),
            failures: Set(i64::from(device.failures)),
        })
        .await
    }

    async fn find(&mut self, print: &Fingerprint) -> Result<Option<RememberedDevice>, StoreError> {
        let found = self
            .own_rows::<remembered_device::Entity>()
            .filter(remembered_device::Column::Fingerprint.eq(print.as_bytes().to_vec()));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn list(&mut self, now: OffsetDateTime) -> Result<Vec<RememberedDevice>, StoreError> {
        let rows = self
            .own_rows::<remembered_device::Entity>()
            .filter(remembered_device::Column::ExpiresAt.gt(Micros::from(now)))
            .order_by_desc(remembered_device::Column::CreatedAt)
            .order_by_desc(remembered_device::Column::Id)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn touch(&mut self, id: RememberedDeviceId, at: OffsetDateTime) -> Result<(), StoreError> {
        self.change_own::<remembered_device::Entity>()
            .col_expr(remembered_device::Column::LastUsedAt, Expr::value(Micros::from(at).0))
            .col_expr(remembered_device::Column::Failures, Expr::value(0_i64))
            .filter(remembered_device::Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn count_failure(&mut self, id: RememberedDeviceId) -> Result<(), StoreError> {
        self.change_own::<remembered_device::Entity>()
            .col_expr(
                remembered_device::Column::Failures,
                Expr::col(remembered_device::Column::Failures).add(1_i64),
            )
            .filter(remembered_device::Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn remove(&mut self, id: RememberedDeviceId) -> Result<bool, StoreError> {
        let removed = self
            .remove_own::<remembered_device::Entity>()
            .filter(remembered_device::Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(removed.rows_affected == 1)
    }

    async fn remove_all(&mut self) -> Result<u64, StoreError> {
        let removed = self.remove_own::<remembered_device::Entity>().exec(self.txn()).await;
        Ok(removed.map_err(store_error)?.rows_affected)
    }

    async fn see(
        &mut self,
        id: KnownPlaceId,
        place: &Fingerprint,
        at: OffsetDateTime,
    ) -> Result<Familiarity, StoreError> {
        let seen = self
            .change_own::<known_place::Entity>()
            .col_expr(known_place::Column::LastSeenAt, Expr::value(Micros::from(at).0))
            .filter(known_place::Column::Fingerprint.eq(place.as_bytes().to_vec()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        if seen.rows_affected > 0 {
            return Ok(Familiarity::Known);
        }
        let known = self.own_rows::<known_place::Entity>().count(self.txn()).await;
        let known = known.map_err(store_error)?;
        if known >= PLACES {
            let oldest = self
                .own_rows::<known_place::Entity>()
                .order_by_asc(known_place::Column::LastSeenAt)
                .order_by_asc(known_place::Column::Id)
                .one(self.txn())
                .await
                .map_err(store_error)?;
            if let Some(oldest) = oldest {
                self.remove_own::<known_place::Entity>()
                    .filter(known_place::Column::Id.eq(oldest.id))
                    .exec(self.txn())
                    .await
                    .map_err(store_error)?;
            }
        }
        self.add_own(known_place::ActiveModel {
            user_id: Set(self.user_uuid()),
            id: Set(id.as_uuid()),
            fingerprint: Set(place.as_bytes().to_vec()),
            first_seen_at: Set(at.into()),
            last_seen_at: Set(at.into()),
        })
        .await?;
        Ok(if known == 0 {
            Familiarity::First
        } else {
            Familiarity::New
        })
    }
}

fn restore(row: remembered_device::Model) -> Result<RememberedDevice, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("remembered_device", id));
    let address = row.address.map(|text| text.parse()).transpose();
    Ok(RememberedDevice {
        id: RememberedDeviceId::from_uuid(id),
        user: UserId::from_uuid(row.user_id),
        fingerprint: fingerprint(&row.fingerprint).map_err(corrupt("remembered_device", id))?,
        user_agent: row.user_agent.map(Arc::from),
        address: address.map_err(corrupt("remembered_device", id))?,
        created_at: time(row.created_at)?,
        last_used_at: time(row.last_used_at)?,
        expires_at: time(row.expires_at)?,
        failures: u32::try_from(row.failures).map_err(corrupt("remembered_device", id))?,
    })
}
