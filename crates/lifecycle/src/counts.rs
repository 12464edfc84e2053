//! What was used in a billing period, for prices that bill it.
//!
//! A period that is over is closed: its total never changes again, and what is counted late for it is an adjustment
//! that the next one bills.

use tenantry_billing::period::whole_second;
use tenantry_billing::plan::{Plan, PriceBasis};
use tenantry_billing::proration::{CountedSpan, Counts};
use tenantry_billing::subscription::Subscription;
use tenantry_kernel::StoreError;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_quotas::closing::Mark;
use tenantry_quotas::store::QuotaUnit;

/// The units counted in the subscription's current period, until `now` or its end, of every meter that the plan
/// bills by the unit; up to `mark`, so that it can be closed as it was billed, or as of now.
///
/// # Errors
/// The store's.
pub async fn in_period<U: QuotaUnit + ?Sized>(
    unit: &mut U,
    plan: &Plan,
    subscription: &Subscription,
    mark: Option<Mark>,
    now: OffsetDateTime,
) -> Result<Counts, StoreError> {
    let period = subscription.period();
    // Periods begin with whole seconds: what happens in this one belongs to the next.
    let until = whole_second(now).min(period.end());
    let mut counted = Vec::new();
    for price in plan.arrears_prices(subscription.cycle(), subscription.currency()) {
        if let PriceBasis::PerUnit { meter, .. } = price.basis() {
            let units = unit.closings().running(meter, period.start(), until, mark).await?;
            counted.push((meter.clone(), u64::try_from(units).unwrap_or(0)));
        }
    }
    Ok(Counts::from_iter(counted).up_to(mark.map(|mark| mark.0)))
}

/// Closes what a change has billed, in the unit that applies the change.
///
/// # Errors
/// The store's.
pub async fn close_billed<U: QuotaUnit + ?Sized>(
    unit: &mut U,
    billed: &CountedSpan,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    for meter in &billed.meters {
        let closings = unit.closings();
        closings
            .close(meter, billed.from, billed.until, Mark(billed.mark), now)
            .await?;
    }
    Ok(())
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
        return in_period(unit, plan, subscription, None, now).await;
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
