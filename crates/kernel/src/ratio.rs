//! Exact fractions, and the one rounding that money is allowed.

use std::cmp::Ordering;

/// An exact fraction of `i128`, always reduced, its denominator positive.
///
/// Intermediate amounts stay fractions until the invoice line; [`Ratio::round`] is called once per line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

/// A calculation left the range of `i128`, or divided by zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount is out of range")]
pub struct OutOfRange;

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };
    /// The whole.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// A whole number.
    #[must_use]
    pub const fn whole(number: i128) -> Self {
        Self {
            numerator: number,
            denominator: 1,
        }
    }

    /// `numerator / denominator`, reduced.
    ///
    /// # Errors
    /// [`OutOfRange`] when the denominator is zero.
    pub fn new(numerator: i128, denominator: i128) -> Result<Self, OutOfRange> {
        if denominator == 0 || numerator == i128::MIN || denominator == i128::MIN {
            return Err(OutOfRange);
        }
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = i128::try_from(divisor).map_err(|_| OutOfRange)?.max(1) * denominator.signum();
        Ok(Self {
            numerator: numerator / divisor,
            denominator: denominator / divisor,
        })
    }

    /// A decimal number as people write it: `12`, `-0.05`, `0.000000000001`; 12 decimal places at most.
    ///
    /// # Errors
    /// [`OutOfRange`] when the text is anything else.
    pub fn from_decimal(text: &str) -> Result<Self, OutOfRange> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let dot_needs_digits = digits.contains('.') && fraction.is_empty();
        if whole.is_empty()
            || whole.len() > 18
            || fraction.len() > 12
            || dot_needs_digits
            || !all_digits(whole)
            || !all_digits(fraction)
        {
            return Err(OutOfRange);
        }
        let scale = 10_i128.pow(u32::try_from(fraction.len()).map_err(|_| OutOfRange)?);
        let raw: i128 = format!("{whole}{fraction}").parse().map_err(|_| OutOfRange)?;
        Self::new(sign * raw, scale)
    }

    /// The number above the line.
    #[must_use]
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The number below the line; positive.
    #[must_use]
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// The exact sum.
    ///
    /// # Errors
    /// [`OutOfRange`] when it does not fit.
    pub fn plus(self, other: Self) -> Result<Self, OutOfRange> {
        let left = self.numerator.checked_mul(other.denominator).ok_or(OutOfRange)?;
        let right = other.numerator.checked_mul(self.denominator).ok_or(OutOfRange)?;
        let below = self.denominator.checked_mul(other.denominator).ok_or(OutOfRange)?;
        Self::new(left.checked_add(right).ok_or(OutOfRange)?, below)
    }

    /// The exact product.
    ///
    /// # Errors
    /// [`OutOfRange`] when it does not fit.
    pub fn times(self, other: Self) -> Result<Self, OutOfRange> {
        // Reducing crosswise first keeps the intermediate products small.
        let left = Self::new(self.numerator, other.denominator)?;
        let right = Self::new(other.numerator, self.denominator)?;
        let above = left.numerator.checked_mul(right.numerator).ok_or(OutOfRange)?;
        let below = left.denominator.checked_mul(right.denominator).ok_or(OutOfRange)?;
        Self::new(above, below)
    }

    /// The nearest whole number, half away from zero: 2.5 is 3, -2.5 is -3.
    #[must_use]
    pub fn round(self) -> i128 {
        let magnitude = self.numerator.unsigned_abs();
        let below = self.denominator.unsigned_abs();
        let (quotient, rest) = (magnitude / below, magnitude % below);
        let up = u128::from(rest >= below - rest);
        // At most |numerator|, which is an i128 above its minimum.
        let rounded = i128::try_from(quotient + up).unwrap_or(i128::MAX);
        rounded * self.numerator.signum()
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Some(left.cmp(&right))
    }
}

const fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_round_away_from_zero() {
        for (above, below, expected) in [
            (5, 2, 3),
            (-5, 2, -3),
            (3, 2, 2),
            (1, 3, 0),
            (2, 3, 1),
            (-1, 3, 0),
            (0, 7, 0),
            (150, 100, 2),
        ] {
            assert_eq!(Ratio::new(above, below).unwrap().round(), expected, "{above}/{below}");
        }
    }

    #[test]
    fn a_twentieth_of_a_cent_thirty_times_is_two_cents() {
        let unit = Ratio::from_decimal("0.05").unwrap();

        assert_eq!(unit.times(Ratio::whole(30)).unwrap().round(), 2);
    }

    #[test]
    fn decimals_are_parsed_exactly_or_refused() {
        assert_eq!(Ratio::from_decimal("19.99").unwrap(), Ratio::new(1999, 100).unwrap());
        assert_eq!(Ratio::from_decimal("-0.5").unwrap(), Ratio::new(-1, 2).unwrap());
        for bad in ["", ".", "1.", ".5", "1e3", "+1", "1.0000000000001", "--1", "1,5", "٣"] {
            assert_eq!(Ratio::from_decimal(bad), Err(OutOfRange), "{bad}");
        }
    }

    #[test]
    fn leaving_the_range_is_an_error_and_never_wraps() {
        let huge = Ratio::whole(i128::MAX);

        assert_eq!(huge.plus(Ratio::ONE), Err(OutOfRange));
        assert_eq!(huge.times(Ratio::whole(2)), Err(OutOfRange));
        assert_eq!(Ratio::new(1, 0), Err(OutOfRange));
    }

    proptest! {
        #[test]
        fn parts_of_a_whole_add_up_to_it(parts in 1_i128..10_000, total in -1_000_000_000_i128..1_000_000_000) {
            let share = Ratio::new(total, parts).unwrap();
            let again = share.times(Ratio::whole(parts)).unwrap();
            prop_assert_eq!(again, Ratio::whole(total));
        }

        #[test]
        fn rounding_is_never_off_by_more_than_half(above in -1_000_000_i128..1_000_000, below in 1_i128..1_000) {
            let exact = Ratio::new(above, below).unwrap();
            let off = exact.plus(Ratio::whole(-exact.round())).unwrap();
            prop_assert!(off.numerator().abs() * 2 <= off.denominator());
        }
    }
}
