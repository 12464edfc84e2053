//! What the tenants of a person ask of their password, beyond what the installation asks of everybody's.

use async_trait::async_trait;
use tenantry_kernel::{StoreError, UserId};

/// What one tenant asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantAsks {
    /// Characters at least.
    pub min_length: Option<u32>,
    /// How hard to guess, from 0 to 4.
    pub min_strength: Option<u8>,
    /// It must not stand in a breach.
    pub forbid_breached: bool,
    /// Everybody signs in with two factors there.
    pub two_factors: bool,
    /// Its name and slug: whoever guesses tries them.
    pub words: Vec<String>,
}

/// What is asked of one password: the strictest of all that ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordDemand {
    min_length: Option<u32>,
    min_strength: Option<u8>,
    forbid_breached: bool,
    one_factor_somewhere: bool,
    asked_by: u32,
    words: Vec<String>,
}

impl PasswordDemand {
    /// Names and slugs that are remembered at most: each costs time to compare with.
    const MAX_WORDS: usize = 20;

    /// Asks for what this tenant asks, too. What asks for less changes nothing.
    pub fn raise(&mut self, asks: TenantAsks) {
        self.min_length = self.min_length.max(asks.min_length);
        self.min_strength = self.min_strength.max(asks.min_strength);
        self.forbid_breached |= asks.forbid_breached;
        self.one_factor_somewhere |= !asks.two_factors;
        self.asked_by = self.asked_by.saturating_add(1);
        let room = Self::MAX_WORDS.saturating_sub(self.words.len());
        self.words.extend(asks.words.into_iter().take(room));
    }

    /// Characters at least, if any tenant says.
    #[must_use]
    pub const fn min_length(&self) -> Option<u32> {
        self.min_length
    }

    /// How hard to guess at least; 0 asks for nothing.
    #[must_use]
    pub fn min_strength(&self) -> u8 {
        self.min_strength.unwrap_or(0)
    }

    /// True when it must not stand in a breach.
    #[must_use]
    pub const fn forbids_breached(&self) -> bool {
        self.forbid_breached
    }

    /// True when there are tenants, and each of them wants two factors: the password alone then opens nothing.
    #[must_use]
    pub const fn wants_two_factors(&self) -> bool {
        self.asked_by > 0 && !self.one_factor_somewhere
    }

    /// Names and slugs of the tenants.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }
}

/// Who knows what the tenants of a person ask.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PasswordDemands: Send + Sync {
    /// The strictest of what the tenants ask of which the person is an active member.
    async fn of(&self, user: UserId) -> Result<PasswordDemand, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_counts_of_each_rule() {
        let mut demand = PasswordDemand::default();
        for (min_length, min_strength) in [(Some(12), None), (Some(15), Some(3)), (None, Some(2)), (Some(9), None)] {
            demand.raise(TenantAsks {
                min_length,
                min_strength,
                ..TenantAsks::default()
            });
        }
        assert_eq!((demand.min_length(), demand.min_strength()), (Some(15), 3));
        assert!(!demand.forbids_breached());

        demand.raise(TenantAsks {
            forbid_breached: true,
            ..TenantAsks::default()
        });

        assert!(demand.forbids_breached());
        assert_eq!(demand.min_length(), Some(15));
    }

    #[test]
    fn two_factors_are_wanted_where_every_tenant_wants_them_and_there_is_one() {
        let asks = |two_factors| TenantAsks {
            two_factors,
            ..TenantAsks::default()
        };
        let mut demand = PasswordDemand::default();
        assert!(!demand.wants_two_factors());

        demand.raise(asks(true));
        demand.raise(asks(true));
        assert!(demand.wants_two_factors());
        demand.raise(asks(false));
        assert!(!demand.wants_two_factors());
    }

    #[test]
    fn somebody_in_many_tenants_costs_no_more_than_in_some() {
        let mut demand = PasswordDemand::default();
        for number in 0..1_000 {
            demand.raise(TenantAsks {
                words: vec![format!("tenant {number}"), format!("t{number}")],
                ..TenantAsks::default()
            });
        }

        assert_eq!(demand.words().len(), PasswordDemand::MAX_WORDS);
    }
}
