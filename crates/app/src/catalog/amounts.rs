//! Money in a catalog: decimal text in major units, such as `"29.00"` dollars or `"29800"` yen.

use tenantry_kernel::{Currency, Money, Ratio};

/// An amount in whole minor units.
///
/// # Errors
/// A sentence that says what is wrong.
pub(super) fn money(text: &str, currency: Currency) -> Result<Money, String> {
    let exponent = currency.exponent();
    let exact = decimal(text)?;
    let decimals = decimals(text);
    if decimals > exponent {
        let most = match exponent {
            0 => "no decimal places".to_owned(),
            places => format!("{places} decimal places"),
        };
        return Err(format!("{currency} has {most}, and \"{text}\" has {decimals}"));
    }
    let minor = exact.times(scale(currency)).map_err(|_| too_large(text))?;
    Money::rounded(minor, currency).map_err(|_| too_large(text))
}

/// The price of one unit in exact minor units; up to 12 decimal places of the major unit.
///
/// # Errors
/// A sentence that says what is wrong.
pub(super) fn unit_price_minor(text: &str, currency: Currency) -> Result<Ratio, String> {
    decimal(text)?.times(scale(currency)).map_err(|_| too_large(text))
}

fn decimal(text: &str) -> Result<Ratio, String> {
    if text.starts_with('-') {
        return Err(format!("must not be negative, and is \"{text}\""));
    }
    if decimals(text) > 12 {
        return Err(format!("\"{text}\" has more than 12 decimal places"));
    }
    Ratio::from_decimal(text).map_err(|_| {
        format!("must be a decimal number such as \"29.00\", without signs or separators, and is \"{text}\"")
    })
}

fn decimals(text: &str) -> u32 {
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    u32::try_from(fraction.len()).unwrap_or(u32::MAX)
}

fn scale(currency: Currency) -> Ratio {
    Ratio::whole(10_i128.pow(currency.exponent()))
}

fn too_large(text: &str) -> String {
    format!("\"{text}\" is too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_major_units_of_their_currency() {
        assert_eq!(money("29.00", Currency::USD), Ok(Money::new(2_900, Currency::USD)));
        assert_eq!(money("29", Currency::USD), Ok(Money::new(2_900, Currency::USD)));
        assert_eq!(money("29800", Currency::JPY), Ok(Money::new(29_800, Currency::JPY)));
        assert_eq!(
            unit_price_minor("0.0060", Currency::USD),
            Ok(Ratio::new(6, 10).unwrap())
        );
        assert_eq!(
            unit_price_minor("0.000000000001", Currency::JPY),
            Ok(Ratio::new(1, 1_000_000_000_000).unwrap())
        );
    }

    #[test]
    fn what_is_no_amount_of_the_currency_is_refused_with_its_reason() {
        for (text, currency, expected) in [
            (
                "29.005",
                Currency::USD,
                "USD has 2 decimal places, and \"29.005\" has 3",
            ),
            (
                "29800.0",
                Currency::JPY,
                "JPY has no decimal places, and \"29800.0\" has 1",
            ),
            ("-1", Currency::USD, "must not be negative, and is \"-1\""),
            (
                "1,000",
                Currency::USD,
                "must be a decimal number such as \"29.00\", without signs or separators, and is \"1,000\"",
            ),
            (
                "999999999999999999",
                Currency::USD,
                "\"999999999999999999\" is too large",
            ),
        ] {
            assert_eq!(money(text, currency).unwrap_err(), expected);
        }
        assert_eq!(
            unit_price_minor("0.0000000000001", Currency::USD).unwrap_err(),
            "\"0.0000000000001\" has more than 12 decimal places"
        );
    }
}
