//! Lines of invoices: rows to lines and back, the arithmetic checked again on the way.

use sea_orm::ActiveValue::Set;
use tenantry_billing::invoice::{Basis, Invoice, Line, LineId, LineKind, Rule};
use tenantry_kernel::StoreError;
use uuid::Uuid;

use super::columns::{Reader, exact};
use crate::entity::invoice_line::{ActiveModel, Model};

/// What `rule` says.
const PRODUCT: &str = "product";
const RESIDUAL: &str = "residual";

pub(super) fn to_rows(tenant: Uuid, invoice: &Invoice) -> Vec<ActiveModel> {
    let invoice_id = invoice.id().as_uuid();
    (0_i64..)
        .zip(invoice.lines())
        .map(|(position, line)| to_row(tenant, invoice_id, position, line))
        .collect()
}

fn to_row(tenant: Uuid, invoice: Uuid, position: i64, line: &Line) -> ActiveModel {
    let basis = &line.basis;
    let (rule, billed_minor) = match basis.rule() {
        Rule::Product => (PRODUCT, None),
        Rule::Residual { billed } => (RESIDUAL, Some(billed.amount_minor())),
    };
    ActiveModel {
        tenant_id: Set(tenant),
        id: Set(line.id.as_uuid()),
        invoice_id: Set(invoice),
        position: Set(position),
        kind: Set(basis.kind().as_str().to_owned()),
        description: Set(basis.description().to_owned()),
        quantity: Set(exact(basis.quantity())),
        unit_price_minor: Set(exact(basis.unit_price())),
        period_start: Set(basis.period().start().into()),
        period_end: Set(basis.period().end().into()),
        fraction: Set(exact(basis.fraction())),
        rule: Set(rule.to_owned()),
        billed_minor: Set(billed_minor),
        amount_minor: Set(basis.amount().amount_minor()),
    }
}

pub(super) fn restore(row: Model, currency: &str) -> Result<Line, StoreError> {
    let reader = Reader {
        table: "invoice_line",
        id: row.id,
    };
    let rule = match row.rule.as_str() {
        PRODUCT => Rule::Product,
        RESIDUAL => Rule::Residual {
            billed: reader.money(reader.needed(row.billed_minor)?, currency)?,
        },
        _ => return Err(reader.refuse()("unknown rule")),
    };
    let basis = Basis::restore(
        LineKind::try_from(row.kind.as_str()).map_err(reader.refuse())?,
        row.description,
        reader.ratio(&row.quantity)?,
        reader.ratio(&row.unit_price_minor)?,
        reader.period(row.period_start, row.period_end)?,
        reader.ratio(&row.fraction)?,
        rule,
        reader.money(row.amount_minor, currency)?,
    )
    .map_err(reader.refuse())?;
    Ok(Line {
        id: LineId::from_uuid(row.id),
        basis,
    })
}
