//! Subscriptions of the unit's tenant.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use tenantry_billing::period::Anchor;
use tenantry_billing::plan::Cycle;
use tenantry_billing::subscription::{
    Parts, Prepaid, Quantity, ScheduledChange, Status, Subscription, SubscriptionId, SubscriptionRepository, Terms,
};
use tenantry_kernel::{StoreError, async_trait};

use super::columns::{Reader, literal};
use crate::entity::subscription::{ActiveModel, Column, Entity, Model};
use crate::error::{fresh, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

/// What `scheduled` says.
const TERMS: &str = "terms";
const CANCELLATION: &str = "cancellation";

#[async_trait]
impl SubscriptionRepository for SeaOrmUnit {
    async fn find(&mut self, id: SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        let found = self.row::<Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn live(&mut self) -> Result<Option<Subscription>, StoreError> {
        let found = self
            .rows::<Entity>()
            .filter(Expr::col(Column::Status).ne(literal("cancelled")));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn latest(&mut self) -> Result<Option<Subscription>, StoreError> {
        if let Some(live) = SubscriptionRepository::live(self).await? {
            return Ok(Some(live));
        }
        let found = self.rows::<Entity>().order_by_desc(Column::Id);
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn insert(&mut self, subscription: &Subscription) -> Result<(), StoreError> {
        self.add(to_row(self, subscription, subscription.version())).await
    }

    async fn update(&mut self, subscription: &Subscription) -> Result<(), StoreError> {
        let written = self
            .change::<Entity>()
            .set(to_row(self, subscription, subscription.version() + 1))
            .filter(Column::Id.eq(subscription.id().as_uuid()))
            .filter(Column::Version.eq(subscription.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }
}

fn to_row(unit: &SeaOrmUnit, subscription: &Subscription, version: i64) -> ActiveModel {
    let terms = subscription.terms();
    let (past_due_since, cancelled_at) = match subscription.status() {
        Status::Trialing { .. } | Status::Active => (None, None),
        Status::PastDue { since } => (Some(Micros::from(since)), None),
        Status::Cancelled { at } => (None, Some(Micros::from(at))),
    };
    let (scheduled, next) = match subscription.scheduled() {
        None => (None, None),
        Some(ScheduledChange::Cancellation) => (Some(CANCELLATION), None),
        Some(ScheduledChange::Terms(next)) => (Some(TERMS), Some(next)),
    };
    ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        id: Set(subscription.id().as_uuid()),
        plan_code: Set(terms.plan.code.as_str().to_owned()),
        plan_version: Set(terms.plan.version.clone()),
        cycle: Set(terms.cycle.as_str().to_owned()),
        quantity: Set(i64::from(terms.quantity.get())),
        currency: Set(subscription.currency().as_str().to_owned()),
        status: Set(subscription.status().as_str().to_owned()),
        past_due_since: Set(past_due_since),
        cancelled_at: Set(cancelled_at),
        period_start: Set(subscription.period().start().into()),
        period_end: Set(subscription.period().end().into()),
        anchor_at: Set(subscription.anchor().instant().into()),
        prepaid_from: Set(subscription.prepaid().map(|paid| paid.from.into())),
        prepaid_minor: Set(subscription.prepaid().map(|paid| paid.amount.amount_minor())),
        scheduled: Set(scheduled.map(str::to_owned)),
        scheduled_plan_code: Set(next.map(|next| next.plan.code.as_str().to_owned())),
        scheduled_plan_version: Set(next.map(|next| next.plan.version.clone())),
        scheduled_cycle: Set(next.map(|next| next.cycle.as_str().to_owned())),
        scheduled_quantity: Set(next.map(|next| i64::from(next.quantity.get()))),
        created_at: Set(subscription.created_at().into()),
        version: Set(version),
    }
}

fn restore(row: Model) -> Result<Subscription, StoreError> {
    let reader = Reader {
        table: "subscription",
        id: row.id,
    };
    let period = reader.period(row.period_start, row.period_end)?;
    let status = match row.status.as_str() {
        "trialing" => Status::Trialing { ends_at: period.end() },
        "active" => Status::Active,
        "past_due" => Status::PastDue {
            since: reader.needed_time(row.past_due_since)?,
        },
        "cancelled" => Status::Cancelled {
            at: reader.needed_time(row.cancelled_at)?,
        },
        _ => return Err(reader.refuse()("unknown status")),
    };
    let prepaid = match (row.prepaid_from, row.prepaid_minor) {
        (Some(from), Some(amount_minor)) => Some(Prepaid {
            from: reader.time(from)?,
            amount: reader.money(amount_minor, &row.currency)?,
        }),
        (None, None) => None,
        _ => return Err(reader.refuse()("half of what was prepaid is missing")),
    };
    let scheduled = match row.scheduled.as_deref() {
        None => None,
        Some(CANCELLATION) => Some(ScheduledChange::Cancellation),
        Some(TERMS) => Some(ScheduledChange::Terms(terms(
            reader,
            reader.needed(row.scheduled_plan_code)?,
            reader.needed(row.scheduled_plan_version)?,
            &reader.needed(row.scheduled_cycle)?,
            reader.needed(row.scheduled_quantity)?,
        )?)),
        Some(_) => return Err(reader.refuse()("something unknown is scheduled")),
    };
    let parts = Parts {
        id: SubscriptionId::from_uuid(row.id),
        terms: terms(reader, row.plan_code, row.plan_version, &row.cycle, row.quantity)?,
        currency: reader.currency(&row.currency)?,
        status,
        period,
        anchor: Anchor::at(reader.time(row.anchor_at)?),
        prepaid,
        scheduled,
        created_at: reader.time(row.created_at)?,
        version: row.version,
    };
    Subscription::restore(parts).map_err(reader.refuse())
}

/// Terms from their four columns; also for what an invoice leads to.
pub(super) fn terms(
    reader: Reader,
    plan_code: String,
    plan_version: String,
    cycle: &str,
    quantity: i64,
) -> Result<Terms, StoreError> {
    let quantity = u32::try_from(quantity).map_err(reader.refuse())?;
    Ok(Terms {
        plan: reader.plan(plan_code, plan_version)?,
        cycle: Cycle::try_from(cycle).map_err(reader.refuse())?,
        quantity: Quantity::try_from(quantity).map_err(reader.refuse())?,
    })
}
