//! Seats: the gauges that count members, moved in the unit that moves the members.

use tenantry_kernel::StoreError;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_quotas::entitlement::Entitlements;
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

/// How many of the seats that were asked for were given.
#[derive(Debug)]
pub struct Seating {
    /// So many.
    pub taken: i64,
    /// Why no more.
    pub full: Option<QuotaExceeded>,
}

/// How often seats are counted anew when others take some at the same moment.
const TRIES: u8 = 8;

/// How many of `wanted` seats the plan has left, as things stand. Nothing is taken.
///
/// # Errors
/// The store's.
pub async fn free<U: QuotaUnit + ?Sized>(
    unit: &mut U,
    catalog: &Catalog,
    wanted: i64,
    now: OffsetDateTime,
) -> Result<Seating, StoreError> {
    let entitlements = entitled(unit).await?;
    let mut seating = Seating {
        taken: wanted,
        full: None,
    };
    for meter in catalog.meters().counted_by(MeterSource::Members) {
        let Some(limit) = entitlements.allowance(meter, now).hard_limit() else {
            continue;
        };
        let used = unit.gauges().used(&meter.code).await?;
        let left = limit.saturating_sub(used).max(0);
        if left < seating.taken {
            let refusal = Refusal {
                meter: meter.code.clone(),
                limit,
                used,
                resets_at: None,
                amount: wanted,
            };
            seating.taken = left;
            seating.full = Some(QuotaExceeded::new(refusal, &entitlements, catalog, now));
        }
    }
    Ok(seating)
}

/// Takes as many of `wanted` seats as the plan has left, in one move of every meter that counts members.
///
/// # Errors
/// The store's; `Contended` when others kept taking and freeing seats meanwhile.
pub async fn take_up_to<U: QuotaUnit + ?Sized>(
    unit: &mut U,
    catalog: &Catalog,
    wanted: i64,
    now: OffsetDateTime,
) -> Result<Seating, StoreError> {
    let entitlements = entitled(unit).await?;
    for _ in 0..TRIES {
        let seating = free(unit, catalog, wanted, now).await?;
        if seating.taken <= 0 {
            return Ok(seating);
        }
        let mut moved = Vec::new();
        let mut refused = false;
        for meter in catalog.meters().counted_by(MeterSource::Members) {
            let limit = entitlements.allowance(meter, now).hard_limit();
            match unit.gauges().adjust(&meter.code, seating.taken, limit).await? {
                Consumption::Granted { .. } => moved.push(&meter.code),
                Consumption::Exceeded { .. } => {
                    refused = true;
                    break;
                }
            }
        }
        if !refused {
            return Ok(seating);
        }
        // Others took seats between the look and the move: back, and look again.
        for meter in moved {
            unit.gauges().adjust(meter, -seating.taken, None).await?;
        }
    }
    Err(StoreError::Contended)
}

async fn entitled<U: QuotaUnit + ?Sized>(unit: &mut U) -> Result<Entitlements, StoreError> {
    unit.entitlements().find().await?.ok_or_else(|| StoreError::Corrupt {
        table: "entitlement",
        detail: "a tenant without a plan".to_owned(),
    })
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
    let entitlements = entitled(unit).await?;
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
