//! Invoices of the unit's tenant.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_billing::invoice::{
    Invoice, InvoiceId, InvoiceNumber, InvoiceParts, InvoiceRepository, InvoiceStatus, Issue, Line,
};
use tenantry_billing::subscription::SubscriptionId;
use tenantry_kernel::{Page, PageRequest, StoreError, async_trait};
use uuid::Uuid;

use super::columns::{Reader, literal};
use super::{follows, invoice_lines};
use crate::entity::invoice::{ActiveModel, Column, Entity, Model};
use crate::entity::invoice_line;
use crate::error::{fresh, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl InvoiceRepository for SeaOrmUnit {
    async fn find(&mut self, id: InvoiceId) -> Result<Option<Invoice>, StoreError> {
        let found = self.row::<Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        let invoices = with_lines(self, row.into_iter().collect()).await?;
        Ok(invoices.into_iter().next())
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<Invoice>, StoreError> {
        let mut found = self.rows::<Entity>().filter(Column::IssuedAt.is_not_null());
        if let Some(after) = page.after() {
            found = found.filter(Column::Id.lt(after.0));
        }
        let rows = found
            .order_by_desc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let invoices = with_lines(self, rows).await?;
        Ok(Page::from_rows(invoices, page, |invoice| invoice.id().as_uuid()))
    }

    async fn open(&mut self) -> Result<Vec<Invoice>, StoreError> {
        let found = self
            .rows::<Entity>()
            .filter(Expr::col(Column::Status).eq(literal("open")));
        let rows = found
            .order_by_asc(Column::Id)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        with_lines(self, rows).await
    }

    async fn insert(&mut self, invoice: &Invoice) -> Result<(), StoreError> {
        self.add(to_row(self, invoice, invoice.version())?).await?;
        self.add_many(invoice_lines::to_rows(self.tenant_uuid(), invoice)).await
    }

    async fn update(&mut self, invoice: &Invoice) -> Result<(), StoreError> {
        let written = self
            .change::<Entity>()
            .set(to_row(self, invoice, invoice.version() + 1)?)
            .filter(Column::Id.eq(invoice.id().as_uuid()))
            .filter(Column::Version.eq(invoice.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }
}

/// Reads the lines of all invoices at once.
async fn with_lines(unit: &SeaOrmUnit, rows: Vec<Model>) -> Result<Vec<Invoice>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let lines = unit
        .rows::<invoice_line::Entity>()
        .filter(invoice_line::Column::InvoiceId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(invoice_line::Column::InvoiceId)
        .order_by_asc(invoice_line::Column::Position)
        .all(unit.txn())
        .await
        .map_err(store_error)?;
    let mut by_invoice: HashMap<Uuid, Vec<invoice_line::Model>> = HashMap::new();
    for line in lines {
        by_invoice.entry(line.invoice_id).or_default().push(line);
    }
    rows.into_iter()
        .map(|row| {
            let lines = by_invoice.remove(&row.id).unwrap_or_default();
            restore(row, lines)
        })
        .collect()
}

fn to_row(unit: &SeaOrmUnit, invoice: &Invoice, version: i64) -> Result<ActiveModel, StoreError> {
    let settled_at = match invoice.status() {
        InvoiceStatus::Draft | InvoiceStatus::Open => None,
        InvoiceStatus::Paid { at } | InvoiceStatus::Void { at } => Some(Micros::from(at)),
    };
    Ok(ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        id: Set(invoice.id().as_uuid()),
        subscription_id: Set(invoice.subscription().map(SubscriptionId::as_uuid)),
        purpose: Set(invoice.purpose().as_str().to_owned()),
        follows: Set(follows::to_json(invoice.purpose())?),
        status: Set(invoice.status().as_str().to_owned()),
        number: Set(invoice.number().map(|number| number.0)),
        issued_at: Set(invoice.issue().map(|issue| issue.at.into())),
        settled_at: Set(settled_at),
        currency: Set(invoice.currency().as_str().to_owned()),
        subtotal_minor: Set(invoice.subtotal().amount_minor()),
        credit_applied_minor: Set(invoice.credit_applied().amount_minor()),
        amount_due_minor: Set(invoice.amount_due().amount_minor()),
        created_at: Set(invoice.created_at().into()),
        version: Set(version),
    })
}

fn restore(row: Model, lines: Vec<invoice_line::Model>) -> Result<Invoice, StoreError> {
    let reader = Reader {
        table: "invoice",
        id: row.id,
    };
    let status = match row.status.as_str() {
        "draft" => InvoiceStatus::Draft,
        "open" => InvoiceStatus::Open,
        "paid" => InvoiceStatus::Paid {
            at: reader.needed_time(row.settled_at)?,
        },
        "void" => InvoiceStatus::Void {
            at: reader.needed_time(row.settled_at)?,
        },
        _ => return Err(reader.refuse()("unknown status")),
    };
    let issue = match (row.number, row.issued_at) {
        (Some(number), Some(at)) => Some(Issue {
            number: InvoiceNumber(number),
            at: reader.time(at)?,
        }),
        (None, None) => None,
        _ => return Err(reader.refuse()("half of the issue is missing")),
    };
    let lines = lines
        .into_iter()
        .map(|line| invoice_lines::restore(line, &row.currency))
        .collect::<Result<Vec<Line>, _>>()?;
    let currency = reader.currency(&row.currency)?;
    let parts = InvoiceParts {
        id: InvoiceId::from_uuid(row.id),
        subscription: row.subscription_id.map(SubscriptionId::from_uuid),
        purpose: follows::from_json(reader, &row.purpose, row.follows, currency)?,
        status,
        issue,
        lines,
        credit_applied: reader.money(row.credit_applied_minor, &row.currency)?,
        created_at: reader.time(row.created_at)?,
        version: row.version,
    };
    let invoice = Invoice::restore(parts).map_err(reader.refuse())?;
    // Kept for reports; the lines are the truth.
    let totals = (invoice.subtotal().amount_minor(), invoice.amount_due().amount_minor());
    if totals != (row.subtotal_minor, row.amount_due_minor) {
        return Err(reader.refuse()("the totals do not follow from the lines"));
    }
    Ok(invoice)
}
