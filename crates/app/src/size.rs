//! Sizes as people write them: `10 GB`. A gigabyte is 10⁹ bytes.

use tenantry_kernel::Ratio;

const UNITS: &[(&str, i128)] = &[
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
];

/// The text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSize {
    /// Not a number with a unit.
    #[error("must be a size such as \"10 GB\" (B, KB, MB, GB, TB or PB)")]
    Malformed,
    /// 1024-based units are not used.
    #[error("sizes are decimal here: write GB, which is 10^9 bytes, not GiB")]
    Binary,
    /// Less than a byte, or more than fits.
    #[error("must come to a whole number of bytes below 9.2 EB")]
    OutOfRange,
}

/// Bytes of a size such as `10 GB`, `1.5 TB` or `100MB`.
///
/// # Errors
/// [`InvalidSize`].
pub fn bytes(text: &str) -> Result<i64, InvalidSize> {
    let text = text.trim();
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or(InvalidSize::Malformed)?;
    let (number, unit) = text.split_at(split);
    let unit = unit.trim().to_ascii_uppercase();
    let known = UNITS.iter().find(|(name, _)| *name == unit);
    let Some((_, factor)) = known else {
        let binary = unit.len() == 3 && unit.ends_with("IB");
        return Err(if binary {
            InvalidSize::Binary
        } else {
            InvalidSize::Malformed
        });
    };
    let number = Ratio::from_decimal(number).map_err(|_| InvalidSize::Malformed)?;
    let exact = number
        .times(Ratio::whole(*factor))
        .map_err(|_| InvalidSize::OutOfRange)?;
    if exact.denominator() != 1 {
        return Err(InvalidSize::OutOfRange);
    }
    i64::try_from(exact.numerator()).map_err(|_| InvalidSize::OutOfRange)
}

/// Bytes in the largest unit that needs no fraction.
#[must_use]
pub fn describe(bytes: i64) -> String {
    let exact = i128::from(bytes);
    let fits = |(_, factor): &&(&str, i128)| exact >= *factor && exact % factor == 0;
    match UNITS.iter().rev().find(fits) {
        Some((unit, factor)) => format!("{} {unit}", exact / factor),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal() {
        for (text, expected) in [
            ("1 GB", 1_000_000_000),
            ("100 MB", 100_000_000),
            ("1 TB", 1_000_000_000_000),
            ("1.5kB", 1_500),
            ("0 B", 0),
            (" 7 b ", 7),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_its_reason() {
        for (text, expected) in [
            ("", InvalidSize::Malformed),
            ("10", InvalidSize::Malformed),
            ("GB", InvalidSize::Malformed),
            ("-1 GB", InvalidSize::Malformed),
            ("1.2.3 GB", InvalidSize::Malformed),
            ("1 XB", InvalidSize::Malformed),
            ("1 GiB", InvalidSize::Binary),
            ("0.5 B", InvalidSize::OutOfRange),
            ("99999 PB", InvalidSize::OutOfRange),
        ] {
            assert_eq!(bytes(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn sizes_are_told_in_the_largest_whole_unit() {
        assert_eq!(describe(10_000_000_000), "10 GB");
        assert_eq!(describe(1_500), "1500 B");
        assert_eq!(describe(0), "0 B");
    }
}
