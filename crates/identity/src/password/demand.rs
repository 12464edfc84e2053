//! What the tenants of a person ask of their password, beyond what the installation asks of everybody's.

use async_trait::async_trait;
use tenantry_kernel::{StoreError, UserId};

use super::policy::WeakPassword;

/// What is asked of one password: the strictest of all that ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PasswordDemand {
    at_least: Option<u32>,
}

impl PasswordDemand {
    /// Asks for as many characters too; a smaller number changes nothing.
    pub fn raise(&mut self, at_least: Option<u32>) {
        self.at_least = self.at_least.max(at_least);
    }

    /// Passes when the password is all that is asked.
    ///
    /// # Errors
    /// [`WeakPassword`].
    pub fn check(&self, password: &str) -> Result<(), WeakPassword> {
        match self.at_least {
            Some(at_least) if password.chars().count() < usize::try_from(at_least).unwrap_or(usize::MAX) => {
                Err(WeakPassword::ShorterThanAsked { at_least })
            }
            _ => Ok(()),
        }
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
    fn the_strictest_demand_counts_in_characters() {
        let mut demand = PasswordDemand::default();
        assert_eq!(demand.check(""), Ok(()));

        for asked in [Some(12), Some(15), None, Some(9)] {
            demand.raise(asked);
        }

        assert_eq!(demand.check(&"密".repeat(15)), Ok(()));
        let refused = demand.check(&"密".repeat(14)).unwrap_err();
        assert_eq!(refused, WeakPassword::ShorterThanAsked { at_least: 15 });
        assert_eq!(refused.code(), "password_too_short");
        assert!(refused.to_string().contains("15"), "{refused}");
    }
}
