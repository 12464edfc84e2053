//! The issuer's series of invoice numbers: one row, locked by its own increment until the unit ends.

use sea_orm::prelude::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, QueryFilter};
use tenantry_billing::invoice::{InvoiceNumber, InvoiceNumbers};
use tenantry_kernel::{StoreError, async_trait};

use crate::entity::invoice_counter::{Column, Entity};
use crate::error::store_error;
use crate::unit::SeaOrmUnit;

/// The installation issues all invoices; further issuers would be further rows.
const ISSUER: i64 = 1;

#[async_trait]
impl InvoiceNumbers for SeaOrmUnit {
    async fn next(&mut self) -> Result<InvoiceNumber, StoreError> {
        let rows = self
            .change_shared::<Entity>()
            .col_expr(Column::Last, Expr::col(Column::Last).add(1))
            .filter(Column::Id.eq(ISSUER))
            .exec_with_returning(self.txn())
            .await
            .map_err(store_error)?;
        let row = rows.first().ok_or_else(|| StoreError::Corrupt {
            table: "invoice_counter",
            detail: format!("issuer {ISSUER} has no counter"),
        })?;
        Ok(InvoiceNumber(row.last))
    }
}
