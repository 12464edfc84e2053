//! The offer of ownership of the unit's tenant.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, QueryFilter};
use tenantry_kernel::id::MembershipId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, StoreError, async_trait};
use tenantry_tenancy::ownership::{OwnershipRepository, OwnershipTransfer, OwnershipTransferId};

use crate::entity::ownership_transfer;
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl OwnershipRepository for SeaOrmUnit {
    async fn pending(&mut self) -> Result<Option<OwnershipTransfer>, StoreError> {
        let found = self.rows::<ownership_transfer::Entity>();
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn offer(&mut self, transfer: &OwnershipTransfer) -> Result<(), StoreError> {
        self.add(ownership_transfer::ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            id: Set(transfer.id.as_uuid()),
            from_membership: Set(transfer.from.as_uuid()),
            to_membership: Set(transfer.to.as_uuid()),
            keep_role: Set(transfer.keep_role.as_str().to_owned()),
            created_at: Set(transfer.created_at.into()),
            expires_at: Set(transfer.expires_at.into()),
        })
        .await
    }

    async fn end(&mut self, id: OwnershipTransferId) -> Result<bool, StoreError> {
        let removed = self
            .remove::<ownership_transfer::Entity>()
            .filter(ownership_transfer::Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(removed.rows_affected > 0)
    }
}

fn restore(row: ownership_transfer::Model) -> Result<OwnershipTransfer, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("ownership_transfer", row.id));
    Ok(OwnershipTransfer {
        id: OwnershipTransferId::from_uuid(row.id),
        from: MembershipId::from_uuid(row.from_membership),
        to: MembershipId::from_uuid(row.to_membership),
        keep_role: Code::try_from(row.keep_role).map_err(corrupt("ownership_transfer", row.id))?,
        created_at: time(row.created_at)?,
        expires_at: time(row.expires_at)?,
    })
}
