//! What a tenant may use, and how much of it is used.

mod check;
mod list;
mod pool;
mod remove;
mod replace;

use serde::Serialize;
use tenantry_quotas::usage::UsageRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![list::row(), check::row(), replace::row(), remove::row(), pool::row()]
}

/// How one meter stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Quota)]
pub(crate) struct QuotaView {
    /// The meter.
    #[schema(example = "api_calls")]
    meter: String,
    /// Its name for people.
    #[schema(example = "API calls")]
    name: String,
    /// What it counts in.
    #[schema(example = "calls")]
    unit: String,
    /// What the plan allows; null is unlimited.
    #[schema(example = 10000)]
    limit: Option<i64>,
    /// How much is used.
    #[schema(example = 2340)]
    used: i64,
    /// What is left; null when unlimited.
    #[schema(example = 7660)]
    remaining: Option<i64>,
    /// Used of the limit, with one decimal; null when unlimited.
    #[schema(value_type = Option<f64>, example = 23.4)]
    percentage: Option<Percentage>,
    /// `minute`, `day`, `month`, `anniversary_month` or `lifetime`.
    #[schema(example = "month")]
    period: &'static str,
    /// When the period ends; null when it never does.
    #[serde(with = "time::serde::rfc3339::option")]
    resets_at: Option<OffsetDateTime>,
    /// `hard` refuses beyond the limit, `soft` only warns.
    #[schema(example = "hard")]
    enforcement: &'static str,
    /// Used beyond the limit.
    #[schema(example = 0)]
    overage: i64,
    /// Reserved and not settled yet; it takes room as if it were used.
    #[schema(example = 0)]
    reserved: i64,
    /// How much of the limit is what the period before left over.
    #[schema(example = 0)]
    rolled_over: i64,
}

impl From<&UsageRow> for QuotaView {
    fn from(row: &UsageRow) -> Self {
        Self {
            meter: row.meter.code.to_string(),
            name: row.meter.name.clone(),
            unit: row.meter.unit.clone(),
            limit: row.limit(),
            used: row.used,
            remaining: row.remaining(),
            percentage: row.percentage_tenths().map(Percentage),
            period: row.allowance.period.as_str(),
            resets_at: row.resets_at,
            enforcement: row.allowance.enforcement.as_str(),
            overage: row.overage(),
            reserved: row.reserved,
            rolled_over: row.granted,
        }
    }
}

/// Tenths of a per cent, written as per cent with one decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Percentage(i64);

impl Serialize for Percentage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 tenths nobody misses one")]
        serializer.serialize_f64(self.0 as f64 / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_written_with_one_decimal() {
        for (tenths, text) in [(90, "9.0"), (234, "23.4"), (0, "0.0"), (1_000, "100.0"), (1, "0.1")] {
            assert_eq!(serde_json::to_string(&Percentage(tenths)).unwrap(), text);
        }
    }
}
