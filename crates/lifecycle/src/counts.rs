//! What was used in a billing period, for prices that bill it.
//!
//! A period that is over is closed: its total never changes again, and what is counted late for it is an adjustment
//! that the next one bills.

use tenantry_billing::plan::{Plan, PriceBasis};
use tenantry_billing::proration::Counts;
use tenantry_billing::subscription::Subscription;
use tenantry_kernel::StoreError;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_quotas::closing::Mark;
use tenantry_quotas::store::QuotaUnit;

/// The units counted in the subscription's current period, until `now` or its end, of every meter that the plan
/// bills by the unit.
///
/// # Errors
/// The store's.
pub async fn in_period<U: QuotaUnit + ?Sized>(
    unit: &mut U,
    plan: &Plan,
    subscription: &Subscription,
    now: OffsetDateTime,
) -> Result<Counts, StoreError> {
    let period = subscription.period();
    let until = now.min(period.end());
    let mut counted = Vec::new();
    for price in plan.arrears_prices(subscription.cycle(), subscription.currency()) {
        if let PriceBasis::PerUnit { meter, .. } = price.basis() {
            let units = unit.closings().running(meter, period.start(), until).await?;
            counted.push((meter.clone(), u64::try_from(units).unwrap_or(0)));
        }
    }
    Ok(counted.into_iter().collect())
}

/// As [`in_period`], closing the period when it is over: what it came to, with what came late for earlier ones. Asked
/// again it answers the same.
///
/// # Errors
/// The store's.
pub async fn at_its_end<U: QuotaUnit + ?Sized>(
    unit: &mut U,
    plan: &Plan,
    subscription: &Subscription,
    mark: Option<Mark>,
    now: OffsetDateTime,
) -> Result<Counts, StoreError> {
    let period = subscription.period();
    let (Some(mark), true) = (mark, period.end() <= now) else {
        return in_period(unit, plan, subscription, now).await;
    };
    let mut counted = Vec::new();
    for price in plan.arrears_prices(subscription.cycle(), subscription.currency()) {
        if let PriceBasis::PerUnit { meter, .. } = price.basis() {
            let closings = unit.closings();
            let closing = closings.close(meter, period.start(), period.end(), mark, now).await?;
            // More was taken back than was used: there is nothing to bill.
            counted.push((meter.clone(), u64::try_from(closing.billed()).unwrap_or(0)));
        }
    }
    Ok(counted.into_iter().collect())
}
