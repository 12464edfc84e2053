//! Payment attempts of the unit's tenant.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use tenantry_billing::gateway::{MethodDetails, MethodToken};
use tenantry_billing::invoice::InvoiceId;
use tenantry_billing::payment::{AttemptStatus, PaymentAttempt, PaymentAttemptId, PaymentAttemptRepository, Source};
use tenantry_billing::payment_method::PaymentMethodId;
use tenantry_kernel::{StoreError, async_trait};

use super::columns::{Reader, literal};
use crate::entity::payment_attempt::{ActiveModel, Column, Entity, Model};
use crate::error::{fresh, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

/// What `status` says; the index "one pending attempt per tenant" and the worker's look-up name the first.
pub(super) const PENDING: &str = "pending";
const SUCCEEDED: &str = "succeeded";
const FAILED: &str = "failed";

#[async_trait]
impl PaymentAttemptRepository for SeaOrmUnit {
    async fn find(&mut self, id: PaymentAttemptId) -> Result<Option<PaymentAttempt>, StoreError> {
        let found = self.row::<Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn pending(&mut self) -> Result<Option<PaymentAttempt>, StoreError> {
        let found = self
            .rows::<Entity>()
            .filter(Expr::col(Column::Status).eq(literal(PENDING)));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn of_invoice(&mut self, invoice: InvoiceId) -> Result<Vec<PaymentAttempt>, StoreError> {
        let found = self.rows::<Entity>().filter(Column::InvoiceId.eq(invoice.as_uuid()));
        let rows = found
            .order_by_asc(Column::Id)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn insert(&mut self, attempt: &PaymentAttempt) -> Result<(), StoreError> {
        self.add(to_row(self, attempt)).await
    }

    async fn settle(&mut self, attempt: &PaymentAttempt) -> Result<(), StoreError> {
        let written = self
            .change::<Entity>()
            .set(to_row(self, attempt))
            .filter(Column::Id.eq(attempt.id.as_uuid()))
            .filter(Column::Status.eq(PENDING))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }
}

fn to_row(unit: &SeaOrmUnit, attempt: &PaymentAttempt) -> ActiveModel {
    let details = match &attempt.source {
        Source::OnFile(_) => None,
        Source::New { details, .. } => Some(details),
    };
    let (status, charge_id, failure_code, settled_at) = match &attempt.status {
        AttemptStatus::Pending => (PENDING, None, None, None),
        AttemptStatus::Succeeded { charge_id, at } => (SUCCEEDED, Some(charge_id.clone()), None, Some(*at)),
        AttemptStatus::Failed { code, at } => (FAILED, None, Some(code.clone()), Some(*at)),
    };
    ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        id: Set(attempt.id.as_uuid()),
        invoice_id: Set(attempt.invoice.as_uuid()),
        method_id: Set(attempt.source.method().as_uuid()),
        new_brand: Set(details.map(|details| details.brand.clone())),
        new_last4: Set(details.map(|details| details.last4.clone())),
        token: Set(attempt.token.expose().to_owned()),
        currency: Set(attempt.amount.currency().as_str().to_owned()),
        amount_minor: Set(attempt.amount.amount_minor()),
        status: Set(status.to_owned()),
        charge_id: Set(charge_id),
        failure_code: Set(failure_code),
        settled_at: Set(settled_at.map(Micros::from)),
        created_at: Set(attempt.created_at.into()),
    }
}

fn restore(row: Model) -> Result<PaymentAttempt, StoreError> {
    let reader = Reader {
        table: "payment_attempt",
        id: row.id,
    };
    let method = PaymentMethodId::from_uuid(row.method_id);
    let source = match (row.new_brand, row.new_last4) {
        (Some(brand), Some(last4)) => Source::New {
            id: method,
            details: MethodDetails { brand, last4 },
        },
        (None, None) => Source::OnFile(method),
        _ => return Err(reader.refuse()("half of the new method is missing")),
    };
    let status = match row.status.as_str() {
        PENDING => AttemptStatus::Pending,
        SUCCEEDED => AttemptStatus::Succeeded {
            charge_id: reader.needed(row.charge_id)?,
            at: reader.needed_time(row.settled_at)?,
        },
        FAILED => AttemptStatus::Failed {
            code: reader.needed(row.failure_code)?,
            at: reader.needed_time(row.settled_at)?,
        },
        _ => return Err(reader.refuse()("unknown status")),
    };
    Ok(PaymentAttempt {
        id: PaymentAttemptId::from_uuid(row.id),
        invoice: InvoiceId::from_uuid(row.invoice_id),
        source,
        token: MethodToken::try_from(row.token.as_str()).map_err(reader.refuse())?,
        amount: reader.money(row.amount_minor, &row.currency)?,
        status,
        created_at: reader.time(row.created_at)?,
    })
}
