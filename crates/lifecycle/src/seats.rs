//! Seats: the gauges that count members, moved in the unit that moves the members.

use tenantry_kernel::StoreError;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_quotas::gauge::Consumption;
use tenantry_quotas::meter::MeterSource;
use tenantry_quotas::store::QuotaUnit;
use tenantry_quotas::usage::exceeded::{QuotaExceeded, Refusal};

use crate::catalog::Catalog;

/// Why no seat was given.
#[derive(Debug, thiserror::Error)]
pub enum SeatError {
    /// The plan has no more.
    #[error(transparent)]
    Full(#[from] QuotaExceeded),
    /// The store failed.
    #[error("the seats could not be counted")]
    Store(#[from] StoreError),
}

/// Takes (`delta` above zero) or frees seats on every meter that counts members, within the plan's limits.
///
/// # Errors
/// [`SeatError::Full`] naming the meter; drop the unit then.
pub async fn adjust<U: QuotaUnit + ?Sized>(
    unit: &mut U,
    catalog: &Catalog,
    delta: i64,
    now: OffsetDateTime,
) -> Result<(), SeatError> {
    if delta == 0 {
        return Ok(());
    }
    let Some(entitlements) = unit.entitlements().find().await? else {
        return Err(StoreError::Corrupt {
            table: "entitlement",
            detail: "a tenant without a plan".to_owned(),
        }
        .into());
    };
    for meter in catalog.meters().counted_by(MeterSource::Members) {
        let limit = entitlements.allowance(meter, now).hard_limit();
        let moved = unit.gauges().adjust(&meter.code, delta, limit).await?;
        if let Consumption::Exceeded { used } = moved {
            let refusal = Refusal {
                meter: meter.code.clone(),
                limit: limit.unwrap_or(used),
                used,
                resets_at: None,
                amount: delta,
            };
            return Err(QuotaExceeded::new(refusal, &entitlements, catalog, now).into());
        }
    }
    Ok(())
}
