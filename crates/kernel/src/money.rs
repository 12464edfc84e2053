//! Money: integer minor units of a currency. Never a float.

use std::fmt;

use crate::ratio::{OutOfRange, Ratio};

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text is not a currency code that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 4217 currency code such as USD")]
pub struct UnknownCurrency;

/// Currencies whose minor unit is the major one (ISO 4217, exponent 0).
const EXPONENT_0: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
/// Currencies with a thousand minor units (ISO 4217, exponent 3).
const EXPONENT_3: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
/// All others in use (ISO 4217, exponent 2).
const EXPONENT_2: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BMD", "BND", "BOB", "BRL",
    "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP",
    "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL",
    "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR",
    "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN",
    "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB",
    "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB",
    "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "VES", "WST", "XCD", "YER", "ZAR",
    "ZMW", "ZWG",
];

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(*b"USD");
    /// Japanese yen, which has no minor unit.
    pub const JPY: Self = Self(*b"JPY");
    /// Euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The constructor admits listed ASCII codes only.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimal places the major unit has: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn exponent(&self) -> u32 {
        let code = self.as_str();
        if EXPONENT_0.contains(&code) {
            0
        } else if EXPONENT_3.contains(&code) {
            3
        } else {
            2
        }
    }
}

impl TryFrom<&str> for Currency {
    type Error = UnknownCurrency;

    /// Accepts either case; codes that ISO 4217 does not list are refused.
    fn try_from(text: &str) -> Result<Self, UnknownCurrency> {
        let upper = text.to_ascii_uppercase();
        let listed = [EXPONENT_2, EXPONENT_0, EXPONENT_3]
            .iter()
            .any(|table| table.contains(&upper.as_str()));
        let bytes: [u8; 3] = upper.as_bytes().try_into().map_err(|_| UnknownCurrency)?;
        if listed { Ok(Self(bytes)) } else { Err(UnknownCurrency) }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in integer minor units of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    amount_minor: i64,
    currency: Currency,
}

/// Why two amounts could not be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Amounts of two currencies are never added.
    #[error("amounts of two currencies cannot be combined")]
    CurrencyMismatch,
    /// The result does not fit.
    #[error("the amount is out of range")]
    OutOfRange,
}

impl From<OutOfRange> for MoneyError {
    fn from(_: OutOfRange) -> Self {
        Self::OutOfRange
    }
}

impl Money {
    /// An amount of minor units.
    #[must_use]
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self { amount_minor, currency }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Minor units: cents of USD, yen of JPY.
    #[must_use]
    pub const fn amount_minor(self) -> i64 {
        self.amount_minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// True for an amount of nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.amount_minor == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], [`MoneyError::OutOfRange`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let sum = self
            .amount_minor
            .checked_add(other.amount_minor)
            .ok_or(MoneyError::OutOfRange)?;
        Ok(Self::new(sum, self.currency))
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], [`MoneyError::OutOfRange`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(other.negated()?)
    }

    /// The same amount with the other sign.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] for the one amount that has no opposite.
    pub fn negated(self) -> Result<Self, MoneyError> {
        let opposite = self.amount_minor.checked_neg().ok_or(MoneyError::OutOfRange)?;
        Ok(Self::new(opposite, self.currency))
    }

    /// The exact product with a fraction, rounded once, half away from zero.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn times(self, factor: Ratio) -> Result<Self, MoneyError> {
        let exact = Ratio::whole(i128::from(self.amount_minor)).times(factor)?;
        Self::rounded(exact, self.currency)
    }

    /// An exact amount of minor units, rounded once, half away from zero.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn rounded(exact_minor: Ratio, currency: Currency) -> Result<Self, MoneyError> {
        let amount_minor = i64::try_from(exact_minor.round()).map_err(|_| MoneyError::OutOfRange)?;
        Ok(Self::new(amount_minor, currency))
    }

    /// The sum of many amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], [`MoneyError::OutOfRange`].
    pub fn sum(amounts: impl IntoIterator<Item = Self>, currency: Currency) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }
}

impl fmt::Display for Money {
    /// As people write it: `298.00 USD`, `29800 JPY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let scale = 10_u64.pow(exponent);
        let (magnitude, sign) = (
            self.amount_minor.unsigned_abs(),
            if self.amount_minor < 0 { "-" } else { "" },
        );
        if exponent == 0 {
            return write!(f, "{sign}{magnitude} {}", self.currency);
        }
        let width = exponent as usize;
        write!(
            f,
            "{sign}{}.{:0width$} {}",
            magnitude / scale,
            magnitude % scale,
            self.currency
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_follow_iso_4217() {
        for (code, exponent) in [("USD", 2), ("JPY", 0), ("KWD", 3), ("EUR", 2), ("KRW", 0)] {
            assert_eq!(Currency::try_from(code).unwrap().exponent(), exponent, "{code}");
        }
        for bad in ["", "US", "USDX", "XXX", "ZZZ", "ŪSD"] {
            assert_eq!(Currency::try_from(bad), Err(UnknownCurrency), "{bad}");
        }
        assert_eq!(Currency::try_from("jpy"), Ok(Currency::JPY));
    }

    #[test]
    fn amounts_are_written_with_their_decimals() {
        assert_eq!(Money::new(29800, Currency::JPY).to_string(), "29800 JPY");
        assert_eq!(Money::new(-5, Currency::USD).to_string(), "-0.05 USD");
        assert_eq!(
            Money::new(1_234_567, Currency::try_from("KWD").unwrap()).to_string(),
            "1234.567 KWD"
        );
    }

    #[test]
    fn currencies_never_mix_and_sums_never_wrap() {
        let dollar = Money::new(100, Currency::USD);

        assert_eq!(
            dollar.plus(Money::new(1, Currency::JPY)),
            Err(MoneyError::CurrencyMismatch)
        );
        assert_eq!(
            Money::new(i64::MAX, Currency::USD).plus(dollar),
            Err(MoneyError::OutOfRange)
        );
        assert_eq!(
            Money::new(i64::MIN, Currency::USD).negated(),
            Err(MoneyError::OutOfRange)
        );
    }

    #[test]
    fn a_fraction_of_money_is_rounded_once() {
        let price = Money::new(2900, Currency::USD);

        assert_eq!(price.times(Ratio::new(1, 3).unwrap()).unwrap().amount_minor(), 967);
        assert_eq!(price.times(Ratio::new(-1, 3).unwrap()).unwrap().amount_minor(), -967);
    }
}
