//! How billing's values are kept in columns, and read back with suspicion.

use sea_orm::sea_query::Expr;
use tenantry_billing::period::Period;
use tenantry_billing::plan::PlanRef;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, Currency, Money, Ratio, StoreError};
use uuid::Uuid;

use crate::error::corrupt;
use crate::micros::Micros;

/// Reads the columns of one row.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    /// The table, for the error.
    pub table: &'static str,
    /// The row, for the error.
    pub id: Uuid,
}

impl Reader {
    pub(super) fn refuse<E: std::fmt::Display>(self) -> impl FnOnce(E) -> StoreError {
        corrupt(self.table, self.id)
    }

    pub(super) fn time(self, at: Micros) -> Result<OffsetDateTime, StoreError> {
        OffsetDateTime::try_from(at).map_err(self.refuse())
    }

    /// A moment that this state of the row needs.
    pub(super) fn needed_time(self, at: Option<Micros>) -> Result<OffsetDateTime, StoreError> {
        self.time(self.needed(at)?)
    }

    /// A column that this state of the row needs.
    pub(super) fn needed<T>(self, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or("a column is missing").map_err(self.refuse())
    }

    pub(super) fn currency(self, code: &str) -> Result<Currency, StoreError> {
        Currency::try_from(code).map_err(self.refuse())
    }

    pub(super) fn money(self, amount_minor: i64, currency: &str) -> Result<Money, StoreError> {
        Ok(Money::new(amount_minor, self.currency(currency)?))
    }

    pub(super) fn period(self, start: Micros, end: Micros) -> Result<Period, StoreError> {
        Period::new(self.time(start)?, self.time(end)?).map_err(self.refuse())
    }

    pub(super) fn plan(self, code: String, version: String) -> Result<PlanRef, StoreError> {
        Ok(PlanRef {
            code: Code::try_from(code).map_err(self.refuse())?,
            version,
        })
    }

    /// A fraction as [`exact`] writes it.
    pub(super) fn ratio(self, text: &str) -> Result<Ratio, StoreError> {
        let (above, below) = text.split_once('/').unwrap_or((text, "1"));
        let above: i128 = above.parse().map_err(self.refuse())?;
        let below: i128 = below.parse().map_err(self.refuse())?;
        Ratio::new(above, below).map_err(self.refuse())
    }
}

/// A status written into the statement instead of bound to it: the partial indexes over it are only used for
/// conditions that the planner can read.
pub(crate) fn literal(status: &'static str) -> Expr {
    Expr::cust(format!("'{status}'"))
}

/// A fraction as text, exactly: `42`, `1234/567`.
pub(super) fn exact(ratio: Ratio) -> String {
    if ratio.denominator() == 1 {
        ratio.numerator().to_string()
    } else {
        format!("{}/{}", ratio.numerator(), ratio.denominator())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READER: Reader = Reader {
        table: "invoice_line",
        id: Uuid::nil(),
    };

    #[test]
    fn fractions_survive_exactly() {
        for (above, below) in [(0, 1), (42, 1), (-7, 3), (1, 2_592_000), (i128::MAX, 1)] {
            let ratio = Ratio::new(above, below).unwrap();
            assert_eq!(READER.ratio(&exact(ratio)).unwrap(), ratio);
        }
    }

    #[test]
    fn text_that_is_no_fraction_is_corrupt() {
        for bad in ["", "x", "1/0", "1/2/3", "1.5"] {
            assert!(matches!(READER.ratio(bad), Err(StoreError::Corrupt { .. })), "{bad}");
        }
    }
}
