//! Dunning cases of the unit's tenant.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use tenantry_billing::dunning::{DunningCase, DunningCaseRepository};
use tenantry_billing::invoice::InvoiceId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, async_trait};

use super::columns::Reader;
use crate::entity::dunning_case::{ActiveModel, Column, Entity, Model};
use crate::error::store_error;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl DunningCaseRepository for SeaOrmUnit {
    async fn find(&mut self, invoice: InvoiceId) -> Result<Option<DunningCase>, StoreError> {
        let found = self.row::<Entity>(invoice.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn record(&mut self, case: &DunningCase, next_at: Option<OffsetDateTime>) -> Result<(), StoreError> {
        let row = ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            id: Set(case.invoice.as_uuid()),
            due_at: Set(case.due_at.into()),
            retried_days: Set(i64::from(case.retried_days)),
            suspended_at: Set(case.suspended_at.map(Into::into)),
            cancelled_at: Set(case.cancelled_at.map(Into::into)),
            next_at: Set(next_at.map(Into::into)),
        };
        let replaced = OnConflict::columns([Column::TenantId, Column::Id])
            .update_columns([
                Column::DueAt,
                Column::RetriedDays,
                Column::SuspendedAt,
                Column::CancelledAt,
                Column::NextAt,
            ])
            .to_owned();
        self.put([row], replaced).await?;
        Ok(())
    }
}

fn restore(row: Model) -> Result<DunningCase, StoreError> {
    let reader = Reader {
        table: "dunning_case",
        id: row.id,
    };
    Ok(DunningCase {
        invoice: InvoiceId::from_uuid(row.id),
        due_at: reader.time(row.due_at)?,
        retried_days: u16::try_from(row.retried_days).map_err(reader.refuse())?,
        suspended_at: row.suspended_at.map(|at| reader.time(at)).transpose()?,
        cancelled_at: row.cancelled_at.map(|at| reader.time(at)).transpose()?,
    })
}
