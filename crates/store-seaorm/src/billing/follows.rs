//! What follows once an invoice is settled, as JSON: it is read whole and never searched.

use sea_orm::prelude::Json;
use serde::{Deserialize, Serialize};
use tenantry_billing::invoice::Purpose;
use tenantry_billing::period::Anchor;
use tenantry_billing::proration::CountedSpan;
use tenantry_billing::subscription::{Prepaid, Transition};
use tenantry_kernel::{Code, Currency, Money, StoreError};

use super::columns::Reader;
use super::subscriptions::terms;
use crate::micros::Micros;

#[derive(Serialize, Deserialize)]
struct StoredPeriod {
    period_start: i64,
    period_end: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredTransition {
    at: i64,
    plan_code: String,
    plan_version: String,
    cycle: String,
    quantity: i64,
    trialing: bool,
    period_start: i64,
    period_end: i64,
    anchor_at: i64,
    prepaid: Option<StoredPrepaid>,
    #[serde(default)]
    counted: Option<StoredSpan>,
}

#[derive(Serialize, Deserialize)]
struct StoredSpan {
    meters: Vec<String>,
    from: i64,
    until: i64,
    mark: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredPrepaid {
    from: i64,
    amount_minor: i64,
}

/// What follows, for the row.
pub(super) fn to_json(purpose: &Purpose) -> Result<Option<Json>, StoreError> {
    let written = match purpose {
        Purpose::Manual => return Ok(None),
        Purpose::Renewal { period } => serde_json::to_value(StoredPeriod {
            period_start: Micros::from(period.start()).0,
            period_end: Micros::from(period.end()).0,
        }),
        Purpose::ChangePlan { to } => serde_json::to_value(stored(to)),
    };
    written.map(Some).map_err(|cause| StoreError::Backend(Box::new(cause)))
}

fn stored(to: &Transition) -> StoredTransition {
    StoredTransition {
        at: Micros::from(to.at).0,
        plan_code: to.terms.plan.code.as_str().to_owned(),
        plan_version: to.terms.plan.version.clone(),
        cycle: to.terms.cycle.as_str().to_owned(),
        quantity: i64::from(to.terms.quantity.get()),
        trialing: to.trialing,
        period_start: Micros::from(to.period.start()).0,
        period_end: Micros::from(to.period.end()).0,
        anchor_at: Micros::from(to.anchor.instant()).0,
        prepaid: to.prepaid.map(|paid| StoredPrepaid {
            from: Micros::from(paid.from).0,
            amount_minor: paid.amount.amount_minor(),
        }),
        counted: to.counted.as_ref().map(|span| StoredSpan {
            meters: span.meters.iter().map(ToString::to_string).collect(),
            from: Micros::from(span.from).0,
            until: Micros::from(span.until).0,
            mark: span.mark,
        }),
    }
}

/// The purpose a row names, with what follows.
pub(super) fn from_json(
    reader: Reader,
    purpose: &str,
    follows: Option<Json>,
    currency: Currency,
) -> Result<Purpose, StoreError> {
    match purpose {
        "manual" => Ok(Purpose::Manual),
        "renewal" => {
            let stored: StoredPeriod = read(reader, follows)?;
            let period = reader.period(Micros(stored.period_start), Micros(stored.period_end))?;
            Ok(Purpose::Renewal { period })
        }
        "plan_change" => {
            let stored: StoredTransition = read(reader, follows)?;
            let to = Box::new(transition(reader, stored, currency)?);
            Ok(Purpose::ChangePlan { to })
        }
        _ => Err(reader.refuse()("unknown purpose")),
    }
}

fn read<T: for<'de> Deserialize<'de>>(reader: Reader, follows: Option<Json>) -> Result<T, StoreError> {
    serde_json::from_value(reader.needed(follows)?).map_err(reader.refuse())
}

fn transition(reader: Reader, stored: StoredTransition, currency: Currency) -> Result<Transition, StoreError> {
    let prepaid = match stored.prepaid {
        None => None,
        Some(paid) => Some(Prepaid {
            from: reader.time(Micros(paid.from))?,
            amount: Money::new(paid.amount_minor, currency),
        }),
    };
    let counted = match stored.counted {
        None => None,
        Some(span) => Some(CountedSpan {
            meters: span
                .meters
                .into_iter()
                .map(|meter| Code::try_from(meter).map_err(reader.refuse()))
                .collect::<Result<_, _>>()?,
            from: reader.time(Micros(span.from))?,
            until: reader.time(Micros(span.until))?,
            mark: span.mark,
        }),
    };
    Ok(Transition {
        at: reader.time(Micros(stored.at))?,
        terms: terms(
            reader,
            stored.plan_code,
            stored.plan_version,
            &stored.cycle,
            stored.quantity,
        )?,
        trialing: stored.trialing,
        period: reader.period(Micros(stored.period_start), Micros(stored.period_end))?,
        anchor: Anchor::at(reader.time(Micros(stored.anchor_at))?),
        prepaid,
        counted,
    })
}
