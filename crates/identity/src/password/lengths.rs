//! How long passwords are here at least.

/// What the installation asks of everybody's password (NIST SP 800-63B-4, 3.1.1.2: fifteen characters where the
/// password is all that is asked for, eight where it is one of two factors).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    alone: u32,
    with_factor: u32,
}

/// Why two lengths are no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLengths {
    /// Fewer than eight, or more than a password may have.
    #[error("must be from 8 to 128 characters")]
    OutOfRange,
    /// A second factor never makes a password weaker.
    #[error("a password beside a second factor cannot have to be longer than one alone")]
    Reversed,
}

impl Lengths {
    /// Nobody may ask for less: shorter ones are guessed wherever they are used.
    pub const LEAST: u32 = 8;
    /// Nor for more than there may be.
    pub const MOST: u32 = 128;

    /// So many characters at least where the password is all, and where it is one of two factors.
    ///
    /// # Errors
    /// [`InvalidLengths`].
    pub const fn new(alone: u32, with_factor: u32) -> Result<Self, InvalidLengths> {
        if alone > Self::MOST || with_factor < Self::LEAST {
            return Err(InvalidLengths::OutOfRange);
        }
        if with_factor > alone {
            return Err(InvalidLengths::Reversed);
        }
        Ok(Self { alone, with_factor })
    }

    /// Characters that a password needs which a second factor stands beside, or not.
    #[must_use]
    pub const fn least(self, guarded: bool) -> u32 {
        if guarded { self.with_factor } else { self.alone }
    }

    /// True when it depends on a second factor whether a password of so many characters will do.
    #[must_use]
    pub fn depends(self, characters: usize) -> bool {
        let short_of = |least: u32| characters < usize::try_from(least).unwrap_or(usize::MAX);
        short_of(self.alone) && !short_of(self.with_factor)
    }
}

impl Default for Lengths {
    /// What NIST asks for.
    fn default() -> Self {
        Self {
            alone: 15,
            with_factor: 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_within_bounds_and_never_stricter_beside_a_factor() {
        assert_eq!(Lengths::new(15, 8), Ok(Lengths::default()));
        assert_eq!(Lengths::new(8, 8).unwrap().least(false), 8);
        assert!(Lengths::new(128, 128).is_ok());
        for (alone, with_factor) in [(7, 7), (15, 7), (129, 8)] {
            assert_eq!(Lengths::new(alone, with_factor), Err(InvalidLengths::OutOfRange));
        }
        assert_eq!(Lengths::new(9, 10), Err(InvalidLengths::Reversed));
    }

    #[test]
    fn a_factor_matters_between_the_two_lengths_only() {
        let lengths = Lengths::default();

        assert_eq!((lengths.least(false), lengths.least(true)), (15, 8));
        let depends: Vec<usize> = (0..30).filter(|length| lengths.depends(*length)).collect();
        assert_eq!(depends, (8..15).collect::<Vec<_>>());
    }
}
